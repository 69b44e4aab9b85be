// A zygote in its real jail, with the benchmark as its launcher and its monitor.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "bench/figures.h"
#include "privsep/base/fd.h"
#include "privsep/jail/spawn_side.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::bench {

// CPU time that a process has used so far, in microseconds; children that it has reaped are not in it.
[[nodiscard]] double cpu_us_of(pid_t pid);

// A program of ours started as the launcher starts the zygote: uid, namespaces, descriptor 3, nothing else.
class Jailed {
 public:
  // Starts it and gives it its first order: no packages.
  explicit Jailed(const char* path);
  ~Jailed();
  Jailed(const Jailed&) = delete;
  Jailed& operator=(const Jailed&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid; }
  [[nodiscard]] int link() const { return link_.get(); }
  void kill_and_reap();

 private:
  base::Fd link_;
  jail::Spawned child_;
};

// One spare call child, seen from the monitor.
struct Spare {
  std::uint64_t number = 0;
  base::Fd link;
  base::Fd pidfd;

  void kill() const;
  void wait_dead() const;
  // Its number on this machine, not in the zygote's namespace.
  [[nodiscard]] pid_t pid() const;
  // Blocks until it says that it waits for a job.
  void wait_ready() const;
};

// Whether a spare makes its pages its own before its job comes, as the monitor would order it.
enum class Rehearsal { kNow, kNever };

class Executor {
 public:
  Executor();

  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  void kill_zygote() { process_.kill_and_reap(); }

  // Orders a spare and waits until it is forked.  From any thread.
  [[nodiscard]] Spare fork_spare(Rehearsal rehearsal);
  // Sum of the CPU time of children that ended, after waiting until `count` in all have.
  [[nodiscard]] double children_cpu_us(std::uint64_t count);
  [[nodiscard]] std::uint64_t forked() const { return next_ - 1; }

 private:
  wire::Frame next_reply();
  void keep(wire::Frame& notice);

  Jailed process_;
  std::mutex link_mutex_;
  std::uint64_t next_ = 1;
  std::uint64_t ended_ = 0;
  double ended_cpu_us_ = 0;
};

// --- Calls --------------------------------------------------------------------------------------------

// The Prepare that the monitor would send for this source: compiled in a child of its own.
[[nodiscard]] protocol::Prepare job_for(Executor& executor, const std::string& source);

// Everything between an idle spare and the call's outcome, in the monitor's order.  What the monitor does
// between "prepared" and "go" is not the executor's time: the benchmark sends both at once.
void send_prepare(const Spare& spare, protocol::Prepare& job);
void take_prepared(const Spare& spare);
void send_go(const Spare& spare, const std::string& arguments);
void take_outcome(const Spare& spare);

}  // namespace mcpbox::bench
