// The launcher's life: start what must run, in order; start what the monitor asks for; end everything
// together.
#pragma once

#include "privsep/base/log.h"
#include "privsep/launcher/family.h"
#include "privsep/launcher/spawn_table.h"
#include "privsep/launcher/start.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::launcher {

class Watch {
 public:
  Watch(Holdings& holdings, Family& family, const base::Log& log)
      : all_(holdings), family_(family), log_(log) {}

  // Runs until it is told to stop, or until the monitor or the database ends.
  //   returns  the exit status: 0 after a stop that was asked for, 1 after anything else, which is then in
  //   the log after    none of our processes is left
  int run();

 private:
  enum class Step : unsigned char { kDone, kStop, kFailed };

  Step start_embedded_database();
  Step migrate();
  Step start_monitor();
  Step serve();

  // Reaps and tells the monitor.  kFailed when the database or the monitor is among the dead, unless all is
  // stopping.
  Step reap();
  void read_request();
  void spawn(const wire::LauncherRequest& request);
  void maintain();
  void look_into(const wire::LauncherRequest& request, const base::Fd& pidfd);
  void tell_monitor(const wire::LauncherEvent& event, std::span<const int> descriptors);
  void end_everybody();

  Holdings& all_;
  Family& family_;
  const base::Log& log_;
  base::Fd monitor_link_;
  pid_t database_ = -1;
  pid_t migrate_ = -1;
  pid_t monitor_ = -1;
  int migrate_status_ = -1;
  std::int64_t maintain_at_ms_ = 0;  // the next time
  bool stopping_ = false;
};

}  // namespace mcpbox::launcher
