// The life of the process: its monitor, its listeners, its loop.
#pragma once

#include <vector>

#include "gateway/gateway.h"
#include "gateway/using_http.h"
#include "privsep/http/http.h"

namespace mcpbox::gateway {

class Service {
 public:
  // link: to the monitor.  listeners: listening sockets.  Everything that needs a file or an allocation of
  // the kernel is made here, before the jail.
  Service(loop::Loop& loop, const base::Log& log, base::Fd link, std::vector<base::Fd> listeners,
          Entrance entrance = Entrance::kLocal);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Introduces itself to the monitor, opens the listeners and serves until the monitor is gone.
  //   layers   policy::Layers that are on
  //   returns  the exit status
  int run(std::uint32_t layers);

 private:
  Task<Nothing> start(std::uint32_t layers);
  void on_notice(wire::Frame frame);
  void drain();
  void leave_when_done();
  void on_monitor_gone(const base::Error& why);

  Gateway g_;
  HttpServer http_;
  loop::Timer leave_;
  int exit_status_ = 0;
};

}  // namespace mcpbox::gateway
