// What a row of the corpus is: something to try, and the endings that are no hole.
//
// MCPbox attacks itself.  Everything in this folder runs in processes that MCPbox has just forked for the
// purpose, in their own jail, and nothing of an author is near.  Each attempt is chosen so that it harms
// nobody if it should succeed: signal 0, empty buffers, flags that no kernel accepts, files that everybody
// may read.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <concepts>
#include <csignal>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace mcpbox::attack {

// How an attempt ended: by a signal, with an errno, or (both 0) with success.
struct Ending {
  int signal = 0;
  int error = 0;
  friend constexpr bool operator==(const Ending&, const Ending&) = default;
};
inline constexpr Ending kKilled{.signal = SIGSYS};    // by the filter
inline constexpr Ending kFaulted{.signal = SIGSEGV};  // by the processor
inline constexpr Ending kIllegal{.signal = SIGILL};
inline constexpr Ending kDone{};
constexpr Ending refused(int error) { return {.error = error}; }

// The endings that are no hole.  More than one where kernels differ.
class Expected {
 public:
  constexpr Expected(Ending only) : endings_{only}, count_(1) {}  // NOLINT(google-explicit-constructor)
  constexpr Expected(Ending one, Ending other) : endings_{one, other}, count_(2) {}
  constexpr Expected(Ending one, Ending other, Ending third) : endings_{one, other, third}, count_(3) {}

  [[nodiscard]] constexpr std::span<const Ending> all() const { return {endings_.data(), count_}; }
  [[nodiscard]] constexpr bool contains(const Ending& ending) const {
    return std::ranges::find(all(), ending) != all().end();
  }

 private:
  std::array<Ending, 3> endings_{};
  std::size_t count_;
};

// What an attempt may know of its surroundings, and may want to reach.
struct Ground {
  pid_t parent = 0;                 // who forked it: the stand-in of the zygote
  pid_t sibling = 0;                // another call child, waiting for its job
  std::uint64_t* canary = nullptr;  // an address in the sibling, which has the same layout
};

// Does it.  Returns an errno, or 0 for success.  Only system calls: it runs in a fork.
using Try = std::function<int(const Ground&)>;

struct Attempt {
  std::string name;  // as a hole is reported
  Try attempt;
  Expected expected = kKilled;
  bool alone = false;  // in a process of its own: it may end it, or leave something behind in it
};

// An argument of a system call: a number, or the address of a text.
struct Argument {
  long number = 0;
  const char* text = nullptr;
  constexpr Argument() = default;
  template <class Number>
    requires(std::integral<Number> || std::is_enum_v<Number>)  // 0 is a number here, not a pointer
  constexpr Argument(Number value)
      : number(static_cast<long>(value)) {}               // NOLINT(google-explicit-constructor)
  constexpr Argument(const char* words) : text(words) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] long value() const { return text != nullptr ? reinterpret_cast<long>(text) : number; }
};

struct Call {
  long number;
  Argument a, b, c, d, e, f;
};
// Makes it: 0, or its errno.
[[nodiscard]] int make(const Call& call);

// One row each, shorter to write: a death needs a process of its own, an errno does not.
[[nodiscard]] Attempt deadly(std::string name, Try attempt);
[[nodiscard]] Attempt harmless(std::string name, Try attempt, Expected expected);

// "killed by SIGSYS", "EACCES", "success"
[[nodiscard]] std::string words(const Ending& ending);
[[nodiscard]] std::string words(const Expected& expected);

}  // namespace mcpbox::attack
