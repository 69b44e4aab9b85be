// Runs in the monitor.  Trusts the kernel's accounting; no word of a child counts here.
#include "privsep/monitor/memory_watch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace mcpbox::monitor {

namespace limits = policy::limits;

namespace {

constexpr std::size_t kStatBytes = 1024;  // of about 350
// Where proc_pid_stat(5) counts from 1.
enum Field : unsigned { kState = 3, kMinorFaults = 10, kMajorFaults = 12, kResidentPages = 24 };

// The name in field 2 is the process's own and may hold anything; no `)` comes after its end.
std::optional<std::uint64_t> number_in(std::string_view after_name, unsigned field) {
  for (unsigned at = kState; at < field; ++at) {
    const std::size_t blank = after_name.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    after_name.remove_prefix(blank + 1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(after_name.data(), after_name.data() + after_name.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> memory_held(std::string_view stat) {
  const std::size_t name_ends = stat.rfind(") ");
  if (name_ends == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_ends + 2);
  const auto minor = number_in(stat, kMinorFaults);
  const auto major = number_in(stat, kMajorFaults);
  const auto resident = number_in(stat, kResidentPages);
  if (!minor || !major || !resident) return std::nullopt;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(*minor + *major, *resident) * page_bytes;
}

void MemoryWatch::add(std::weak_ptr<Slots::Turn> turn, base::Fd stat, std::function<void()> end) {
  const std::shared_ptr<Slots::Turn> alive = turn.lock();
  if (alive == nullptr) return;
  if (watched_.empty()) again_.start(look_ms_);
  watched_.push_back({std::move(turn), std::move(stat), std::move(end), alive->room()});
}

void MemoryWatch::look() {
  std::erase_if(watched_, [](const Watched& one) { return one.turn.expired(); });
  for (Watched& one : watched_) measure(one);
  end_those_that_grew();
  if (!watched_.empty()) again_.start(look_ms_);
}

// A process that is gone, or a file that is none of the kernel's: the room stays until the turn is over.
void MemoryWatch::measure(Watched& watched) {
  std::array<char, kStatBytes> text{};
  const ssize_t length = ::pread(watched.stat.get(), text.data(), text.size(), 0);
  if (length <= 0) return;
  const auto held = memory_held({text.data(), static_cast<std::size_t>(length)});
  const std::shared_ptr<Slots::Turn> turn = watched.turn.lock();
  if (!held || turn == nullptr) return;
  turn->set_room(std::min<std::uint64_t>(*held + limits::kWaitingSpareBytes, limits::kMemoryBytes));
  watched.admitted = std::min(watched.admitted, turn->room());
}

// What was ended still holds its room, so that nobody begins in it before it is gone; it counts no more here.
void MemoryWatch::end_those_that_grew() {
  const auto grown = [](const Watched& one) -> std::uint64_t {
    const std::shared_ptr<Slots::Turn> turn = one.turn.lock();
    return turn == nullptr || one.ended ? 0 : turn->room() - one.admitted;
  };
  std::uint64_t used = slots_.memory_used();
  for (const Watched& one : watched_)
    if (const std::shared_ptr<Slots::Turn> turn = one.turn.lock(); turn != nullptr && one.ended)
      used -= turn->room();
  while (used > slots_.counts().memory_bytes) {
    const auto most = std::ranges::max_element(watched_, {}, grown);
    if (most == watched_.end() || grown(*most) == 0) return;
    most->ended = true;
    used -= most->turn.lock()->room();
    most->end();
  }
}

}  // namespace mcpbox::monitor
