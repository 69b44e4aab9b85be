// Admin passwords: one Argon2id question at a time, each in a process of its own, and a growing delay after a
// wrong answer.
#pragma once

#include <map>
#include <string>

#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_password.h"

namespace mcpbox::monitor {

class Monitor;

// An unknown name costs the same Argon2id as a wrong password, and says the same.
inline constexpr const char* kNobodysHash =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8qmDLyY5HpwbIdXRjxW6mUGx3E2hBzM3pUjRk2J1S0Y";

class Passwords {
 public:
  explicit Passwords(Monitor& monitor) : m_(monitor) {}

  loop::Task<std::string> hash(std::string password);

  // Who tries, for the delay after a wrong password.  It is never a lock: whoever knows the password waits a
  // minute at most.
  struct Attempt {
    std::uint32_t uid = 0;  // of the user of this machine who connected; kNoUid: only the account counts
    std::string account;    // empty: the name is no admin's
  };
  static constexpr std::uint32_t kNoUid = 0xffffffff;

  //   kRefused  wrong, or asked again before the delay of this uid or of this account was over
  //   kBusy     limits::kPasswordQueue others wait already
  loop::Task<> check(Attempt attempt, std::string password, std::string hash);

 private:
  struct Delay {
    std::int64_t until_ms = 0;
    std::int64_t next_ms = 0;
  };
  template <class Question>
  loop::Task<typename Question::Reply> ask_child(Question question);

  loop::Task<> wait_for_turn();

  Monitor& m_;
  bool busy_ = false;
  std::uint32_t waiting_ = 0;
  std::map<std::string, Delay> delays_;  // by "uid:N" and "admin:NAME"
};

}  // namespace mcpbox::monitor
