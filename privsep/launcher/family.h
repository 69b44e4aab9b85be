// The processes that the launcher started, until each is reaped, and the signals that it waits for.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "privsep/base/fd.h"
#include "privsep/jail/spawn_side.h"

namespace mcpbox::launcher {

struct Ending {
  pid_t pid = -1;
  int status = 0;          // as waitpid() gives it
  const char* name = "";   // a literal; "" for a process that was not ours to start
  std::uint32_t role = 0;  // a protocol::Role; 0 for the database and the migration
};

class Family {
 public:
  // Blocks SIGCHLD, SIGTERM, SIGINT and SIGHUP for good: from here on they are read, not delivered.
  // One of the last three that was ignored (nohup) stays ignored.
  Family();

  void adopt(jail::Spawned child, const char* name, std::uint32_t role);
  [[nodiscard]] std::size_t size() const { return children_.size(); }
  [[nodiscard]] bool has(pid_t pid) const;

  // Waits for a signal, for bytes on `link` (a descriptor, or -1), or for the timeout (-1: none).
  //   returns  true when `link` has something to read or was closed
  bool wait(int link, int timeout_ms);

  // The next child that ended, already reaped; nothing when there is none.
  [[nodiscard]] std::optional<Ending> next_ending();

  // Has somebody asked us to stop, since the start?
  [[nodiscard]] bool stop_requested() const { return stop_requested_; }

  // Sends a signal to one child, or to all but one (-1: to all).
  void signal_one(pid_t pid, int signal) const;
  void signal_all_but(pid_t spared, int signal) const;

 private:
  struct Child {
    pid_t pid;
    base::Fd pidfd;
    const char* name;
    std::uint32_t role;
  };
  base::Fd signals_;
  std::vector<Child> children_;
  bool stop_requested_ = false;
};

// "exit status 1" or "signal 9 (Killed)", for the log.
[[nodiscard]] std::string how_it_ended(int status);

}  // namespace mcpbox::launcher
