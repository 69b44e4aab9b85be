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
  const wire::LauncherRequest request{.kind = wire::LauncherRequestKind::kSpawn,
                                      .role = static_cast<std::uint32_t>(role),
                                      .serial = next_serial_++};
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

loop::Task<base::Fd> LauncherLink::look_into(base::Fd pidfd) {
  loop::Later<base::Fd> stat;
  looks_.push_back({.pidfd = std::move(pidfd), .stat = stat});
  if (looks_.size() == 1) send_next_look();
  base::Result<base::Fd> opened = co_await stat.result();
  co_return opened;
}

void LauncherLink::say_alive() {
  const wire::LauncherRequest request{
      .kind = wire::LauncherRequestKind::kAlive, .role = 0, .serial = next_serial_++};
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void LauncherLink::send_next_look() {
  while (!looks_.empty()) {
    Look& look = looks_.front();
    const wire::LauncherRequest request{
        .kind = wire::LauncherRequestKind::kLook, .role = 0, .serial = look.serial = next_serial_++};
    const std::span<const unsigned char> bytes(reinterpret_cast<const unsigned char*>(&request),
                                               sizeof request);
    const base::Result<std::size_t> sent = wire::send_some(socket_.get(), bytes, {&look.pidfd, 1});
    if (sent && *sent == sizeof request) return;
    loop::Later<base::Fd> stat = look.stat;
    looks_.pop_front();
    stat.resolve(base::fail(base::Why::kBroken, "the launcher does not listen"));
  }
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
  if (!looks_.empty() && looks_.front().serial == event.serial) return on_look_answer(event, fds);
  on_spawn_answer(event, fds);
}

void LauncherLink::on_look_answer(const wire::LauncherEvent& event, std::vector<base::Fd>& fds) {
  loop::Later<base::Fd> stat = looks_.front().stat;
  looks_.pop_front();
  send_next_look();
  if (event.kind == wire::LauncherEventKind::kLooked && fds.size() == 1)
    stat.resolve(std::move(fds[0]));
  else
    stat.resolve(base::fail(base::Why::kRefused, "the process is gone", event.sys_errno));
}

void LauncherLink::on_spawn_answer(const wire::LauncherEvent& event, std::vector<base::Fd>& fds) {
  const auto found = waiting_.find(event.serial);
  if (found == waiting_.end()) return;
  loop::Later<Spawned> later = found->second;
  waiting_.erase(found);
  if (event.kind == wire::LauncherEventKind::kSpawned && fds.size() == 2)
    later.resolve(Spawned{.link = std::move(fds[0]), .pidfd = std::move(fds[1]), .pid = event.pid});
  else
    later.resolve(
        base::fail(base::Why::kRefused, "the launcher could not start the process", event.sys_errno));
}

}  // namespace mcpbox::monitor
