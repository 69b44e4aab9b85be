// Runs in the monitor.  Pure: no I/O, no decisions.
#include "privsep/monitor/catalogue.h"

#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

wire::Digest digest_of_tool(const protocol::ToolContent& content) {
  const auto texts = protocol::field_texts(content);
  std::vector<std::string_view> parts{"mcpbox-tool-v2"};
  parts.insert(parts.end(), texts.begin(), texts.end());
  return digest_of(parts);
}

bool approved_as_it_is(const Tool& tool) {
  return tool.approval == protocol::Approval::kApproved && tool.approved.contains(digest_of_tool(tool));
}

protocol::Approval state_of(const Tool& tool) {
  using enum protocol::Approval;
  return tool.approval == kApproved && !approved_as_it_is(tool) ? kPendingReview : tool.approval;
}

std::optional<wire::Digest> approved_before(const Tool& tool) {
  const wire::Digest now = digest_of_tool(tool);
  std::optional<wire::Digest> last;
  std::uint64_t sequence = 0;
  for (const auto& [digest, approved] : tool.approved) {
    if (digest == now || approved.sequence < sequence) continue;
    last = digest;
    sequence = approved.sequence;
  }
  return last;
}

namespace {

bool approved_when_last_changed(const Tool& tool) {
  return tool.approval == protocol::Approval::kApproved && tool.approved.contains(tool.digest);
}

}  // namespace

Server* Catalogue::find_server(const wire::Id& id) {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : &found->second;
}

Server* Catalogue::find_server(std::string_view name) {
  const auto found = server_names_.find(name);
  return found == server_names_.end() ? nullptr : find_server(found->second);
}

Tool* Catalogue::find_tool(const wire::Id& id) {
  const auto found = tools_.find(id);
  return found == tools_.end() ? nullptr : &found->second;
}

Tool* Catalogue::find_tool(std::string_view published_name) {
  const auto found = tool_names_.find(published_name);
  return found == tool_names_.end() ? nullptr : find_tool(found->second);
}

Tool* Catalogue::find_tool(const wire::Id& server, std::string_view name) {
  const Server* owner = find_server(server);
  return owner == nullptr ? nullptr : find_tool(owner->name + "__" + std::string(name));
}

void Catalogue::put(Server server) {
  server_names_[server.name] = server.id;
  servers_[server.id] = std::move(server);
}

void Catalogue::put(Tool tool) {
  tool_names_[published_name(tool)] = tool.id;
  tool.digest = digest_of_tool(tool);
  tools_[tool.id] = std::move(tool);
}

std::string Catalogue::published_name(const Tool& tool) const {
  const auto server = servers_.find(tool.server);
  return (server == servers_.end() ? std::string() : server->second.name) + "__" + tool.name;
}

bool Catalogue::published(const Tool& tool) const { return listed(tool) && approved_as_it_is(tool); }

bool Catalogue::listed(const Tool& tool) const {
  const auto server = servers_.find(tool.server);
  return server != servers_.end() && server->second.running && tool.enabled &&
         approved_when_last_changed(tool);
}

std::vector<const Tool*> Catalogue::published_after(std::string_view server, std::string_view after,
                                                    std::size_t most, protocol::Kind kind) const {
  const std::string prefix = server.empty() ? std::string() : std::string(server) + "__";
  const std::string from = prefix + std::string(after);
  std::vector<const Tool*> found;
  for (auto name = after.empty() ? tool_names_.lower_bound(prefix) : tool_names_.upper_bound(from);
       name != tool_names_.end() && name->first.starts_with(prefix) && found.size() < most; ++name) {
    const Tool& tool = tools_.at(name->second);
    if (tool.kind == kind && listed(tool)) found.push_back(&tool);
  }
  return found;
}

std::uint32_t Catalogue::timeout_ms_of(const Tool& tool) const {
  if (tool.timeout_ms != 0) return tool.timeout_ms;
  const auto server = servers_.find(tool.server);
  return server == servers_.end() ? policy::limits::kTimeoutDefaultMs : server->second.default_timeout_ms;
}

std::size_t Catalogue::tools_of(const wire::Id& server) const {
  std::size_t count = 0;
  for (const auto& [id, tool] : tools_) count += tool.server == server ? 1 : 0;
  return count;
}

std::uint32_t Catalogue::callable_tools_of(const wire::Id& server) const {
  std::uint32_t count = 0;
  for (const auto& [id, tool] : tools_)
    count += tool.server == server && tool.enabled && approved_when_last_changed(tool) ? 1 : 0;
  return count;
}

void Catalogue::erase_tool(const wire::Id& tool) {
  const auto found = tools_.find(tool);
  if (found == tools_.end()) return;
  tool_names_.erase(published_name(found->second));
  tools_.erase(found);
}

void Catalogue::erase_server(const wire::Id& server) {
  const auto found = servers_.find(server);
  if (found == servers_.end()) return;
  std::erase_if(tool_names_, [&](const auto& name) { return tools_.at(name.second).server == server; });
  std::erase_if(tools_, [&](const auto& tool) { return tool.second.server == server; });
  server_names_.erase(found->second.name);
  servers_.erase(found);
}

void Catalogue::rename_server(const wire::Id& server, std::string name) {
  Server* renamed = find_server(server);
  if (renamed == nullptr) return;
  for (const auto& [id, tool] : tools_)
    if (tool.server == server) tool_names_.erase(published_name(tool));
  server_names_.erase(renamed->name);
  renamed->name = std::move(name);
  server_names_[renamed->name] = server;
  for (const auto& [id, tool] : tools_)
    if (tool.server == server) tool_names_[published_name(tool)] = id;
}

void Catalogue::changed(Tool& tool, std::string_view old_name) {
  tool.digest = digest_of_tool(tool);
  const auto server = servers_.find(tool.server);
  if (server != servers_.end()) tool_names_.erase(server->second.name + "__" + std::string(old_name));
  tool_names_[published_name(tool)] = tool.id;
}

}  // namespace mcpbox::monitor
