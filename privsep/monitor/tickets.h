// Who is behind a request.  A gateway gets a ticket for a caller whom the monitor has named, and hands it
// back; it cannot make one, guess one, or use one that another peer got.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "privsep/base/error.h"
#include "privsep/protocol/op.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

// One run of one peer; a restarted peer is another instance, so its old tickets are void.
using Instance = std::uint64_t;

// Which listener the caller came through.  Only a process of its own serves the tunnel.
enum class Origin : std::uint8_t { kLocal, kTunnel };

// What the Worker has signed, of the one request that a ticket from the tunnel is good for.
struct SignedRequest {
  std::string verb;    // of HTTP
  std::string server;  // of /mcp/servers/NAME; empty on /mcp
  std::string method;  // of JSON-RPC; empty for a client's answer, and without a body
  std::string name;    // of the tool, or a URI
  wire::Digest body{};
  bool anonymous = false;  // nobody vouches for an e-mail address
  std::int64_t good_until_ms = 0;
};

struct Principal {
  std::string who;        // "unix:alice", as logs and audit name the caller
  std::uint32_t uid = 0;  // of the caller on this machine
  Origin origin = Origin::kLocal;
  std::shared_ptr<const SignedRequest> request;  // through the tunnel only
};

class Tickets {
 public:
  // Past limits::kTickets of one instance the oldest is forgotten: its holder authenticates again.
  wire::Id issue(Instance holder, Principal principal);

  // kRefused unless this very instance was given the ticket.
  [[nodiscard]] base::Result<Principal> redeem(Instance holder, const wire::Id& ticket) const;

  // A question that has an effect is asked once with a ticket of the tunnel's: false the second time.
  [[nodiscard]] bool spend(Instance holder, const wire::Id& ticket, protocol::Op op);

  // Every ticket of this principal is void: its holders must authenticate again.
  void revoke(const std::string& who);

  // The instance ended.
  void forget(Instance holder);

 private:
  struct Holder {
    std::map<wire::Id, Principal> tickets;
    std::deque<wire::Id> by_age;
    std::set<std::pair<wire::Id, protocol::Op>> spent;
  };
  std::map<Instance, Holder> holders_;
};

}  // namespace mcpbox::monitor
