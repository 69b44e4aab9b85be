// How hosts and modules that were asked for are shown to callers.
#pragma once

#include <vector>

#include "gateway/manage.h"
#include "privsep/protocol/messages_grants.h"
#include "privsep/protocol/messages_modules.h"
#include "privsep/protocol/messages_secrets.h"

namespace mcpbox::gateway {

// "2026-01-31T12:00:00.000Z"
[[nodiscard]] std::string iso_of(std::int64_t milliseconds);

// Every grant that the filter chooses, as far as one answer takes: its page and page_size are not used.
Task<std::vector<protocol::GrantInfo>> all_grants(const ManageCall& c, protocol::GrantFilter filter);

// Adds allowed_hosts and pending_requests of a server, module_requests and network_access_requests of a tool.
Task<std::string> put_server_grants(const ManageCall& c, json_t* server);
Task<std::string> put_tool_grants(const ManageCall& c, json_t* tool);

// The tools of manage_grants.cc and manage_secrets.cc.
[[nodiscard]] std::span<const ManageTool> authority_tools();
Task<Managed> on_get_server_modules(const ManageCall& c);
Task<Managed> on_request_module(const ManageCall& c);
Task<Managed> on_request_network_access(const ManageCall& c);
Task<Managed> on_list_pending_requests(const ManageCall& c);
Task<Managed> on_create_server_secret(const ManageCall& c);
Task<Managed> on_list_server_secrets(const ManageCall& c);

}  // namespace mcpbox::gateway
