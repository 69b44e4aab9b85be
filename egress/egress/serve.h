// The life of egress: grants from the monitor, sockets from the dialer, requests from call children.
#pragma once

#include <map>
#include <memory>

#include "egress/egress/grant.h"
#include "egress/egress/roots.h"
#include "privsep/base/log.h"
#include "privsep/loop/link.h"
#include "privsep/loop/task_set.h"

namespace mcpbox::egress {

class Service {
 public:
  // link: to the monitor.
  Service(loop::Loop& loop, const base::Log& log, const Roots& roots, base::Fd link);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Introduces itself to the monitor and serves until the monitor is gone.  Returns the exit status.
  int run(std::uint32_t layers);
  // The same without the loop's run(), for a loop that others use, too.
  void start(std::uint32_t layers);

  [[nodiscard]] std::size_t grants() const { return grants_.size(); }

 private:
  loop::Task<> greet(std::uint32_t layers);
  void on_order(wire::Frame frame);
  bool open(wire::Frame& frame);
  bool close(wire::Frame& frame);
  bool meet(wire::Frame& frame);
  loop::Task<base::Fd> dial(std::uint32_t met, protocol::Dial question);
  loop::Task<protocol::SecretValue> read_secret(protocol::ReadSecret question);

  loop::Loop& loop_;
  const base::Log& log_;
  const Roots& roots_;
  std::unique_ptr<loop::Link> monitor_;
  std::uint32_t met_ = 0;  // dialers so far
  std::shared_ptr<loop::Link> dialer_;
  std::map<wire::Id, std::unique_ptr<Grant>> grants_;
  int exit_status_ = 0;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::egress
