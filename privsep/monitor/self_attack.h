// The attack on our own jail: at every start before anybody is served, and when a person asks for it.
#pragma once

#include <optional>
#include <string>

#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_attack.h"

namespace mcpbox::monitor {

class Monitor;

class SelfAttacks {
 public:
  explicit SelfAttacks(Monitor& monitor) : m_(monitor) {}

  // One attack, in a process that the launcher starts as it starts a zygote.  Every hole that is reported
  // here is in the log, by name.
  //   kBusy    another one is running
  //   kBroken  the process did not answer: nothing is known about the jail, which is as bad as a hole
  loop::Task<protocol::AttackReport> run(std::string ordered_by, bool long_corpus);

  // The last one, in a sentence; empty before the first has ended.
  [[nodiscard]] const std::string& last() const { return last_; }

 private:
  loop::Task<protocol::AttackReport> ask_child(bool long_corpus);
  void log(const protocol::AttackReport& report) const;

  Monitor& m_;
  bool busy_ = false;
  std::string last_;
};

}  // namespace mcpbox::monitor
