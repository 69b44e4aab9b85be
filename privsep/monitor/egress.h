// The network of calls: two processes that act on grants, and the grants of live calls.  The monitor decides
// what a grant covers when the call goes, and ends it with the call.
#pragma once

#include <map>

#include "privsep/base/fd.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::monitor {

class Monitor;
struct Call;

class Egress {
 public:
  explicit Egress(Monitor& monitor) : m_(monitor) {}

  // One of the two was started anew: they get a link to each other, once both serve.
  void introduce();

  // Gives the call's grant to both, and to egress the end of the child's socket.  Where either is down, the
  // child's socket is closed, and the tool is told so at its first request.
  // call.network_use is there from now on, and resolved after close(): by egress, or with an error when it
  // does not say in time what the call did.
  loop::Task<> open(Call& call, base::Fd child);
  // Idempotent.
  void close(const wire::Id& call);

  // Whether this call has a network now.
  [[nodiscard]] bool has(const wire::Id& call) const { return open_.contains(call); }
  [[nodiscard]] std::size_t grants() const { return open_.size(); }

 private:
  using Use = loop::Later<protocol::NetworkUse>;
  loop::Task<> close_at_egress(wire::Id call, Use use);

  Monitor& m_;
  std::map<wire::Id, Use> open_;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
