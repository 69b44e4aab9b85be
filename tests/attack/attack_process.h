// The real mcpbox-executor as [attack], with the test as its launcher and its monitor.
#pragma once

#include "tests/executor/executor_process.h"

namespace mcpbox::test {

// Starts an attacker, gives it its one order, and waits for the answer and for its end.
inline Result<protocol::AttackReport> attack_with(const char* program, const char* const* argv,
                                                  bool long_corpus, uid_t uid = kExecutorUid) {
  ::signal(SIGPIPE, SIG_IGN);  // a child that is gone is an error of write(), as in the monitor
  Pair pair = make_pair();
  const timeval patience{300, 0};
  ::setsockopt(pair.ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const jail::DescriptorMove moves[] = {{.from = pair.theirs.get(), .to = 3}};
  Result<jail::Spawned> child = jail::spawn({.path = program,
                                             .argv = argv,
                                             .uid = uid,
                                             .gid = uid,
                                             .namespaces = jail::namespaces_for(policy::kZygoteLayers),
                                             .descriptors = moves});
  if (!child) return std::unexpected(child.error());
  pair.theirs.reset();
  Result<protocol::AttackReport> report = ask(pair.ours.get(), protocol::Attack{.long_corpus = long_corpus});
  int status = 0;
  EXPECT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_EQ(status, 0) << "it ends by itself when it has answered";
  return report;
}

// The real one.
inline Result<protocol::AttackReport> attack_own_jail(bool long_corpus, uid_t uid = kExecutorUid) {
  const char* const argv[] = {MCPBOX_EXECUTOR, "--role", "attack", "--allow-missing", "0x0", nullptr};
  return attack_with(MCPBOX_EXECUTOR, argv, long_corpus, uid);
}

inline std::string text_of(const protocol::AttackReport& report) {
  std::string text =
      std::to_string(report.holes) + " holes in " + std::to_string(report.attempts) + " attempts\n";
  for (const protocol::Hole& hole : report.first)
    text.append("  ")
        .append(hole.name)
        .append(": expected ")
        .append(hole.expected)
        .append(", found ")
        .append(hole.found)
        .append("\n");
  return text;
}

}  // namespace mcpbox::test
