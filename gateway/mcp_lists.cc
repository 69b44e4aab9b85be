// Runs in the gateways.  Trusts nothing: names, schemas and annotations come from authors by way of rows.
// MCP server/prompts and server/resources: the lists.
#include "gateway/cursor.h"
#include "gateway/methods.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

using protocol::Kind;

// What both kinds of entry have: name, title, description, icons.
Object entry_of(const protocol::PublishedTool& thing, const json_t* annotations) {
  Object out;
  out.text("name", thing.name);
  const json_t* title = json_object_get(annotations, "title");
  if (json_is_string(title)) out.text("title", text_of(title));
  out.text("description", thing.description);
  if (check_json(thing.icons) == JsonKind::kArray) out.json("icons", parse_value(thing.icons));
  return out;
}

bool is_required(const json_t* required, std::string_view name) {
  for (std::size_t i = 0; i < json_array_size(required); ++i)
    if (text_of(json_array_get(required, i)) == name) return true;
  return false;
}

std::string prompt_entry(const protocol::PublishedTool& prompt) {
  const Json annotations = parse_object(prompt.annotations);
  const Json schema = parse_object(prompt.input_schema);
  Object out = entry_of(prompt, annotations.get());
  Json arguments(json_array());
  const char* name = nullptr;
  json_t* rules = nullptr;
  json_object_foreach(json_object_get(schema.get(), "properties"), name, rules) {
    Object argument;
    argument.text("name", name).text("description", text_of(json_object_get(rules, "description")));
    argument.boolean("required", is_required(json_object_get(schema.get(), "required"), name));
    json_array_append_new(arguments.get(), argument.take().release());
  }
  out.json("arguments", std::move(arguments));
  return compact(out.take().get());
}

std::string resource_entry(const protocol::PublishedTool& resource, const char* uri_key) {
  const Json annotations = parse_object(resource.annotations);
  Object out = entry_of(resource, annotations.get());
  out.text(uri_key, resource.uri_template);
  const json_t* type = json_object_get(annotations.get(), "mimeType");
  if (json_is_string(type)) out.text("mimeType", text_of(type));
  Object notes;
  bool some = false;
  for (const char* key : {"audience", "priority"})
    if (json_t* value = json_object_get(annotations.get(), key)) {
      notes.json(key, Json(json_incref(value)));
      some = true;
    }
  if (some) out.json("annotations", notes.take());
  return compact(out.take().get());
}

std::string entry(Kind kind, const protocol::PublishedTool& thing) {
  if (kind == Kind::kPrompt) return prompt_entry(thing);
  return resource_entry(thing, kind == Kind::kResource ? "uri" : "uriTemplate");
}

Task<RpcReply> list(const MethodCall& call, Kind kind, const char* key) {
  const json_t* cursor = call.message.param("cursor");
  const std::optional<std::string> after =
      cursor == nullptr || json_is_string(cursor) ? name_in_cursor(text_of(cursor)) : std::nullopt;
  if (!after)
    co_return RpcReply(std::unexpected(rpc_error(
        call, kInvalidParams, "Invalid cursor: use a nextCursor from an answer to this method, or none.")));
  protocol::ListPublished question{
      .ticket = call.in.ticket, .server = call.in.server, .after = *after, .kind = kind};
  const base::Result<protocol::ToolPage> page = co_await attempt(call.g.monitor->ask(question));
  if (!page && page.error().why != base::Why::kNotFound) co_return std::unexpected(page.error());
  if (!page)
    co_return RpcReply(
        std::unexpected(rpc_error(call, kInvalidParams, "No server of this name is running.")));
  std::string entries;
  for (const protocol::PublishedTool& thing : page->tools)
    entries += (entries.empty() ? "" : ",") + entry(kind, thing);
  std::string out = "{" + quoted(key) + ":[" + entries + "]";
  if (page->more && !page->tools.empty())
    out += R"(,"nextCursor":)" + quoted(cursor_after(page->tools.back().name));
  co_return RpcReply(out + "}");
}

}  // namespace

Task<RpcReply> list_prompts(const MethodCall& call) {
  RpcReply reply = co_await list(call, Kind::kPrompt, "prompts");
  co_return reply;
}

Task<RpcReply> list_resources(const MethodCall& call) {
  RpcReply reply = co_await list(call, Kind::kResource, "resources");
  co_return reply;
}

Task<RpcReply> list_templates(const MethodCall& call) {
  RpcReply reply = co_await list(call, Kind::kResourceTemplate, "resourceTemplates");
  co_return reply;
}

}  // namespace mcpbox::gateway
