// The monitor: everything that the answers decide with, built once in main.cc and passed by reference.
// Mechanisms are classes of their own; this only holds them together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "policy/limits.h"
#include "privsep/base/clock.h"
#include "privsep/base/log.h"
#include "privsep/loop/task_set.h"
#include "privsep/monitor/activity.h"
#include "privsep/monitor/admin_sessions.h"
#include "privsep/monitor/call_groups.h"
#include "privsep/monitor/calls.h"
#include "privsep/monitor/catalogue.h"
#include "privsep/monitor/children.h"
#include "privsep/monitor/client_tokens.h"
#include "privsep/monitor/compiler.h"
#include "privsep/monitor/denials.h"
#include "privsep/monitor/egress.h"
#include "privsep/monitor/grants.h"
#include "privsep/monitor/key_rotation.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/launcher_link.h"
#include "privsep/monitor/machine.h"
#include "privsep/monitor/memory_watch.h"
#include "privsep/monitor/meters.h"
#include "privsep/monitor/modules.h"
#include "privsep/monitor/passwords.h"
#include "privsep/monitor/peer.h"
#include "privsep/monitor/peer_owner.h"
#include "privsep/monitor/policy_settings.h"
#include "privsep/monitor/remote_access.h"
#include "privsep/monitor/repeats.h"
#include "privsep/monitor/request_states.h"
#include "privsep/monitor/secrets.h"
#include "privsep/monitor/self_attack.h"
#include "privsep/monitor/sessions.h"
#include "privsep/monitor/setup_code.h"
#include "privsep/monitor/slots.h"
#include "privsep/monitor/spares.h"
#include "privsep/monitor/store.h"
#include "privsep/monitor/tickets.h"
#include "privsep/protocol/messages_ctl.h"
#include "privsep/protocol/messages_gateway.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::monitor {

inline constexpr const char* kVersion = MCPBOX_VERSION;

class Monitor {
 public:
  Monitor(loop::Loop& loop, const base::Clock& clock, const base::Log& log,
          const wire::MonitorSettings& settings, Keys& keys, Store& store, LauncherLink& launcher,
          PeerOwner& owner, const Machine& machine);

  loop::Loop& loop;
  const base::Clock& clock;
  const base::Log& log;
  const wire::MonitorSettings& settings;
  const Keys& keys;
  Store& store;
  LauncherLink& launcher;
  PeerOwner& owner;

  Catalogue catalogue;
  Grants grants;
  Modules modules;
  Secrets secrets;
  PolicySettings policy;
  std::map<std::string, std::string> admins;  // name -> Argon2id hash, from sealed rows only
  policy::Layers own_layers = 0;              // of this process
  bool frozen = false;
  std::string freeze_reason;
  std::vector<std::string> warnings;  // ignored rows and weaker settings, for status

  Meters meters;
  Activity activity;
  Repeats repeats;  // refusals and authentications, coalesced
  Denials denials;
  RemoteAccess remote;  // who may come through the tunnel
  Tickets tickets;
  CallGroups call_groups;  // outlives the spares
  Sessions sessions;
  AdminSessions admin_sessions;
  SetupCode setup_code;
  RequestStates request_states;
  Slots slots;
  MemoryWatch memory_watch;
  Spares spares;
  Compiler compiler;
  Calls calls;
  Passwords passwords;
  SelfAttacks self_attacks;
  Children children;
  Egress egress;
  loop::TaskSet background;
  ClientTokens client_tokens;
  KeyRotation key_rotation;                                           // the only one that changes `keys`
  std::int64_t spare_patience_ms = policy::limits::kSparePatienceMs;  // tests without a zygote wait less
  bool draining = false;  // MCPbox stops: new calls are refused, those in flight finish

  // Who is asking, by the ticket that this very peer was given; or by the session that on_in_session() found.
  [[nodiscard]] base::Result<Principal> redeem(const Peer& asker, const wire::Id& ticket) const {
    if (asker.role == protocol::Role::kAdmin) return asker.person;
    if (asker.role == protocol::Role::kCtl && asker.state == protocol::State::kDeciding) return asker.person;
    return tickets.redeem(asker.instance, ticket);
  }
  // kRefused for a caller through the tunnel when the question does not belong to the request that was
  // signed, was asked before, or is one that the administrator has not allowed.  A ticket that is none is for
  // the answer to refuse.
  [[nodiscard]] base::Result<void> may_ask(const Peer& asker, const wire::Id& ticket, protocol::Op op);
  [[nodiscard]] Instance next_instance() { return ++last_instance_; }

  // Tells every gateway that what is published changed.  server: empty when it concerns several; lists:
  // of which kinds (protocol::list_of).
  void tools_changed(std::string_view server, std::uint32_t lists = protocol::kAllLists);

  // Tells every gateway how much one caller may ask.
  void rate_changed();

  // What a call of this server may reach.
  [[nodiscard]] protocol::GrantedHosts hosts_for(const wire::Id& server) const;

  // This process, for status.
  [[nodiscard]] protocol::ProcessStatus own_status() const;

  // Loads what the database holds, checking every seal.
  loop::Task<> load();

 private:
  Instance last_instance_ = 0;
};

}  // namespace mcpbox::monitor
