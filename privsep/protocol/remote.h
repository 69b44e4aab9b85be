// What a caller who comes through the tunnel may ask without an administrator's word: reading, calling, and
// asking for a person's decision.  Everything else that changes something, and whatever is added later
// without a row here, waits for the setting remote_tool_editing.
#pragma once

#include <algorithm>

#include "privsep/protocol/op.h"

namespace mcpbox::protocol {

// clang-format off
inline constexpr Op kRemoteAlways[] = {
    Op::kOpenSession, Op::kFindSession, Op::kCloseSession,       // speaking MCP
    Op::kListPublished, Op::kOpenCall, Op::kCancelCall,          // calling what is approved
    Op::kRead, Op::kListGrants, Op::kListModules, Op::kListSecrets, Op::kValidateCode,  // reading
    Op::kRequestPublish, Op::kRequestHost, Op::kRequestModule,   // a person decides
};
// clang-format on

constexpr bool remote_always(Op op) {
  return std::ranges::find(kRemoteAlways, op) != std::ranges::end(kRemoteAlways);
}
static_assert(!remote_always(Op::kCreateTool) && !remote_always(Op::kUpdateTool), "the code stays local");
static_assert(!remote_always(Op::kTestCode), "a draft runs for whoever may write it");

}  // namespace mcpbox::protocol
