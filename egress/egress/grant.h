// One call's network: its child's link, what it may reach, what it has left, and its exchanges.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "egress/egress/fetch.h"
#include "egress/egress/multi.h"
#include "egress/egress/redactor.h"
#include "egress/egress/roots.h"
#include "policy/requests.h"
#include "privsep/loop/link.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::egress {

class Grant {
 public:
  struct World {
    loop::Loop& loop;
    const Roots& roots;
    std::function<loop::Task<base::Fd>(protocol::Dial)> dial;
    std::function<loop::Task<protocol::SecretValue>(protocol::ReadSecret)> read_secret;
    std::function<void(protocol::ReportDenied&)> report;
    std::function<void(const std::string& where)> warn;  // of a host that leads where nobody can approve it
  };
  Grant(World world, protocol::OpenGrant terms);
  Grant(const Grant&) = delete;
  Grant& operator=(const Grant&) = delete;

  // --- for its exchanges
  template <class Notice>
  void tell(Notice& notice) {
    [[maybe_unused]] const base::Result<void> sent = child_.notify(notice);
  }
  // Takes from what the call has left.  False when there is not so much: the exchange fails.
  [[nodiscard]] bool spend(std::uint64_t bytes);
  // The child has read enough of what it was sent.
  [[nodiscard]] bool child_keeps_up() const;
  loop::Task<base::Fd> dial(const std::string& host, std::uint16_t port, std::uint32_t timeout_ms);
  // The value of a sealed secret, for a request to this host and port; asked of the monitor once.
  loop::Task<Sealed> sealed(const std::string& placeholder, const policy::Host& host, std::uint16_t port);
  // What responses of this call are looked through for.
  [[nodiscard]] const Patterns& patterns() const { return patterns_; }
  // The request as it is now: its words, and whether a grant covers it.
  [[nodiscard]] Fault look_at(const protocol::FetchStart& request);
  void report(protocol::Denied what, const policy::Host& host, std::uint16_t port);
  void report_forbidden(const policy::Host& host, std::uint16_t port);
  // A request begins to be sent.
  void count_request() { ++use_.requests; }
  [[nodiscard]] const protocol::NetworkUse& use() const { return use_; }
  // Room for one more connection, until connection_gone().  False: the exchange is begun again when one is
  // free, which may be one that is kept.
  [[nodiscard]] bool take_connection(std::uint32_t stream);
  void connection_gone();
  // The exchange is over, with this last word; it is destroyed later, from the loop.
  void finish(std::uint32_t stream);
  Multi& multi() { return multi_; }
  loop::Loop& loop() { return world_.loop; }
  const Roots& roots() { return world_.roots; }
  loop::TaskSet& tasks() { return tasks_; }

 private:
  void on_frame(wire::Frame frame);
  bool start(wire::Frame& frame);
  bool body(wire::Frame& frame);
  bool room(wire::Frame& frame);
  bool stop(wire::Frame& frame);
  [[nodiscard]] Fault check(const protocol::FetchStart& request);
  Fault not_approved(const policy::RequestLine& line, const char* problem);
  void end(const base::Error& why);
  void one_is_free();
  void begin_waiting();

  World world_;
  wire::Id id_;
  std::vector<policy::HostRule> rules_;
  std::uint32_t requests_left_;
  std::uint64_t bytes_left_;
  protocol::NetworkUse use_;
  std::set<std::string> denied_;
  std::uint32_t reports_ = 0;
  std::map<std::string, Sealed> sealed_;  // by placeholder, host and port
  Patterns patterns_;
  long connections_ = 0;               // made or being made
  std::deque<std::uint32_t> waiting_;  // streams that have none
  std::size_t free_ = 0;               // so many of those may try
  loop::Timer try_;                    // outlives multi_, which closes connections at its end
  Multi multi_;
  std::map<std::uint32_t, std::shared_ptr<Fetch>> fetches_;
  loop::Timer over_;
  loop::TaskSet tasks_;
  loop::Link child_;
};

}  // namespace mcpbox::egress
