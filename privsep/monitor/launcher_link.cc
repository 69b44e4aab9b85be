// Runs in the monitor.  Trusts the launcher, which is root and started us.
#include "privsep/monitor/launcher_link.h"

#include <sys/socket.h>

#include <cstring>
#include <span>

#include "privsep/wire/frame.h"

namespace mcpbox::monitor {

LauncherLink::LauncherLink(loop::Loop& loop, base::Fd socket, Events events)
    : socket_(std::move(socket)),
      events_(std::move(events)),
      readable_(loop, socket_.get(), loop::Ready::kRead, [this] { on_readable(); }) {
  readable_.enable();
}

loop::Task<Spawned> LauncherLink::spawn(protocol::Role role) {
  const wire::SpawnRequest request{.role = static_cast<std::uint32_t>(role), .serial = next_serial_++};
  loop::Later<Spawned> later;
  waiting_.emplace(request.serial, later);
  const ssize_t sent = ::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(sizeof request)) {
    waiting_.erase(request.serial);
    co_return base::fail_errno("the launcher does not listen");
  }
  base::Result<Spawned> spawned = co_await later.result();
  co_return spawned;
}

void LauncherLink::on_readable() {
  wire::LauncherEvent event{};
  std::vector<base::Fd> fds;
  const std::span<unsigned char> into(reinterpret_cast<unsigned char*>(&event), sizeof event);
  const base::Result<std::size_t> got = wire::receive_some(socket_.get(), into, wire::kMaxFds, fds);
  if (!got || *got != sizeof event) {
    readable_.disable();
    return events_.stop();
  }
  on_event(event, fds);
}

void LauncherLink::on_event(const wire::LauncherEvent& event, std::vector<base::Fd>& fds) {
  using enum wire::LauncherEventKind;
  if (event.kind == kEnded) return events_.ended(event.pid, event.wait_status);
  if (event.kind == kStop) return events_.stop();
  const auto found = waiting_.find(event.serial);
  if (found == waiting_.end()) return;
  loop::Later<Spawned> later = found->second;
  waiting_.erase(found);
  if (event.kind == kSpawned && fds.size() == 2)
    later.resolve(Spawned{.link = std::move(fds[0]), .pidfd = std::move(fds[1]), .pid = event.pid});
  else
    later.resolve(
        base::fail(base::Why::kRefused, "the launcher could not start the process", event.sys_errno));
}

}  // namespace mcpbox::monitor
