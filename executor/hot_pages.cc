// Runs in [zygote] before its jail (learn), and in forked children before theirs (touch).  Trusts the
// kernel's account of its own memory.
#include "executor/hot_pages.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "privsep/base/fd.h"
#include "privsep/base/handles.h"

namespace mcpbox::executor {
namespace {

using base::Fd;
using Range = HotPages::Range;

constexpr std::uint64_t kPage = 4096;
constexpr unsigned kRangesPerLook = 8;
constexpr std::size_t kEntries = 128;  // of pagemap, read at a time
constexpr std::uint64_t kPresent = 1ULL << 63;
constexpr std::uint64_t kOfFile = 1ULL << 61;
constexpr std::uint64_t kNotShared = 1ULL << 56;

struct Mapping {
  std::uint64_t start;
  std::uint64_t end;
  bool writable;
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> found;
  const std::unique_ptr<std::FILE, base::FreeWith<std::fclose>> file(std::fopen("/proc/self/maps", "re"));
  char line[512];
  while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
    Mapping mapping{};
    char access[5] = {};
    if (std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &mapping.start, &mapping.end, access) != 3) continue;
    mapping.writable = access[1] == 'w';
    if (access[0] == 'r' && access[3] == 'p' && mapping.end < 1ULL << 47) found.push_back(mapping);
  }
  return found;
}

bool is_hot(const Mapping& mapping, std::uint64_t entry) {
  if ((entry & kPresent) == 0) return false;
  if ((entry & kOfFile) != 0) return !mapping.writable;
  return mapping.writable && (entry & kNotShared) != 0;
}

// Writes the hot ranges of this process, right now, to the pipe.  Allocates nothing: that would make pages
// hot.
bool tell_hot_ranges(const std::vector<Mapping>& mappings, int pagemap, int pipe) {
  std::array<std::uint64_t, kEntries> entries{};
  Range range{};
  for (const Mapping& mapping : mappings) {
    for (std::uint64_t page = mapping.start; page < mapping.end; page += kPage) {
      const std::size_t at = (page - mapping.start) / kPage % kEntries;
      if (at == 0 && ::pread(pagemap, entries.data(), sizeof entries,
                             static_cast<off_t>(page / kPage * sizeof entries[0])) <= 0)
        return false;
      if (!is_hot(mapping, entries[at])) continue;
      const std::uint64_t is_file = (entries[at] & kOfFile) != 0 ? 1 : 0;
      if (range.start + range.bytes != page || range.is_file != is_file) {
        if (range.bytes != 0 && ::write(pipe, &range, sizeof range) != sizeof range) return false;
        range = {page, 0, is_file};
      }
      range.bytes += kPage;
    }
  }
  return ::write(pipe, &range, sizeof range) == sizeof range;
}

[[noreturn]] void rehearse_and_tell(const std::function<void()>& rehearse,
                                    const std::vector<Mapping>& mappings, int pipe) {
  const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  rehearse();
  ::_exit(tell_hot_ranges(mappings, pagemap, pipe) ? 0 : 1);
}

}  // namespace

base::Result<HotPages> HotPages::learn(const std::function<void()>& rehearse) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::fail_errno("hot pages: pipe");
  const Fd out(ends[0]);
  Fd in(ends[1]);
  const std::vector<Mapping> known = mappings();
  const pid_t child = ::fork();
  if (child == 0) rehearse_and_tell(rehearse, known, in.get());
  if (child < 0) return base::fail_errno("hot pages: fork");
  in.reset();
  HotPages hot;
  for (Range range{}; ::read(out.get(), &range, sizeof range) == sizeof range;) hot.ranges_.push_back(range);
  int status = -1;
  if (::waitpid(child, &status, 0) != child || status != 0 || hot.ranges_.empty())
    return base::fail(base::Why::kBroken, "hot pages: the rehearsal in a child failed");
  return hot;
}

void HotPages::touch(int link) const noexcept {
  pollfd job{link, POLLIN, 0};
  unsigned done = 0;
  for (const Range& range : ranges_) {
    if (done++ % kRangesPerLook == 0 && ::poll(&job, 1, 0) != 0) return;
    ::madvise(reinterpret_cast<void*>(range.start), range.bytes,
              range.is_file != 0 ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
  }
}

void HotPages::copy() const noexcept {
  for (const Range& range : ranges_)
    if (range.is_file == 0) ::madvise(reinterpret_cast<void*>(range.start), range.bytes, MADV_POPULATE_WRITE);
}

}  // namespace mcpbox::executor
