// X-MCPbox-Assertion taken apart into the fields that the monitor builds it from again.  A field that is read
// wrongly here makes another text there, which nobody has signed: reading is a courtesy, not a check.
#pragma once

#include <expected>
#include <string_view>

#include "gateway/using_http.h"
#include "privsep/http/headers.h"
#include "privsep/protocol/messages_remote.h"

namespace mcpbox::gateway {

// Of a request head and its body, all that the monitor is asked.
//   errors   what is wrong with the header, for our log: a literal
[[nodiscard]] std::expected<protocol::AuthenticateRemote, const char*> read_assertion(const RequestHead& head,
                                                                                      std::string_view body);

}  // namespace mcpbox::gateway
