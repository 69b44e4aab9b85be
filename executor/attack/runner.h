// Tries attempts in forked children, each jailed by the caller's own code, and tells which ended otherwise
// than they should.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "executor/attack/attempt.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::attack {

struct Hole {
  std::string name;      // of the attempt
  std::string expected;  // "killed by SIGSYS"
  std::string found;     // "success"
};

struct Outcome {
  std::uint32_t attempts = 0;
  std::vector<Hole> holes;
};

class Runner {
 public:
  // Runs in every forked child, first thing: puts it into the jail under attack, which must leave it both
  // sockets, as a call has them: one to the monitor, one to egress.
  //   returns  where the first one is now; does not return when there is no jail
  using Enter = std::function<int(int socket, int egress)>;

  // patience: for an attempt that never ends (a hole), not for a slow machine
  explicit Runner(Enter enter, std::chrono::milliseconds patience = std::chrono::seconds(20));

  // One child for all attempts that leave their process alive, one for each of the others; beside them a
  // sibling that waits, as a spare does, and must be as it was at the end.  The ground's parent and sibling
  // are filled in.
  //   errors  kBroken when a child could not be forked, or did not come into its jail
  //   needs   fork, wait4, pidfd_open, poll, kill: what the zygote's filter leaves
  [[nodiscard]] base::Result<Outcome> run(std::span<const Attempt> attempts);

 private:
  struct Child {
    pid_t pid = -1;
    base::Fd pidfd;
  };

  [[nodiscard]] base::Result<Child> fork_child(const std::function<int(int link)>& body);
  [[nodiscard]] Ending ending_of(const Child& child) const;
  [[nodiscard]] base::Result<void> enter_once();
  [[nodiscard]] base::Result<Child> start_sibling();
  [[nodiscard]] bool sibling_is_unharmed(const Child& sibling);
  [[nodiscard]] base::Result<void> run_alone(std::span<const Attempt* const> attempts);
  [[nodiscard]] base::Result<void> run_together(std::span<const Attempt* const> attempts);
  [[nodiscard]] base::Result<std::size_t> run_until_death(std::span<const Attempt* const> attempts);
  [[nodiscard]] bool readable(int fd) const;
  void judge(const Attempt& attempt, const Ending& ending);

  Enter enter_;
  int patience_ms_;
  base::Fd ours_;  // of the socket pair that children answer on
  base::Fd theirs_;
  base::Fd egress_;  // nobody is at its other end
  std::unique_ptr<std::uint64_t> canary_;
  Ground ground_;
  Outcome outcome_;
};

}  // namespace mcpbox::attack
