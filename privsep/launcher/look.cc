// Run by the launcher (root).  Trusts the kernel's files, and of the monitor's descriptor no more than that
// it is one: whatever it is, what is opened here is a file that everybody may read.
#include "privsep/launcher/look.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

namespace mcpbox::launcher {
namespace {

// `Pid:` in its fdinfo, as this process sees it; 0 when it has none.
int pid_of(int pidfd) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(pidfd);
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text{};
  const ssize_t length = file ? read(file.get(), text.data(), text.size()) : -1;
  if (length <= 0) return 0;
  const std::string_view all(text.data(), static_cast<std::size_t>(length));
  constexpr std::string_view kLabel = "\nPid:\t";
  const std::size_t at = all.find(kLabel);
  if (at == std::string_view::npos) return 0;
  int pid = 0;
  std::from_chars(all.data() + at + kLabel.size(), all.data() + all.size(), pid);
  return pid;
}

}  // namespace

base::Fd open_stat_of(int pidfd) {
  const int pid = pid_of(pidfd);
  if (pid <= 0) {
    errno = ESRCH;
    return {};
  }
  base::Fd stat(open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  // Its number may be another's by now, unless it is still there after the file was opened.
  if (stat && syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) != 0) return {};
  return stat;
}

}  // namespace mcpbox::launcher
