// The three ways a thing can fail, and their spellings (privsep/README.md, "Failures"):
//   outside can cause it        -> Result<T> with an Error: a kind, a literal, an errno
//   a child broke the protocol  -> Verdict::kKillPeer (monitor/dispatch.h), never an Error
//   we broke our own invariant  -> PANIC("..."), which aborts
// Error texts are literals, so no secret and no outside byte can be in one.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <expected>

namespace mcpbox::base {

enum class Why : std::uint8_t {
  kInvalid = 1,  // the request is malformed or out of bounds: correct it and ask again
  kRefused,      // understood and not allowed
  kNotFound,     // the thing named does not exist, or is not visible to the asker
  kConflict,     // the state it was based on has changed, or the name is taken
  kBusy,         // a limit is reached: the same request may succeed later
  kTimeout,      // a deadline passed
  kCancelled,    // the asker went away or withdrew
  kBroken,       // a part we rely on (database, child, kernel) failed
};

struct Error {
  Why why = Why::kBroken;
  const char* text = "";   // a literal, for people and for a language model: says what to do next
  int sys_errno = 0;       // 0 when no system call is to blame
  const char* about = "";  // another literal, where `text` speaks of one of many: a row's system call
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Why why, const char* literal, int sys_errno = 0) {
  return std::unexpected(Error{why, literal, sys_errno});
}

// For a system call that just failed: takes errno with it.
[[nodiscard]] inline std::unexpected<Error> fail_errno(const char* literal) {
  return std::unexpected(Error{Why::kBroken, literal, errno});
}

}  // namespace mcpbox::base

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the file and line are the point
#define PANIC(literal)                                                        \
  do {                                                                        \
    std::fprintf(stderr, "panic: %s (%s:%d)\n", literal, __FILE__, __LINE__); \
    std::abort();                                                             \
  } while (false)
