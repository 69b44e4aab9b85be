// Runs in the gateways.  Data: the management tools as clients see them.  The descriptions are read by
// language models that have never heard of this product, so each says what the tool does, when to use it, and
// what to do next.
#include "gateway/manage.h"

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;
using enum ArgumentType;
using enum Presence;

constexpr auto kNameMost = static_cast<std::uint32_t>(limits::kNameBytes);
constexpr auto kTextMost = static_cast<std::uint32_t>(limits::kDescriptionChars);
constexpr auto kCodeMost = static_cast<std::uint32_t>(limits::kCodeChars);
constexpr auto kNotesMost = static_cast<std::uint32_t>(limits::kNotesChars);
constexpr auto kSchemaMost = static_cast<std::uint32_t>(limits::kSchemaBytes);
constexpr auto kAnnotationsMost = static_cast<std::uint32_t>(limits::kAnnotationsBytes);
constexpr auto kIconsMost = static_cast<std::uint32_t>(limits::kIconsBytes);
constexpr auto kUriMost = static_cast<std::uint32_t>(limits::kUriBytes);
constexpr auto kHeadersMost = static_cast<std::uint32_t>(limits::kHeadersBytes);
constexpr std::uint32_t kVersionsMost = 1'000'000'000;
constexpr std::uint32_t kPagesMost = 1'000'000;
constexpr std::uint32_t kLogsMost = 50;
constexpr std::uint32_t kQueryMost = 200;
constexpr std::uint32_t kFoundMost = 50;

// clang-format off
constexpr const char* kSeeServers = "Call mcpbox_list_servers for the ids.";
constexpr const char* kSeeTools   = "Call mcpbox_list_tools with a server_id for the ids.";
constexpr const char* kSeeVersions = "Call mcpbox_list_tool_versions with the tool_id for the versions.";
constexpr const char* kPick       = "Choose another value and call again.";
constexpr const char* kWriteCode  = "Pass the whole Python source, with an `async def main(...)`.";

constexpr const char* kInputWhat  = "JSON Schema 2020-12 of the arguments, kept as it is. Only where the annotations of main()'s parameters cannot say it: without it the schema is made from them (null: from them again). Kinds tool and prompt.";
constexpr const char* kInputNext  = "Pass a JSON Schema whose type is object, or leave it out and annotate main()'s parameters.";
constexpr const char* kOutputWhat = "JSON Schema of the object that main() returns. Clients are promised it, and a result that breaks it is an error. Kind tool.";
constexpr const char* kOutputNext = "Pass a JSON Schema whose type is object, or leave it out.";
constexpr const char* kAnnotationsWhat = "Hints for clients: title (text); for a tool readOnlyHint, destructiveHint, idempotentHint, openWorldHint (booleans); for resources audience (user, assistant), priority (0 to 1), mimeType.";
constexpr const char* kAnnotationsNext = "Use only these members, or leave annotations out.";
constexpr const char* kIconsWhat  = "At most 8 icons: objects with src (an https: or data:image/ URL), and optionally mimeType, sizes (such as [\"48x48\"]) and theme (light or dark).";
constexpr const char* kIconsNext  = "Correct the icon, or leave icons out.";
constexpr const char* kUriWhat    = "The URI of a resource, such as notes://today, or the pattern of a resource_template, such as notes://{day}, whose {parts} become main()'s arguments.";
constexpr const char* kUriNext    = "Pass a URI with a scheme, such as notes://today.";
constexpr const char* kHeadersWhat = "Arguments that clients of MCP 2026-07-28 also send as HTTP header Mcp-Param-NAME, so that proxies can see them: an object from argument to NAME, such as {\"region\": \"Region\"}. Only arguments of type string, integer or boolean; never secrets. Kind tool.";
constexpr const char* kHeadersNext = "Correct it, or leave headers out.";

constexpr Argument kServerId  = { "server_id", kId, kRequired, 0, 0, "Id of the server, from mcpbox_create_server or mcpbox_list_servers.", kSeeServers };
constexpr Argument kToolId    = { "tool_id", kId, kRequired, 0, 0, "Id of the tool, from mcpbox_create_tool or mcpbox_list_tools.", kSeeTools };
constexpr Argument kPage      = { "page", kInteger, kOptional, 1, kPagesMost, "Which page, counted from 1 (default 1).", "Leave it out for the first page." };
constexpr Argument kPageSize  = { "page_size", kInteger, kOptional, 1, limits::kPageMax, "Entries per page (default 50).", "Leave it out for 50." };

