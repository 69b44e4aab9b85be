// Runs in the monitor: the master key, for root or the user of a trial.  Members of the admin group decide
// about tools; the key is the owner's.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {
namespace {

constexpr base::Error kNotOwner{base::Why::kRefused, "only root replaces the master key: use sudo"};

}  // namespace

Answer<p::KeyUse> on_check_key(Monitor& m, Peer& asker, p::CheckKey q) {
  if (!asker.owner) co_return std::unexpected(kNotOwner);
  const base::Result<bool> in_use = m.keys.is_in_use(q.key.get());
  if (!in_use) co_return std::unexpected(in_use.error());
  co_return p::KeyUse{.in_use = *in_use};
}

Answer<p::KeyRotated> on_rotate_key(Monitor& m, Peer& asker, p::RotateKey q) {
  if (!asker.owner) co_return std::unexpected(kNotOwner);
  const p::KeyRotated done = co_await m.key_rotation.run(asker.person.who, std::move(q.key));
  co_return done;
}

}  // namespace mcpbox::monitor
