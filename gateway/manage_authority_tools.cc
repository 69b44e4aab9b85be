// Runs in the gateways.  Data, as in manage_tools.cc: the tools about hosts, modules and secrets.
#include "gateway/manage_grants.h"
#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;
using enum ArgumentType;
using enum Presence;

constexpr auto kNotesMost = static_cast<std::uint32_t>(limits::kNotesChars);
constexpr auto kTextMost = static_cast<std::uint32_t>(limits::kDescriptionChars);
constexpr std::uint32_t kPagesMost = 1'000'000;
constexpr std::uint32_t kPortMost = 65'535;

// clang-format off
constexpr Argument kServerId = { "server_id", kId, kRequired, 0, 0, "Id of the server, from mcpbox_create_server or mcpbox_list_servers.", "Call mcpbox_list_servers for the ids." };
constexpr Argument kToolId   = { "tool_id", kId, kRequired, 0, 0, "Id of the tool that needs it, from mcpbox_create_tool or mcpbox_list_tools.", "Call mcpbox_list_tools with a server_id for the ids." };
constexpr Argument kPage     = { "page", kInteger, kOptional, 1, kPagesMost, "Which page, counted from 1 (default 1).", "Leave it out for the first page." };
constexpr Argument kPageSize = { "page_size", kInteger, kOptional, 1, limits::kPageMax, "Entries per page (default 50).", "Leave it out for 50." };
constexpr Argument kModulePageSize = { "page_size", kInteger, kOptional, 1, limits::kPageMax, "Modules per page (default 100).", "Leave it out for 100." };
constexpr Argument kBecause  = { "justification", kText, kRequired, static_cast<std::uint32_t>(limits::kJustificationMinChars), kNotesMost, "For the person who decides: what the tool needs it for, in a sentence or two.", "Say what the tool does with it." };

constexpr Argument kPageArguments[]    = { kPage, kPageSize };
constexpr Argument kModulesArguments[] = { kPage, kModulePageSize };
constexpr Argument kModuleArguments[]  = {
    kToolId,
    { "module_name", kText, kRequired, 1, static_cast<std::uint32_t>(limits::kModulePathBytes), "The module as it stands in the import statement, for example `yaml` or `sqlite3`.", "Call mcpbox_get_server_modules for what needs no request." },
    kBecause,
};
constexpr Argument kHostArguments[] = {
    kToolId,
    { "host", kText, kRequired, 1, 2 * static_cast<std::uint32_t>(limits::kHostBytes), "The exact host, for example `api.example.com`: no https://, no path, no wildcard.", "Pass the host of the URL alone." },
    kBecause,
    { "port", kInteger, kOptional, 1, kPortMost, "The port, for example 443. Without it every port of the host is asked for; a person approves one port more readily.", "Leave it out for any port." },
};
constexpr Argument kCreateSecretArguments[] = {
    kServerId,
    { "key", kText, kRequired, 1, static_cast<std::uint32_t>(limits::kSecretKeyBytes), "Name by which code reads it: capital letters, digits and underscores, for example `API_KEY`. Never the value.", "Choose a name such as API_KEY." },
    { "description", kText, kOptional, 0, kTextMost, "Which secret it is and where a person gets it.", "Shorten it." },
    { "mode", kText, kOptional, 1, 16, "Proposal: sealed (default; code sees a placeholder, MCPbox fills the value in on its way to the host) or exposed (code sees the value; only where it must compute with it, such as for a signature).", "Leave it out for sealed." },
    { "host", kText, kOptional, 0, 2 * static_cast<std::uint32_t>(limits::kHostBytes), "Proposal, for sealed: the one host that the value may go to.", "Pass a host such as api.example.com." },
    { "port", kInteger, kOptional, 1, kPortMost, "Proposal, for sealed: its port (default 443).", "Leave it out for 443." },
    { "place", kText, kOptional, 1, 16, "Proposal, for sealed: where in the request it goes: header (default), basic, query, path, json or form.", "Leave it out for a header." },
    { "place_name", kText, kOptional, 0, static_cast<std::uint32_t>(limits::kSecretPlaceBytes), "Proposal: name of the header (default Authorization), query parameter, JSON or form field.", "Leave it out for Authorization." },
    { "template", kText, kOptional, 0, static_cast<std::uint32_t>(limits::kSecretFormBytes), "Proposal: the header's value with {} for the secret (default `Bearer {}`); for basic `USER:{}`.", "Leave it out for Bearer {}." },
};
constexpr Argument kSecretsArguments[] = { kServerId, kPage, kPageSize };

