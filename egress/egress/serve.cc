// Runs in [egress].  Trusts the monitor for grants and the dialer for sockets.
#include "egress/egress/serve.h"

#include <algorithm>
#include <cstdlib>

#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::egress {

namespace limits = policy::limits;
using base::Why;
using protocol::Op;
using protocol::Role;

namespace {

constexpr std::size_t kMostFromMonitor = std::max(protocol::Protocol::max_reply_bytes(Role::kEgress),
                                                  protocol::Orders::max_request_bytes(Role::kEgress));
constexpr std::size_t kMostFromDialer =
    std::max(wire::max_bytes<protocol::Dialled>(), wire::max_bytes<wire::ErrorBody>());

}  // namespace

Service::Service(loop::Loop& loop, const base::Log& log, const Roots& roots, base::Fd link)
    : loop_(loop), log_(log), roots_(roots) {
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
  const bool done = (op == Op::kOpenGrant && open(frame)) || (op == Op::kCloseGrant && close(frame)) ||
                    (op == Op::kPartner && meet(frame));
  if (!done) return monitor_->close({Why::kInvalid, "an order that is not one"});
  if (frame.header.kind != wire::FrameKind::kRequest || op == Op::kCloseGrant) return;
  protocol::Done answer;
  monitor_->reply(frame.header, answer);
}

bool Service::open(wire::Frame& frame) {
  base::Result<protocol::OpenGrant> order = wire::decode<protocol::OpenGrant>(frame);
  if (!order || grants_.size() >= limits::kLiveGrants) return false;
  const wire::Id id = order->grant;
  Grant::World world{
      .loop = loop_,
      .roots = roots_,
      .dial = [this, met = met_](protocol::Dial question) { return dial(met, std::move(question)); },
      .read_secret = [this](protocol::ReadSecret question) { return read_secret(std::move(question)); },
      .report =
          [this](protocol::ReportDenied& denied) {
            [[maybe_unused]] const base::Result<void> sent = monitor_->notify(denied);
          },
      .warn =
          [this](const std::string& where) {
            log_.warn("an approved host leads to an address that tools never connect to", {{"host", where}});
          }};
  grants_[id] = std::make_unique<Grant>(std::move(world), std::move(*order));
  return true;
}

bool Service::close(wire::Frame& frame) {
  const base::Result<protocol::CloseGrant> order = wire::decode<protocol::CloseGrant>(frame);
  if (!order || frame.header.kind != wire::FrameKind::kRequest) return false;
  protocol::NetworkUse use;
  if (const auto found = grants_.find(order->grant); found != grants_.end()) {
    use = found->second->use();
    grants_.erase(found);
  }
  monitor_->reply(frame.header, use);
  return true;
}

// The dialer asks nothing of us.
bool Service::meet(wire::Frame& frame) {
  base::Result<protocol::Partner> order = wire::decode<protocol::Partner>(frame);
  if (!order) return false;
  ++met_;
  dialer_ = std::make_shared<loop::Link>(
      loop_, std::move(order->socket), loop::LinkLimits{.max_payload = kMostFromDialer, .fds_in = 1},
      [this](const wire::Frame& /*frame*/) { dialer_->close({Why::kInvalid, "the dialer asks nothing"}); },
      [](const base::Error& /*why*/) {});
  return true;
}

loop::Task<protocol::SecretValue> Service::read_secret(protocol::ReadSecret question) {
  base::Result<protocol::SecretValue> value = co_await loop::attempt(monitor_->ask(question));
  co_return value;
}

// met: the dialer that knows the grant.  Another one would refuse what it was not told of, as if nobody had
// approved it.
loop::Task<base::Fd> Service::dial(std::uint32_t met, protocol::Dial question) {
  const std::shared_ptr<loop::Link> dialer = dialer_;
  if (dialer == nullptr || !dialer->open())
    co_return base::fail(Why::kBroken, "the dialer is being started again: try again in a moment");
  if (met != 0 && met != met_)
    co_return base::fail(Why::kBroken,
                         "the process that connects was started again during this call: call the tool again");
  base::Result<protocol::Dialled> made = co_await loop::attempt(dialer->ask(question));
  if (!made) co_return std::unexpected(made.error());
  co_return std::move(made->socket);
}

}  // namespace mcpbox::egress
