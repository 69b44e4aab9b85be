// Runs in the monitor.  Only puts the parts together.
#include "privsep/monitor/monitor.h"

#include <unistd.h>

#include <algorithm>

#include "policy/requests.h"
#include "privsep/protocol/remote.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;

// A small machine still runs one call at a time.
Slots::Counts counts_for(const Machine& machine, const wire::MonitorSettings& settings) {
  std::uint64_t memory = machine.memory_bytes / limits::kMemoryDivisor;
  if (settings.calls_memory_mb != 0) memory = std::min(memory, settings.calls_memory_mb * limits::kMiB);
  return {.slots = std::max(1U, machine.cores),
          .memory_bytes = std::max<std::uint64_t>(memory, limits::kMemoryBytes)};
}

// A stolen gateway must not turn the request that somebody sent into another one.
base::Result<void> may_now(const Monitor& m, const SignedRequest& request, protocol::Op op) {
  if (!protocol::belongs_to(op, request.verb, request.method, request.name))
    return base::fail(base::Why::kRefused, "the request was signed for something else");
  if (request.anonymous && !protocol::anonymous_may(op, m.policy.anonymous_listing()))
    return base::fail(base::Why::kRefused, "Requires user authentication via Cloudflare Access");
  // What a call in flight leads to may come late: it is withdrawn, or its question refused.
  const bool ends_it =
      op == protocol::Op::kCancelCall || (op == protocol::Op::kAnswerCall && !request.method.empty());
  if (!ends_it && m.clock.now_ms() > request.good_until_ms)
    return base::fail(base::Why::kRefused, "the request was signed too long ago");
  return {};
}

}  // namespace

Monitor::Monitor(loop::Loop& loop_, const base::Clock& clock_, const base::Log& log_,
                 const wire::MonitorSettings& settings_, Keys& keys_, Store& store_, LauncherLink& launcher_,
                 PeerOwner& owner_, const Machine& machine)
    : loop(loop_),
      clock(clock_),
      log(log_),
      settings(settings_),
      keys(keys_),
      store(store_),
      launcher(launcher_),
      owner(owner_),
      activity(loop_, catalogue),
      repeats(loop_, store_, log_),
      denials(loop_, store_),
      remote(clock_),
      sessions(clock_),
      admin_sessions(*this),
      request_states(keys_, clock_),
      slots(loop_, counts_for(machine, settings_)),
      memory_watch(loop_, slots),
      spares(*this, {.pool = {.keep = settings_.spares}}),
      compiler(*this),
      calls(*this),
      passwords(*this),
      self_attacks(*this),
      children(*this),
      egress(*this),
      key_rotation(*this, keys_) {
  store.observe([this](const Store::Durable& durable) {
    key_rotation.stored(durable.record);
    meters.count(durable);
    activity.add(durable);
  });
}

base::Result<void> Monitor::may_ask(const Peer& asker, const wire::Id& ticket, protocol::Op op) {
  const base::Result<Principal> caller = redeem(asker, ticket);
  if (!caller || caller->origin == Origin::kLocal) return {};
  if (caller->request == nullptr) return base::fail(base::Why::kRefused, "no request was signed");
  if (const base::Result<void> now = may_now(*this, *caller->request, op); !now) return now;
  if (!protocol::is_repeatable(op) && !tickets.spend(asker.instance, ticket, op))
    return base::fail(base::Why::kRefused, "the request was signed for one such question");
  if (protocol::remote_always(op) || policy.remote_editing()) return {};
  return base::fail(
      base::Why::kRefused,
      "callers through the tunnel may not do this: it is left to callers on the machine itself; an "
      "administrator can allow it with `mcpboxctl settings set remote_tool_editing enabled`");
}

protocol::ProcessStatus Monitor::own_status() const {
  return {.role = protocol::name_of(protocol::Role::kMonitor),
          .pid = ::getpid(),
          .layers = own_layers,
          .missing = policy::kMonitorLayers & ~own_layers,
          .serving = true};
}

// What is over the bound of a grant would be an approval without effect: it is said in the log.
protocol::GrantedHosts Monitor::hosts_for(const wire::Id& server) const {
  protocol::GrantedHosts hosts;
  if (policy.all_public()) hosts.emplace_back().host = policy::kAnyPublicHost;
  for (const Grant* grant : grants.hosts_of(server)) {
    if (hosts.size() >= protocol::GrantedHosts::kMax) {
      log.warn("a server has more approved hosts than a call can carry", {{"most", hosts.size()}});
      break;
    }
    protocol::GrantedHost& host = hosts.emplace_back();
    host.host = std::string_view(grant->name);
    host.port = grant->port;
    host.private_too = grant->private_too;
    if (grant->methods != 0) host.methods = std::string_view(policy::methods_text(grant->methods));
    host.path_prefix = std::string_view(grant->path);
  }
  return hosts;
}

void Monitor::tools_changed(std::string_view server, std::uint32_t lists) {
  children.each_gateway([server, lists](loop::Link& gateway) {
    protocol::ToolsChanged notice{.server = server, .lists = lists};
    [[maybe_unused]] const base::Result<void> sent = gateway.notify(notice);
  });
}

void Monitor::rate_changed() {
  children.each_gateway([this](loop::Link& gateway) {
    protocol::RateChanged notice{.requests_per_minute = static_cast<std::uint32_t>(policy.rate_limit_rpm())};
    [[maybe_unused]] const base::Result<void> sent = gateway.notify(notice);
  });
}

}  // namespace mcpbox::monitor
