// The life of the dialer: grants from the monitor, questions from egress.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "egress/dialer/choose.h"
#include "egress/dialer/resolve.h"
#include "policy/requests.h"
#include "privsep/base/log.h"
#include "privsep/loop/link.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::dialer {

class Service {
 public:
  // link: to the monitor.
  Service(loop::Loop& loop, const base::Log& log, WhereTo where_to, base::Fd link);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Introduces itself to the monitor and serves until the monitor is gone.  Returns the exit status.
  int run(std::uint32_t layers);
  // The same without the loop's run(), for a loop that others use, too.
  void start(std::uint32_t layers);

 private:
  using Rules = std::vector<policy::HostRule>;
  struct Live {
    Rules rules;
    loop::TaskSet dials;  // cancelled with the grant
  };
  class Debt;
  loop::Task<> greet(std::uint32_t layers);
  void on_order(wire::Frame frame);
  bool allow(wire::Frame& frame);
  bool end(wire::Frame& frame);
  bool meet(wire::Frame& frame);
  void on_question(wire::Frame frame);
  loop::Task<> answer(const Live& grant, std::weak_ptr<loop::Link> to, wire::Header asked,
                      protocol::Dial question);
  loop::Task<base::Fd> dial(const Rules& rules, const protocol::Dial& question);

  loop::Loop& loop_;
  const base::Log& log_;
  WhereTo where_to_;
  Resolver resolver_;
  std::size_t dialling_ = 0;
  std::map<wire::Id, Live> grants_;
  std::unique_ptr<loop::Link> monitor_;
  std::shared_ptr<loop::Link> egress_;
  int exit_status_ = 0;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::dialer
