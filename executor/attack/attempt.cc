// Runs in [attack] and in the children that it forks; trusts nobody and is given nothing.
#include "executor/attack/attempt.h"

#include <unistd.h>

#include <cstring>
#include <utility>

namespace mcpbox::attack {

int make(const Call& call) {
  return ::syscall(call.number, call.a.value(), call.b.value(), call.c.value(), call.d.value(),
                   call.e.value(), call.f.value()) == -1
             ? errno
             : 0;
}

Attempt deadly(std::string name, Try attempt) {
  return {.name = std::move(name), .attempt = std::move(attempt), .alone = true};
}

Attempt harmless(std::string name, Try attempt, Expected expected) {
  return {.name = std::move(name), .attempt = std::move(attempt), .expected = expected};
}

std::string words(const Ending& ending) {
  if (ending.signal != 0) {
    const char* const name = ::sigabbrev_np(ending.signal);
    return name != nullptr ? std::string("killed by SIG") + name
                           : "killed by signal " + std::to_string(ending.signal);
  }
  if (ending.error == 0) return "success";
  const char* const name = ::strerrorname_np(ending.error);
  return name != nullptr ? name : "error " + std::to_string(ending.error);
}

std::string words(const Expected& expected) {
  std::string text;
  for (const Ending& ending : expected.all()) text.append(text.empty() ? "" : " or ").append(words(ending));
  return text;
}

}  // namespace mcpbox::attack
