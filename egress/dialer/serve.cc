// Runs in [dial].  Trusts the monitor for grants; trusts egress for nothing: whatever it asks for, the grant
// and the address decide.
#include "egress/dialer/serve.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "egress/dialer/connect.h"
#include "privsep/base/clock.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::dialer {

namespace limits = policy::limits;
using base::Why;
using protocol::Op;
using protocol::Role;

namespace {

constexpr std::size_t kMostFromMonitor = std::max(protocol::Protocol::max_reply_bytes(Role::kDialer),
                                                  protocol::Orders::max_request_bytes(Role::kDialer));

}  // namespace

// A question that was not answered yet.  Whatever becomes of the task that looks for the answer, there is
// one.
class Service::Debt {
 public:
  Debt(Service& of, std::weak_ptr<loop::Link> to, wire::Header asked)
      : of_(of), to_(std::move(to)), asked_(asked) {
    ++of_.dialling_;
  }
  Debt(const Debt&) = delete;
  Debt& operator=(const Debt&) = delete;
  ~Debt() {
    --of_.dialling_;
    pay(base::fail(Why::kRefused, "the call is over"));
  }
  void pay(base::Result<base::Fd> socket) {
    const std::shared_ptr<loop::Link> egress = std::exchange(to_, {}).lock();
    if (egress == nullptr) return;
    if (!socket) return egress->reply_error(asked_, socket.error());
    protocol::Dialled made{.socket = std::move(*socket)};
    egress->reply(asked_, made);
  }

 private:
  Service& of_;
  std::weak_ptr<loop::Link> to_;
  wire::Header asked_;
};

Service::Service(loop::Loop& loop, const base::Log& log, WhereTo where_to, base::Fd link)
    : loop_(loop), log_(log), where_to_(std::move(where_to)), resolver_(loop) {
  monitor_ = std::make_unique<loop::Link>(
      loop, std::move(link), loop::LinkLimits{.max_payload = kMostFromMonitor, .fds_in = 1},
      [this](wire::Frame frame) { on_order(std::move(frame)); },
      [this](const base::Error& why) {
        log_.info("the monitor is gone", {{"reason", why.text}});
        exit_status_ = why.why == Why::kCancelled ? EXIT_SUCCESS : EXIT_FAILURE;
        loop_.stop();
      });
}

int Service::run(std::uint32_t layers) {
  start(layers);
  loop_.run();
  return exit_status_;
}

void Service::start(std::uint32_t layers) { tasks_.spawn(greet(layers)); }

loop::Task<> Service::greet(std::uint32_t layers) {
  protocol::Hello hello{.layers = layers, .build = MCPBOX_VERSION};
  base::Result<protocol::Settings> settings = co_await loop::attempt(monitor_->ask(hello));
  if (settings) co_return loop::Nothing{};
  log_.error("the monitor does not want us", settings.error());
  exit_status_ = EXIT_FAILURE;
  loop_.stop();
  co_return loop::Nothing{};
}

void Service::on_order(wire::Frame frame) {
  const Op op{frame.header.op};
  const bool done = (op == Op::kAllowDials && allow(frame)) || (op == Op::kEndGrant && end(frame)) ||
                    (op == Op::kPartner && meet(frame));
  if (!done) return monitor_->close({Why::kInvalid, "an order that is not one"});
  if (frame.header.kind != wire::FrameKind::kRequest) return;
  protocol::Done answer;
  monitor_->reply(frame.header, answer);
}

// A host that cannot be read covers nothing: left out.
bool Service::allow(wire::Frame& frame) {
  const base::Result<protocol::AllowDials> order = wire::decode<protocol::AllowDials>(frame);
  if (!order || grants_.size() >= limits::kLiveGrants) return false;
  grants_.erase(order->grant);
  Rules& rules = grants_[order->grant].rules;
  for (const protocol::GrantedHost& host : order->hosts) {
    std::optional<policy::HostRule> rule = policy::read_host_rule(host.host);
    if (!rule) continue;
    rule->port = host.port;
    rule->private_too = host.private_too;
    rules.push_back(std::move(*rule));
  }
  return true;
}

bool Service::end(wire::Frame& frame) {
  const base::Result<protocol::EndGrant> order = wire::decode<protocol::EndGrant>(frame);
  if (order) grants_.erase(order->grant);
  return order.has_value();
}

bool Service::meet(wire::Frame& frame) {
  base::Result<protocol::Partner> order = wire::decode<protocol::Partner>(frame);
  if (!order) return false;
  egress_ = std::make_shared<loop::Link>(
      loop_, std::move(order->socket),
      loop::LinkLimits{.max_payload = wire::max_bytes<protocol::Dial>(), .fds_in = 0},
      [this](wire::Frame question) { on_question(std::move(question)); }, [](const base::Error& /*why*/) {});
  return true;
}

void Service::on_question(wire::Frame frame) {
  base::Result<protocol::Dial> question = base::fail(Why::kInvalid, "");
  if (frame.header.kind == wire::FrameKind::kRequest && Op{frame.header.op} == Op::kDial)
    question = wire::decode<protocol::Dial>(frame);
  if (!question) {
    log_.warn("egress asked for what nobody asks for: its link is closed");
    return egress_->close({Why::kInvalid, "a question that is not one"});
  }
  const auto grant = grants_.find(question->grant);
  if (grant == grants_.end()) {
    constexpr base::Error kNone{Why::kRefused, "the call has no network, or is over"};
    return egress_->reply_error(frame.header, kNone);
  }
  if (dialling_ >= limits::kDialsAtOnce) {
    constexpr base::Error kBusy{Why::kBusy, "too many connections are being made: try again"};
    return egress_->reply_error(frame.header, kBusy);
  }
  Live& live = grant->second;
  live.dials.spawn(answer(live, egress_, frame.header, std::move(*question)));
}

loop::Task<> Service::answer(const Live& grant, std::weak_ptr<loop::Link> to, wire::Header asked,
                             protocol::Dial question) {
  Debt debt(*this, std::move(to), asked);
  base::Result<base::Fd> socket = co_await loop::attempt(dial(grant.rules, question));
  debt.pay(std::move(socket));
  co_return loop::Nothing{};
}

loop::Task<base::Fd> Service::dial(const Rules& rules, const protocol::Dial& question) {
  const std::expected<policy::Host, const char*> host = policy::read_host(question.host);
  if (!host) co_return base::fail(Why::kRefused, host.error());
  if (question.port == 0) co_return base::fail(Why::kRefused, "port 0 is no port");
  if (!policy::cover(rules, *host, question.port).covered)
    co_return base::fail(Why::kRefused, "the host is not approved for this call");
  const base::SystemClock clock;
  const std::int64_t end = clock.steady_ms() + std::min(question.timeout_ms, limits::kConnectMaxMs);
  Addresses answers;
  if (host->address)
    answers.push_back(*host->address);
  else
    answers = co_await resolver_.resolve(question.grant, host->name, end - clock.steady_ms());
  Choice choice = choose(rules, *host, question.port, answers, where_to_);
  if (choice.addresses.empty()) co_return std::unexpected(choice.refusal);
  base::Result<Connection> made = co_await loop::attempt(
      connect_to_one(loop_, std::move(choice.addresses), question.port, end - clock.steady_ms()));
  if (!made) co_return std::unexpected(made.error());
  // While nobody answered, the machine may have been given the very address.
  const Addresses reached{made->to};
  const Choice still = choose(rules, *host, question.port, reached, where_to_);
  if (still.addresses.empty()) co_return std::unexpected(still.refusal);
  co_return std::move(made->socket);
}

}  // namespace mcpbox::dialer