constexpr Argument kCreateServerArguments[] = {
    { "name", kName, kRequired, 1, kNameMost, "Short name: lower-case letters, digits and single underscores, beginning with a letter, for example `weather`. Its tools are called as NAME__TOOL.", kPick },
    { "description", kText, kOptional, 0, kTextMost, "What the tools of this server are for, in a sentence or two.", "Shorten it, or leave it out." },
};
constexpr Argument kPageArguments[]   = { kPage, kPageSize };
constexpr Argument kServerArguments[] = { kServerId };
constexpr Argument kToolArguments[]   = { kToolId };
constexpr Argument kListToolsArguments[] = { kServerId, kPage, kPageSize };
constexpr Argument kCreateToolArguments[] = {
    kServerId,
    { "name", kName, kRequired, 1, kNameMost, "Short name, unique in its server: lower-case letters, digits and single underscores, for example `forecast`.", kPick },
    { "python_code", kText, kRequired, 1, kCodeMost, "The whole Python 3.11 source. It must define `async def main(...)`; its parameters become the tool's arguments, their annotations the schema. It may use http (an httpx client, to approved hosts), json, datetime and secrets.", kWriteCode },
    { "description", kText, kOptional, 0, kTextMost, "What the tool does and when to use it. This is what a language model sees in tools/list, so write it for one.", "Shorten it." },
    { "timeout_ms", kInteger, kOptional, limits::kTimeoutMinMs, limits::kTimeoutMaxMs, "Time that one call may take, in milliseconds (default: the server's, 30000 unless an administrator changed it).", "Leave it out for the server's default." },
    { "kind", kKind, kOptional, 0, 0, "What clients see it as: tool (default), prompt (a text template that a person picks), resource (a document with a fixed URI) or resource_template (documents by URI pattern). main() makes the content of all of them.", "Leave it out for a tool." },
    { "input_schema", kObject, kOptional, 0, kSchemaMost, kInputWhat, kInputNext },
    { "output_schema", kObject, kOptional, 0, kSchemaMost, kOutputWhat, kOutputNext },
    { "annotations", kObject, kOptional, 0, kAnnotationsMost, kAnnotationsWhat, kAnnotationsNext },
    { "icons", kArray, kOptional, 0, kIconsMost, kIconsWhat, kIconsNext },
    { "uri_template", kText, kOptional, 1, kUriMost, kUriWhat, kUriNext },
    { "headers", kObject, kOptional, 0, kHeadersMost, kHeadersWhat, kHeadersNext },
};
constexpr Argument kUpdateToolArguments[] = {
    kToolId,
    { "name", kName, kOptional, 1, kNameMost, "New name.", kPick },
    { "description", kText, kOptional, 0, kTextMost, "New description.", "Shorten it." },
    { "python_code", kText, kOptional, 1, kCodeMost, "New source, whole. Changed code needs a new approval.", kWriteCode },
    { "enabled", kBoolean, kOptional, 0, 0, "false takes the tool out of service without deleting it.", "Pass true or false." },
    { "timeout_ms", kInteger, kClearable, limits::kTimeoutMinMs, limits::kTimeoutMaxMs, "New time limit of a call in milliseconds; null: the server's default.", "Leave it out to keep the limit." },
    { "input_schema", kObject, kClearable, 0, kSchemaMost, kInputWhat, kInputNext },
    { "output_schema", kObject, kClearable, 0, kSchemaMost, kOutputWhat, kOutputNext },
    { "annotations", kObject, kClearable, 0, kAnnotationsMost, kAnnotationsWhat, kAnnotationsNext },
    { "icons", kArray, kClearable, 0, kIconsMost, kIconsWhat, kIconsNext },
    { "uri_template", kText, kOptional, 1, kUriMost, kUriWhat, kUriNext },
    { "headers", kObject, kClearable, 0, kHeadersMost, kHeadersWhat, kHeadersNext },
};
constexpr Argument kTestArguments[] = {
    kToolId,
    { "arguments", kObject, kOptional, 0, 0, "The arguments to call main() with, by name (default none).", "Pass one object; mcpbox_get_tool shows the input_schema." },
};
constexpr Argument kValidateArguments[] = {
    { "code", kText, kRequired, 1, kCodeMost, "The Python source to check.", kWriteCode },
};
constexpr Argument kPublishArguments[] = {
    kToolId,
    { "notes", kText, kOptional, 0, kNotesMost, "For the reviewer: what the tool is for, what it reaches, how you tested it.", "Shorten it." },
};
constexpr Argument kVersionsArguments[] = {
    kToolId, kPage, kPageSize,
    { "version", kInteger, kOptional, 1, kVersionsMost, "Shows this version whole, as `content`.", kSeeVersions },
    { "compare_to", kInteger, kOptional, 1, kVersionsMost, "With version: what changed from this one to that, as `comparison`: fields, and the code as a unified diff.", kSeeVersions },
};
constexpr Argument kRollbackArguments[] = {
    kToolId,
    { "version", kInteger, kRequired, 1, kVersionsMost, "The version to go back to.", kSeeVersions },
};
constexpr Argument kLogArguments[] = {
    kToolId,
    { "limit", kInteger, kOptional, 1, kLogsMost, "The same as page_size, by its older name.", "Leave it out for 10." },
    kPage,
    { "page_size", kInteger, kOptional, 1, kLogsMost, "Entries per page (default 10).", "Leave it out for 10." },
};
constexpr Argument kSearchArguments[] = {
    { "query", kText, kRequired, 0, kQueryMost, "Words to look for in names and descriptions, for example `weather forecast`. Empty lists every tool.", "Shorten it to a few words." },
    kPage,
    { "page_size", kInteger, kOptional, 1, kFoundMost, "Tools per page (default 10).", "Leave it out for 10." },
};
constexpr Argument kCallArguments[] = {
    { "name", kText, kRequired, 1, limits::kPublishedNameBytes, "The tool's name as SERVER__TOOL, from mcpbox_search_tools or mcpbox_list_tools.", "Call mcpbox_search_tools for the names." },
    { "arguments", kObject, kOptional, 0, 0, "The tool's own arguments, by name (default none).", "Pass one object; mcpbox_search_tools shows the input_schema." },
};

