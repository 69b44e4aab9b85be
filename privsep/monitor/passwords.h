// Admin passwords: one Argon2id question at a time, each in a process of its own, and a growing delay after a
// wrong answer.
#pragma once

#include <map>
#include <string>

#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_password.h"

namespace mcpbox::monitor {

class Monitor;

class Passwords {
 public:
  explicit Passwords(Monitor& monitor) : m_(monitor) {}

  loop::Task<std::string> hash(std::string password);

  //   kRefused  wrong, or asked again before the delay was over (of this uid, whatever the admin's name)
  //   kBusy     another question is being answered
  loop::Task<> check(std::uint32_t uid, std::string password, std::string hash);

 private:
  struct Delay {
    std::int64_t until_ms = 0;
    std::int64_t next_ms = 0;
  };
  template <class Question>
  loop::Task<typename Question::Reply> ask_child(Question question);

  Monitor& m_;
  bool busy_ = false;
  std::map<std::uint32_t, Delay> delays_;  // by uid
};

}  // namespace mcpbox::monitor