constexpr ManageTool kTools[] = {
    { "mcpbox_get_server_modules", "List importable modules",
      "Lists the Python modules that tools may import: the default ones and those that a person has approved. Look here before you write an import. Next: mcpbox_request_module for a module that is not listed.",
      kModulesArguments,
      R"("is_custom_config":@flag,"allowed_modules":@texts,"default_modules":@texts,"not_installed":@texts,"total_allowed":@count,"description":@text,@paged)",
      R"(["is_custom_config","allowed_modules","default_modules","total_allowed","description","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_get_server_modules },
    { "mcpbox_request_module", "Ask for a module",
      "Asks a person to let tools import one more Python module (of the standard library, or an installed Debian package). You cannot approve it yourself. Prefer a default module: mcpbox_get_server_modules lists them. Next: tell the user that it waits, and look again with mcpbox_get_tool_status.",
      kModuleArguments,
      R"("success":@flag,"request_id":@text,"module_name":@text,"status":@text,"installed":@flag,"message":@text)",
      R"(["success","request_id","module_name","status","message"])",
      0, on_request_module },
    { "mcpbox_request_network_access", "Ask for a host",
      "Asks a person to let the tools of a server reach one host. Without it code that uses http fails with a message that names the host. You cannot approve it yourself; ask for exactly what the code needs. Next: tell the user that it waits, and look again with mcpbox_get_tool_status.",
      kHostArguments,
      R"("success":@flag,"request_id":@text,"host":@text,"port":@port,"status":@text,"message":@text)",
      R"(["success","request_id","host","port","status","message"])",
      0, on_request_network_access },
    { "mcpbox_list_pending_requests", "List what waits for a person",
      "Lists everything that waits for a person's decision: tools, modules and hosts, oldest first. Use it to tell the user what is left to decide. Next: mcpbox_get_tool_status for one tool's requests.",
      kPageArguments,
      R"("pending_tools":@pending_tools,"pending_module_requests":@module_requests,"pending_network_requests":@network_requests,"summary":@pending_summary,@paged,"message":@text)",
      R"(["pending_tools","pending_module_requests","pending_network_requests","summary","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_list_pending_requests },
    { "mcpbox_create_server_secret", "Name a secret",
      "Makes a named place for a secret (an API key, a password) that the tools of a server need. A person gives it its value; you never see it and must never ask for it. Say where it is used, so that the person can bind it there. Next: tell the user, and use secrets[\"KEY\"] in the code.",
      kCreateSecretArguments,
      R"("success":@flag,"server_id":@text,"key":@text,"description":@text,"has_value":@flag,"message":@text)",
      R"(["success","server_id","key","has_value","message"])",
      0, on_create_server_secret },
    { "mcpbox_list_server_secrets", "List a server's secrets",
      "Lists the secrets of a server by key: whether each has a value, and where a sealed one may go. Values are never shown. Next: mcpbox_create_server_secret for one that is missing; ask the user for values that are not set.",
      kSecretsArguments,
      R"("server_id":@text,"server_name":@text,"secrets":@secrets,@paged)",
      R"(["server_id","server_name","secrets","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_list_server_secrets },
};
// clang-format on

}  // namespace

std::span<const ManageTool> authority_tools() { return kTools; }

}  // namespace mcpbox::gateway