constexpr ManageTool kTools[] = {
    { "mcpbox_list_servers", "List servers",
      "Lists the servers with their ids, whether they run, and how many tools they have. Start here when you do not know what exists. Next: mcpbox_get_server or mcpbox_list_tools with an id.",
      kPageArguments,
      R"("servers":@servers,@paged,"message":@text)",
      R"(["servers","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_list_servers },
    { "mcpbox_get_server", "Show a server",
      "Shows one server: its status and every tool with id and approval state. Next: mcpbox_get_tool for a tool's code, mcpbox_start_server to put approved tools into service.",
      kServerArguments,
      R"("id":@text,"name":@text,"description":@text,"status":@text,"default_timeout_ms":@count,"created_by":@maybe,"created_at":@text,"updated_at":@text,"tools":@tools,"tool_count":@count,"allowed_hosts":@texts,"pending_requests":@pending_counts)",
      R"(["id","name","description","status","allowed_hosts","default_timeout_ms","created_at","updated_at","tools","tool_count","pending_requests"])",
      kReadOnly | kIdempotent, on_get_server },
    { "mcpbox_create_server", "Create a server",
      "Creates an empty server, which is a named group of tools. Do this first when no fitting server exists (see mcpbox_list_servers). Next: mcpbox_create_tool with the returned id as server_id.",
      kCreateServerArguments,
      R"("success":@flag,"id":@text,"name":@text,"message":@text)",
      R"(["success","id","name","message"])",
      0, on_create_server },
    { "mcpbox_delete_server", "Delete a server",
      "Deletes a server with all of its tools, their versions and approvals, and ends their running calls. It cannot be undone: ask the user first. mcpbox_stop_server is enough to take tools out of service. Next: mcpbox_list_servers.",
      kServerArguments,
      R"("success":@flag,"message":@text)",
      R"(["success","message"])",
      kDestructive, on_delete_server },
    { "mcpbox_list_tools", "List a server's tools",
      "Lists the tools of one server with id, description and approval state, drafts included. (tools/list, in contrast, shows only what can be called now.) Next: mcpbox_get_tool with an id.",
      kListToolsArguments,
      R"("server_id":@text,"server_name":@text,"tools":@tools,@paged,"message":@text)",
      R"(["server_id","server_name","tools","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_list_tools },
    { "mcpbox_get_tool", "Show a tool",
      "Shows one tool: its Python source, input schema, version, time limit and approval state. Use it before you change a tool. Next: mcpbox_update_tool or mcpbox_test_code.",
      kToolArguments,
      R"("id":@text,"server_id":@text,"server_name":@text,"kind":@text,"name":@text,"description":@text,"enabled":@flag,"timeout_ms":@count,"timeout_inherited":@flag,"input_schema":@object,"output_schema":@object,"annotations":@object,"icons":{"type":"array","items":@object},"headers":@object,"uri_template":@text,"current_version":@count,"python_code":@text,"digest":@text,"approval_status":@text,"created_by":@maybe,"created_at":@text,"updated_at":@text)",
      R"(["id","server_id","name","description","enabled","timeout_ms","current_version","python_code","approval_status"])",
      kReadOnly | kIdempotent, on_get_tool },
    { "mcpbox_create_tool", "Create a tool",
      "Saves a new tool as a draft. It is checked for syntax and its input schema is made from main()'s parameters; nothing runs yet. Next: mcpbox_test_code to try it, then mcpbox_request_publish. A draft cannot be called by name.",
      kCreateToolArguments,
      R"("success":@flag,"id":@text,"name":@text,"changed":@flag,"enabled":@flag,"approval_status":@text,"current_version":@count,"input_schema":@object,"findings":@findings,"message":@text)",
      R"(["success","id","name","approval_status","message"])",
      0, on_create_tool },
    { "mcpbox_update_tool", "Change a tool",
      "Changes fields of a tool; what you leave out stays as it is. A change of an approved tool takes it out of service until a person has approved the new version; the same values change nothing. Next: mcpbox_test_code, then mcpbox_get_tool_status to see whether it waits for review or mcpbox_request_publish is needed.",
      kUpdateToolArguments,
      R"("success":@flag,"id":@text,"name":@text,"changed":@flag,"enabled":@flag,"approval_status":@text,"current_version":@count,"input_schema":@object,"findings":@findings,"message":@text)",
      R"(["success","id","name","approval_status","message"])",
      kDestructive | kIdempotent, on_update_tool },
    { "mcpbox_delete_tool", "Delete a tool",
      "Deletes a tool with its versions and approvals, and ends its running calls. It cannot be undone: ask the user first. mcpbox_update_tool with enabled=false is enough to take it out of service. Next: mcpbox_list_tools.",
      kToolArguments,
      R"("success":@flag,"message":@text)",
      R"(["success","message"])",
      kDestructive, on_delete_tool },
    { "mcpbox_test_code", "Try a tool",
      "Runs the stored code of a tool once, in the same jail as real calls. A draft runs without network and secrets, and for at most ten seconds; an approved tool whose server runs, as in a call, with what it was granted (not through the tunnel). Returns the result and what it printed. Next: mcpbox_update_tool to repair it, or mcpbox_request_publish.",
      kTestArguments,
      R"("success":@flag,"result":@json,"error":@text,"stdout":@text,"duration_ms":@number,"message":@text)",
      R"(["success"])",
      0, on_test_code },
    { "mcpbox_start_server", "Start a server",
      "Puts the approved and enabled tools of a server into service: they then appear in tools/list as SERVER__TOOL and can be called. Tools that are approved later join by themselves. Needs at least one approved tool (mcpbox_request_publish). Next: call the tools.",
      kServerArguments,
      R"("success":@flag,"message":@text,"status":@text,"registered_tools":@count)",
      R"(["success","message","status","registered_tools"])",
      kIdempotent, on_start_server },
    { "mcpbox_stop_server", "Stop a server",
      "Takes all tools of a server out of service and ends their running calls. Nothing is deleted and approvals stay. Next: mcpbox_start_server when it should work again.",
      kServerArguments,
      R"("success":@flag,"message":@text,"status":@text)",
      R"(["success","message","status"])",
      kDestructive | kIdempotent, on_stop_server },
    { "mcpbox_validate_code", "Check code",
      "Checks Python source without saving or running it: syntax, `async def main(...)`, the input schema that would result, and what a reviewer should look at: modules that need approval, hosts and secrets, suspicious text, risky or unused code. Use it while you write. Next: mcpbox_create_tool or mcpbox_update_tool.",
      kValidateArguments,
      R"("valid":@flag,"has_main":@flag,"error":@text,"line":@count,"parameters":@parameters,"input_schema":@object,"findings":@findings,"secrets":@used_secrets,"hosts":@used_hosts,"modules":@used_modules)",
      R"(["valid","has_main"])",
      kReadOnly | kIdempotent, on_validate_code },
    { "mcpbox_request_publish", "Ask for approval",
      "Asks a person to review a draft (or a rejected tool that was changed). You cannot approve it yourself: tell the user that it waits for review. Next: mcpbox_get_tool_status later; once approved, mcpbox_start_server if the server does not run.",
      kPublishArguments,
      R"("success":@flag,"tool_id":@text,"name":@text,"status":@text,"message":@text)",
      R"(["success","tool_id","name","status","message"])",
      kIdempotent, on_request_publish },
    { "mcpbox_get_tool_status", "Show the approval state",
      "Tells whether a tool is a draft, waits for review, is approved or was rejected, by whom and why; which hosts it was refused (denied_connections, each with the request that asks for it); and what its reviewer was told that it may reach, with what is new in that (review_request). Next: when approved, mcpbox_start_server if its server does not run; after a rejection read rejection_reason, change the code with mcpbox_update_tool, and call mcpbox_request_publish again.",
      kToolArguments,
      R"("tool_id":@text,"name":@text,"approval_status":@text,"current_version":@count,"digest":@text,"created_by":@maybe,"approval_requested_by":@maybe,"approval_requested_at":@maybe,"approved_at":@maybe,"approved_by":@maybe,"rejection_reason":@maybe,"publish_notes":@maybe,"message":@text,"module_requests":@module_requests,"network_access_requests":@network_requests,"denied_connections":@denied,"review_request":@review)",
      R"(["tool_id","name","approval_status","message","module_requests","network_access_requests"])",
      kReadOnly | kIdempotent, on_get_tool_status },
    { "mcpbox_list_tool_versions", "List a tool's versions",
      "Lists every version of a tool, newest first: who changed what and when, and whether its digest is approved. With version it shows that one whole; with compare_to also what changed between the two. Next: mcpbox_rollback_tool to go back to one.",
      kVersionsArguments,
      R"("tool_id":@text,"tool_name":@text,"current_version":@count,"total_versions":@count,"versions":@versions,"content":@version,"comparison":@comparison,@paged)",
      R"(["tool_id","tool_name","current_version","total_versions","versions","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_list_tool_versions },
    { "mcpbox_rollback_tool", "Go back to a version",
      "Makes a tool again what it was in an older version, as a new version. If exactly that was approved and the approval was not revoked, it is approved at once; else a person must approve it. Next: mcpbox_get_tool_status.",
      kRollbackArguments,
      R"("success":@flag,"tool_id":@text,"name":@text,"current_version":@count,"approval_status":@text,"enabled":@flag,"message":@text)",
      R"(["success","tool_id","name","current_version","approval_status","enabled","message"])",
      kDestructive, on_rollback_tool },
    { "mcpbox_get_tool_logs", "Show recent calls",
      "Shows the latest calls and trial runs of a tool, newest first: arguments, result, what it printed, errors, how long each took. Use it to find out why a call failed. Next: mcpbox_get_tool, then mcpbox_update_tool.",
      kLogArguments,
      R"("tool_id":@text,"tool_name":@text,"logs":@logs,"capped":@flag,@paged)",
      R"(["tool_id","tool_name","logs","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_get_tool_logs },
    { "mcpbox_search_tools", "Find a callable tool",
      "Finds the tools that can be called right now, also those that were approved after this chat began and that your list of tools may not show. Returns their names, descriptions and input schemas, the best match first. Next: call one by its name, or with mcpbox_call_tool.",
      kSearchArguments,
      R"("tools":@found_tools,@paged,"message":@text)",
      R"(["tools","total","page","page_size","pages"])",
      kReadOnly | kIdempotent, on_search_tools },
    { "mcpbox_call_tool", "Call a tool by name",
      "Calls any published tool by its name, with its own arguments, and returns its result. Use it for a tool that is not in your list of tools yet, such as one that was approved a moment ago. Tools in your list are better called directly. Next: use the result; mcpbox_get_tool_logs shows why a call failed.",
      kCallArguments,
      R"("result":{"anyOf":[{"type":"object"},{"type":"array"},{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"}],"description":"What the tool returned, when that is no object. An object that it returned stands here by itself instead, with its own members."})", "[]",
      kDestructive | kOpenWorld, on_call_tool },
};
// clang-format on

}  // namespace

std::span<const ManageTool> manage_tools() { return kTools; }

}  // namespace mcpbox::gateway
