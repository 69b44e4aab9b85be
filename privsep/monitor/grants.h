// What tools may reach beside computing, in memory: hosts of a server and modules of all.  The monitor is the
// only writer, so this is the truth and the database its copy.  A request and the grant that it becomes are
// one row, sealed in every state.  Nothing here decides: on_grants.cc and on_grant_decisions.cc do.
//
//   const Grant* grant = m.grants.for_host(server, "api.example.com", 443);   // egress: at each use
//   if (grant == nullptr && !m.policy.all_public()) ...                       // refuse
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/protocol/messages_grants.h"

namespace mcpbox::monitor {

// An absent server or tool is zero.
struct Grant {
  wire::Id id{};
  protocol::GrantKind kind = protocol::GrantKind::kHost;
  protocol::GrantState state = protocol::GrantState::kPending;
  wire::Id server{};
  wire::Id tool{};
  std::string name;  // the host or pattern in its one spelling, or the module
  std::uint16_t port = 0;
  policy::Methods methods = 0;
  std::string path;
  bool private_too = false;  // an administrator approved exactly this host and port, whatever its address
  bool from_admin = false;
  std::string justification;
  std::string requested_by;
  std::int64_t requested_at_ms = 0;
  std::string decided_by;
  std::string reason;
  std::int64_t decided_at_ms = 0;
  std::uint64_t sequence = 0;  // of the last audit record on it
  bool saving = false;         // a decision is on its way to the database

  [[nodiscard]] bool approved() const { return state == protocol::GrantState::kApproved; }
};

inline constexpr wire::Id kNoId{};

// "host api.example.com:443", "module yaml": for records, logs and warnings.
[[nodiscard]] std::string text_of(const Grant& grant);

// The chain's words about grants, each with the grant's id as its subject.
inline constexpr const char* kGrantActions[] = {"request_grant", "approve_grant", "reject_grant",
                                                "revoke_grant",  "delete_grant",  "add_grant"};

class Grants {
 public:
  Grant* find(const wire::Id& id);
  [[nodiscard]] const Grant* find(const wire::Id& id) const;
  void put(Grant grant);
  void erase(const wire::Id& id) { grants_.erase(id); }
  // The server was deleted, and its rows with it; modules stay, since they serve every server.
  void forget_server(const wire::Id& server);

  // The approved grant that covers this host and port of a server, or null.  One that names methods or a path
  // comes after one that does not, since it covers less; whoever makes requests checks both with
  // policy/hosts.h.
  //   host  in its one spelling (policy::host_name)
  [[nodiscard]] const Grant* for_host(const wire::Id& server, std::string_view host,
                                      std::uint16_t port) const;
  // Every approved host of a server, in the order of requests.
  [[nodiscard]] std::vector<const Grant*> hosts_of(const wire::Id& server) const;
  // The approved grant of this module or of one that it is inside, or null.  Default modules have none.
  [[nodiscard]] const Grant* for_module(std::string_view module) const;
  // Every approved module, by name.
  [[nodiscard]] std::vector<std::string> modules() const;

  // A row of the same subject in this state: for "it waits already" and "it was rejected".
  [[nodiscard]] const Grant* same(const Grant& like, protocol::GrantState state) const;

  using Choice = std::function<bool(const Grant&)>;
  // In the order of requests.
  [[nodiscard]] std::vector<const Grant*> chosen(const Choice& choice) const;
  [[nodiscard]] std::size_t count() const { return grants_.size(); }
  [[nodiscard]] std::size_t count_of(const wire::Id& server) const;

 private:
  std::map<wire::Id, Grant> grants_;
};

}  // namespace mcpbox::monitor
