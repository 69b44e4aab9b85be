// From an initialised, jailed process to a monitor that serves, and back to an orderly end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "privsep/monitor/audit_retention.h"
#include "privsep/monitor/control.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/space_reserve.h"
#include "privsep/monitor/store_pg.h"

namespace mcpbox::monitor {

class Service {
 public:
  Service(Monitor& monitor, StorePg& store, base::Fd control)
      : m_(monitor),
        store_(store),
        socket_(std::move(control)),
        space_(monitor.loop, monitor.log),
        retention_(store, monitor.keys, monitor.clock, monitor.log),
        retention_timer_(monitor.loop, [this] { keep_log_short(); }),
        alive_timer_(monitor.loop, [this] { say_alive(); }) {}

  // Takes the database, loads it, closes what a crash left open, attacks its own jail, opens the control
  // socket, starts the children.  An error stops the loop; exit_code() says so.
  void start();

  // Takes no new call, lets those in flight finish (limits::kDrainMs), records the end, and stops the loop.
  // Idempotent.
  void stop();

  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  loop::Task<> come_up();
  loop::Task<> attack_own_jail();
  // False when it is not over after that time.
  loop::Task<bool> wait_for(std::function<bool()> over, std::int64_t most_ms);
  loop::Task<> come_down();
  void keep_log_short();
  void keep_space();
  void say_alive();

  Monitor& m_;
  StorePg& store_;
  base::Fd socket_;
  std::unique_ptr<Control> control_;
  SpaceReserve space_;
  AuditRetention retention_;
  loop::Timer retention_timer_;
  loop::Timer alive_timer_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace mcpbox::monitor
