// Runs in the monitor.  Anybody on this machine may connect; only the kernel's word on the peer counts.
#include "privsep/monitor/control.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "privsep/monitor/dispatch.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {
namespace {

constexpr std::uint32_t kNoGroup = 0xffffffff;
constexpr std::size_t kMostGroups = 1024;

// By SO_PEERGROUPS: the groups that the process had when it connected.
bool in_group(int socket, gid_t primary, gid_t wanted) {
  if (wanted == kNoGroup) return false;
  if (primary == wanted) return true;
  std::array<gid_t, kMostGroups> groups{};
  socklen_t size = sizeof groups;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  for (std::size_t i = 0; i < size / sizeof(gid_t); ++i)
    if (groups[i] == wanted) return true;
  return false;
}

std::string name_of_person(const Monitor& m, std::uint32_t uid) {
  if (uid == 0) return "root";
  for (const wire::AllowedUser& user : m.settings.allowed_users)
    if (user.uid == uid && user.name[0] != '\0') return "unix:" + std::string(user.name.data());
  return "uid:" + std::to_string(uid);
}

}  // namespace

Control::Control(Monitor& monitor, base::Fd listener)
    : m_(monitor),
      listener_(std::move(listener)),
      readable_(monitor.loop, listener_.get(), loop::Ready::kRead, [this] { on_connection(); }) {
  readable_.enable();
}

void Control::on_connection() {
  base::Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;

  const bool owner = credentials.uid == 0 || credentials.uid == m_.settings.owner_uid;
  if (!owner && !has_room_for(credentials.uid)) return;

  auto person = std::make_shared<Peer>();
  Peer& peer = *person;
  peer.instance = m_.next_instance();
  peer.role = protocol::Role::kCtl;
  peer.person = {.who = name_of_person(m_, credentials.uid), .uid = credentials.uid};
  peer.owner = owner;
  peer.member = in_group(socket.get(), credentials.gid, m_.settings.admin_gid);
  give_link(m_, person, std::move(socket),
            [this, instance = peer.instance](const base::Error& /*why*/) { drop(instance); });
  people_.push_back(std::move(person));
}

// A user who opens connections without end must not keep another, and never root, from freezing.
bool Control::has_room_for(std::uint32_t uid) const {
  const auto same = [uid](const std::shared_ptr<Peer>& peer) { return peer->person.uid == uid; };
  return people_.size() < policy::limits::kCtlClients &&
         std::ranges::count_if(people_, same) < policy::limits::kCtlClientsPerUser;
}

void Control::drop(Instance instance) {
  people_.remove_if([instance](const std::shared_ptr<Peer>& peer) { return peer->instance == instance; });
}

}  // namespace mcpbox::monitor
