// Runs in mcpboxctl: the emergency stop, and its end.
#include "admin/ctl/commands.h"
#include "admin/ctl/order.h"

namespace mcpbox::ctl {

Exit freeze(const Options& options) {
  protocol::Freeze request{.reason = options.reason.value_or("")};
  return give_order(options, request, Object().flag("frozen", true),
                    "Frozen: every call was ended and new ones are refused until `mcpboxctl thaw`.\n");
}

Exit thaw(const Options& options) {
  protocol::Thaw request;
  return give_order(options, request, Object().flag("frozen", false), "Thawed: calls are accepted again.\n");
}

}  // namespace mcpbox::ctl
