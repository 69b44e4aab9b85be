// One row of a seccomp table: which call, what happens, only if which arguments, and why.
// Policy knows the kernel's numbers and nothing else; privsep/jail/seccomp.cc turns rows into a filter.
//
// How rows combine (tests/policy checks each table against this):
//   - a call that no row names gets the table's `otherwise`;
//   - a call that only conditional rows name gets `otherwise` when none of the conditions holds;
//   - a call is named either by exactly one row without a condition, or only by rows with one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace mcpbox::policy {

enum class Effect : std::uint32_t { kAllow, kFail, kKill };

// What the kernel does with a call.  kFail returns `fail_errno` to the caller; kKill ends the process by
// SIGSYS.
struct Then {
  Effect effect = Effect::kKill;
  int fail_errno = 0;
  friend constexpr bool operator==(const Then&, const Then&) = default;
};
inline constexpr Then kAllow{Effect::kAllow, 0};
inline constexpr Then kKill{Effect::kKill, 0};
constexpr Then fail(int error) { return {Effect::kFail, error}; }

// (argument & mask) == value.  A mask of zero: no term.
struct Term {
  std::uint8_t argument = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};

inline constexpr std::size_t kMaxTerms = 4;
struct Condition {
  std::array<Term, kMaxTerms> terms{};  // all that are set must hold; none set: always
  [[nodiscard]] constexpr bool always() const { return terms[0].mask == 0; }
};

// Where the kernel takes an int it looks at the low half of the register, and C leaves anything in the high
// half.
inline constexpr std::uint64_t kInt = 0xffffffff;
inline constexpr std::uint64_t kWord = ~std::uint64_t{0};

// An int argument is exactly this.
constexpr Condition equals(std::uint8_t argument, int value) {
  return {{Term{argument, kInt, static_cast<std::uint64_t>(value) & kInt}}};
}
// An int argument is exactly this, these bits aside: apart_from(1, SOCK_CLOEXEC, SOCK_STREAM).
constexpr Condition apart_from(std::uint8_t argument, std::uint64_t bits, int value) {
  return {{Term{argument, kInt & ~bits, static_cast<std::uint64_t>(value)}}};
}
// A pointer or long argument is exactly this.
constexpr Condition equals_word(std::uint8_t argument, std::uint64_t value) {
  return {{Term{argument, kWord, value}}};
}
// None of these bits is set.
constexpr Condition lacks(std::uint8_t argument, std::uint64_t bits) { return {{Term{argument, bits, 0}}}; }
// The bits of a clock's number that the clocks of the machine and of the process itself (0 to 15) do not use.
// A negative number is the CPU clock of a process, ours or not, or of a device behind a descriptor.
inline constexpr std::uint64_t kNoOwnClock = 0xfffffff0;
// A long argument: no bit but these is set.
constexpr Condition within(std::uint8_t argument, std::uint64_t bits) { return {{Term{argument, ~bits, 0}}}; }
// Every condition given holds; at most kMaxTerms of them (more does not compile in a constant).
template <class... Conditions>
constexpr Condition all_of(const Conditions&... conditions) {
  static_assert(sizeof...(conditions) <= kMaxTerms);
  return {{conditions.terms[0]...}};
}

struct SyscallRule {
  int call;  // SCMP_SYS(name)
  Then then;
  Condition only_if;
  const char* reason;
};

struct SyscallTable {
  std::string_view name;
  Then otherwise;
  std::span<const SyscallRule> rules;
};

}  // namespace mcpbox::policy
