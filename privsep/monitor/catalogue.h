// Servers and tools as they are now, in memory.  The monitor is the only writer, so this is the truth and the
// database its copy.  Nothing here decides: on_*.cc and calls.cc do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/base/error.h"
#include "privsep/protocol/messages_manage.h"
#include "privsep/protocol/tool_content.h"

namespace mcpbox::monitor {

struct Server {
  wire::Id id{};
  std::string name;
  std::string description;
  bool running = false;
  std::uint32_t default_timeout_ms = policy::limits::kTimeoutDefaultMs;  // for tools that name none
};

// A digest that somebody approved and nobody revoked since, as its sealed row and the chain agree on it.
struct Approved {
  std::string by;
  std::uint64_t sequence = 0;  // of the audit record
  std::string capabilities;    // what it could reach then: capabilities.h
  std::int64_t at_ms = 0;
};

struct Tool : protocol::ToolContent {
  wire::Id id{};
  wire::Id server{};
  std::string parameters;          // JSON from the compile child, for reads
  bool own_input_schema = false;   // the author gave it beside the code: it stays when the code changes
  bool own_output_schema = false;  // likewise
  std::uint32_t version = 1;
  bool enabled = true;
  protocol::Approval approval = protocol::Approval::kDraft;
  std::string created_by;
  std::string notes;
  std::string rejection;
  std::map<wire::Digest, Approved> approved;
  wire::Digest digest{};  // as of the last change: for lists.  What runs is digested anew
  bool saving = false;    // a change of it is on its way to the database
};

// BLAKE2b-256 over every field that the author sets, in the encoding of docs/tool-digest.md.
wire::Digest digest_of_tool(const protocol::ToolContent& content);

// The digest of what would run now is approved.
bool approved_as_it_is(const Tool& tool);

// The state that counts: a row that says approved, without a decision about this very digest, waits.
protocol::Approval state_of(const Tool& tool);

// What was approved last, and is not what the tool is now.  Nothing: no such digest.
std::optional<wire::Digest> approved_before(const Tool& tool);

class Catalogue {
 public:
  Server* find_server(const wire::Id& id);
  Server* find_server(std::string_view name);
  Tool* find_tool(const wire::Id& id);
  // By its published name "server__tool", published or not.
  Tool* find_tool(std::string_view published_name);
  Tool* find_tool(const wire::Id& server, std::string_view name);

  void put(Server server);
  void put(Tool tool);
  [[nodiscard]] std::string published_name(const Tool& tool) const;

  // Callable now: enabled, approved as it is, and its server runs.  Digests the tool anew: the answer for a
  // decision.
  [[nodiscard]] bool published(const Tool& tool) const;
  // The same by the digest that was computed when the tool last changed: for lists, which must stay cheap
  // when many clients ask for them.
  [[nodiscard]] bool listed(const Tool& tool) const;

  // What is published of this kind in the order of published names, from the first one after `after`.
  // With `server` only that server's.
  [[nodiscard]] std::vector<const Tool*> published_after(std::string_view server, std::string_view after,
                                                         std::size_t most,
                                                         protocol::Kind kind = protocol::Kind::kTool) const;
  // The tool's own limit, or its server's default.
  [[nodiscard]] std::uint32_t timeout_ms_of(const Tool& tool) const;

  [[nodiscard]] const std::map<wire::Id, Server>& servers() const { return servers_; }
  [[nodiscard]] const std::map<wire::Id, Tool>& tools() const { return tools_; }
  [[nodiscard]] std::size_t tools_of(const wire::Id& server) const;
  [[nodiscard]] std::uint32_t callable_tools_of(const wire::Id& server) const;  // enabled and approved

  void erase_tool(const wire::Id& tool);
  // With all of its tools.
  void erase_server(const wire::Id& server);
  void rename_server(const wire::Id& server, std::string name);

  // After a change: the name index and the digest for lists follow.
  void changed(Tool& tool, std::string_view old_name);

 private:
  std::map<wire::Id, Server> servers_;
  std::map<wire::Id, Tool> tools_;
  std::map<std::string, wire::Id, std::less<>> server_names_;
  std::map<std::string, wire::Id, std::less<>> tool_names_;  // by published name
};

}  // namespace mcpbox::monitor
