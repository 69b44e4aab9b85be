// Runs in the monitor.  Trusts neither process: each gets what this call may have, and what they say about it
// is a notice.
#include "privsep/monitor/egress.h"

#include <sys/socket.h>

#include <array>

#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using protocol::Role;

void Egress::introduce() {
  loop::Link* const egress = m_.children.link_of(Role::kEgress);
  loop::Link* const dialer = m_.children.link_of(Role::kDialer);
  if (egress == nullptr || dialer == nullptr) return;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return m_.log.error("no socket between egress and dialer",
                        base::Error{base::Why::kBroken, "socketpair", errno});
  protocol::Partner to_dialer{.socket = base::Fd(ends[0])};
  protocol::Partner to_egress{.socket = base::Fd(ends[1])};
  const bool told = dialer->notify(to_dialer).has_value() && egress->notify(to_egress).has_value();
  if (!told) m_.log.error("egress and dialer could not be introduced");
}

loop::Task<> Egress::open(Call& call, base::Fd child) {
  const wire::Id id = call.id;
  // The monitor ends the grant with the call.  This is for the day when it does not: the time in which the
  // call waits for its client, which the call has besides its own, is in it.
  const auto seconds = static_cast<std::uint32_t>((call.timeout_ms + limits::kWaitForClientMs) / 1000 + 1);
  loop::Link* dialer = m_.children.link_of(Role::kDialer);
  if (dialer == nullptr || m_.children.link_of(Role::kEgress) == nullptr)
    co_return base::fail(base::Why::kBroken, "the network processes are being started again");
  protocol::AllowDials dials{.grant = id, .hosts = m_.hosts_for(call.server)};
  protocol::GrantedHosts hosts = dials.hosts;
  open_[id] = call.network_use.emplace();
  loop::Timer patience(m_.loop, [this] {
    if (loop::Link* const silent = m_.children.link_of(Role::kDialer))
      silent->close({base::Why::kTimeout, "it did not take a grant in time"});
  });
  patience.start(limits::kGrantAnswerMs);
  // First the dialer: egress asks it as soon as it has its own.
  const base::Result<protocol::Done> allowed = co_await loop::attempt(dialer->ask(dials));
  loop::Link* const egress = m_.children.link_of(Role::kEgress);
  if (!allowed || egress == nullptr || !open_.contains(id))
    co_return base::fail(base::Why::kBroken, "the network processes are being started again");
  protocol::OpenGrant terms{.grant = id,
                            .hosts = std::move(hosts),
                            .requests = limits::kRequestsPerCall,
                            .bytes = limits::kNetworkBytesPerCall,
                            .seconds = seconds,
                            .child = std::move(child)};
  const base::Result<void> sent = egress->notify(terms);
  if (!sent) co_return std::unexpected(sent.error());
  co_return loop::Nothing{};
}

void Egress::close(const wire::Id& call) {
  auto closed = open_.extract(call);
  if (!closed) return;
  protocol::EndGrant notice{.grant = call};
  if (loop::Link* const dialer = m_.children.link_of(Role::kDialer)) [[maybe_unused]]
    const base::Result<void> sent = dialer->notify(notice);
  tasks_.spawn(close_at_egress(call, closed.mapped()));
}

// The grant has ended when egress reads this; its answer is for the log, which does not wait for long.
loop::Task<> Egress::close_at_egress(wire::Id call, Use use) {
  loop::Link* const egress = m_.children.link_of(Role::kEgress);
  if (egress == nullptr) {
    use.resolve(base::fail(base::Why::kBroken, "egress is being started again"));
    co_return loop::Nothing{};
  }
  loop::Timer patience(m_.loop, [use]() mutable {
    use.resolve(base::fail(base::Why::kTimeout, "egress did not say what the call did"));
  });
  patience.start(limits::kGrantAnswerMs);
  protocol::CloseGrant order{.grant = call};
  const base::Result<protocol::NetworkUse> told = co_await loop::attempt(egress->ask(order));
  use.resolve(told);
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
