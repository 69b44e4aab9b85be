// Runs in the gateways.  Trusts the monitor; without it nothing here is worth anything, so its end is ours.
#include "gateway/serve.h"

#include <cstdlib>
#include <type_traits>
#include <utility>

#include "gateway/access.h"
#include "gateway/manage.h"
#include "gateway/routes.h"
#include "gateway/talk.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::gateway {
namespace {

using protocol::Role;

constexpr std::size_t kMostFromMonitor = std::max({protocol::Protocol::max_reply_bytes(Role::kNetLocal),
                                                   protocol::Protocol::max_reply_bytes(Role::kNetTunnel),
                                                   protocol::Orders::max_request_bytes(Role::kNetLocal),
                                                   protocol::Orders::max_request_bytes(Role::kNetTunnel)});

constexpr std::int64_t kLookMs = 20;

std::string unreadable(int status, std::string_view message) {
  return error_body({.status = status, .code = kInvalidRequest, .message = std::string(message)});
}

}  // namespace

Service::Service(loop::Loop& loop, const base::Log& log, base::Fd link, std::vector<base::Fd> listeners,
                 Entrance entrance)
    : g_(loop, log),
      http_(loop, HttpLimits{}, unreadable,
            [this](std::shared_ptr<Exchange> exchange) { answer(g_, std::move(exchange)); }),
      leave_(loop, [this] { leave_when_done(); }) {
  g_.entrance = entrance;
  g_.management = manage_listing();
  g_.monitor = std::make_unique<loop::Link>(
      loop, std::move(link), loop::LinkLimits{.max_payload = kMostFromMonitor},
      [this](wire::Frame frame) { on_notice(std::move(frame)); },
      [this](const base::Error& why) { on_monitor_gone(why); });
  for (base::Fd& listener : listeners) http_.add_listener(std::move(listener));
}

int Service::run(std::uint32_t layers) {
  g_.tasks.spawn(start(layers));
  g_.loop.run();
  return exit_status_;
}

Task<Nothing> Service::start(std::uint32_t layers) {
  protocol::Hello hello{.layers = layers, .build = MCPBOX_VERSION};
  base::Result<protocol::Settings> settings = co_await attempt(g_.monitor->ask(hello));
  if (!settings) {
    g_.log.error("the monitor does not want us", settings.error());
    exit_status_ = EXIT_FAILURE;
    g_.loop.stop();
    co_return Nothing{};
  }
  g_.version = settings->version;
  std::vector<std::string> addresses(settings->listeners.begin(), settings->listeners.end());
  addresses.emplace_back("mcp.sock:80");  // what our bridge calls the Unix socket; no browser can
  g_.hosts = HostRules(addresses);
  g_.rates.allow(settings->requests_per_minute);
  http_.open();
  g_.log.info("serving", {{"listeners", settings->listeners.size()}});
  co_return Nothing{};
}

// The monitor asks nothing of a gateway; it tells.
void Service::on_notice(wire::Frame frame) {
  if (frame.header.kind != wire::FrameKind::kNotice) return;
  const protocol::Op op{frame.header.op};
  const auto told = [&frame](const auto& of_this_kind) {
    return wire::decode<std::remove_cvref_t<decltype(of_this_kind)>>(frame);
  };
  if (op == protocol::Op::kToolsChanged) {
    if (const auto news = told(protocol::ToolsChanged{})) {
      g_.param_headers.forget();
      g_.streams.lists_changed(news->server, news->lists);
    }
  } else if (op == protocol::Op::kDrain) {
    drain();
  } else if (op == protocol::Op::kCallerGone) {
    if (const auto news = told(protocol::CallerGone{})) caller_gone(g_, *news);
  } else if (op == protocol::Op::kResourceUpdated) {
    if (const auto news = told(protocol::ResourceUpdated{})) resource_updated(g_, *news);
  } else if (op == protocol::Op::kRateChanged) {
    if (const auto rate = told(protocol::RateChanged{})) g_.rates.allow(rate->requests_per_minute);
  } else if (op == protocol::Op::kCallSaid) {
    if (const auto said = told(protocol::CallSaid{})) call_said(g_, *said);
  } else if (op == protocol::Op::kCallAsked) {
    if (const auto asked = told(protocol::CallAsked{})) call_asked(g_, *asked);
  }
}

// Ends by itself when every answer has left; the monitor waits for that.
void Service::drain() {
  if (std::exchange(g_.draining, true)) return;
  g_.log.info("draining", {{"calls", g_.calls.size()}, {"streams", g_.streams.size()}});
  g_.streams.end_all();
  leave_.start(kLookMs);
}

void Service::leave_when_done() {
  if (g_.calls.size() > 0 || http_.answering() > 0) return leave_.start(kLookMs);
  g_.log.info("drained");
  g_.loop.stop();
}

void Service::on_monitor_gone(const base::Error& why) {
  g_.log.info("the monitor is gone", {{"reason", why.text}});
  exit_status_ = why.why == base::Why::kCancelled ? EXIT_SUCCESS : EXIT_FAILURE;
  g_.loop.stop();
}

}  // namespace mcpbox::gateway
