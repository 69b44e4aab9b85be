// The life of the process: its monitor, its listeners, its loop.
#pragma once

#include <vector>

#include "admin/admin.h"
#include "privsep/http/http.h"

namespace mcpbox::admin {

class Service {
 public:
  // link: to the monitor.  Everything that needs a file or a kernel object is made here, before the jail.
  Service(loop::Loop& loop, const base::Log& log, base::Fd link, std::vector<base::Fd> listeners, Site site,
          UiFiles files);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Introduces itself to the monitor, opens the listeners and serves until the monitor is gone.
  //   layers   policy::Layers that are on
  //   returns  the exit status
  int run(std::uint32_t layers);

 private:
  Task<Nothing> start(std::uint32_t layers);
  void on_monitor_gone(const base::Error& why);

  Admin a_;
  HttpServer http_;
  int exit_status_ = 0;
};

}  // namespace mcpbox::admin
