// Runs in admin: what a tool was, going back to it, and taking back what was approved.
#include <array>
#include <charconv>

#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"

namespace mcpbox::admin {

namespace limits = policy::limits;
using protocol::AdminQuery;
using protocol::AdminRead;

namespace {

// A whole number from 1; nothing for anything else.
std::optional<std::int32_t> number_of(std::string_view text) {
  std::int32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

AdminRead version_of(wire::Id tool, std::int32_t number) {
  return {.query = AdminQuery::kVersion, .subject = tool, .number = number};
}

// All that the author of a tool sets.
constexpr std::array kCompared = {"name",        "description",  "enabled",       "timeout_ms",
                                  "python_code", "input_schema", "output_schema", "annotations",
                                  "icons",       "headers",      "uri_template"};

Json differences(const json_t* from, const json_t* to) {
  Json all(json_array());
  for (const char* field : kCompared) {
    json_t* before = json_object_get(from, field);
    json_t* after = json_object_get(to, field);
    if (json_equal(before, after) == 1) continue;
    Json one(json_object());
    json_object_set_new(one.get(), "field", json_string(field));
    json_object_set(one.get(), "old_value", before);
    json_object_set(one.get(), "new_value", after);
    json_array_append_new(all.get(), one.release());
  }
  return all;
}

Task<Json> one_version(Admin& a, const Incoming& in, wire::Id tool, std::int32_t number) {
  AdminRead question = version_of(tool, number);
  const protocol::JsonText found = co_await ask_as(a, in, question);
  Json version = parse_object(found.json);
  if (!version) co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  co_return version;
}

}  // namespace

Task<Answered> on_list_versions(Admin& a, const Incoming& in) {
  return read_page_of(a, in, AdminQuery::kVersions, "tool");
}

Task<Answered> on_get_version(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  const std::optional<std::int32_t> number = number_of(in.path[1]);
  if (!id || !number) co_return no_such("version");
  AdminRead question = version_of(*id, *number);
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_compare_versions(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  const std::optional<std::int32_t> from = number_of(in.query.find("from_version").value_or(""));
  const std::optional<std::int32_t> to = number_of(in.query.find("to_version").value_or(""));
  if (!from || !to) co_return problem(422, "from_version and to_version are numbers of versions.");
  const Json before = co_await one_version(a, in, *id, *from);
  const Json after = co_await one_version(a, in, *id, *to);
  Object body;
  body.number("from_version", *from).number("to_version", *to);
  co_return json_answer(body.json("differences", differences(before.get(), after.get())).take());
}

// What was approved and not revoked needs no new approval: the monitor looks at the digest.
Task<Answered> on_roll_back(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  const std::optional<std::int32_t> number = number_of(in.path[1]);
  if (!id || !number) co_return no_such("version");
  protocol::RollbackTool question{.tool = *id, .version = static_cast<std::uint32_t>(*number)};
  const protocol::ToolSaved saved = co_await ask_as(a, in, question);
  AdminRead shown{.query = AdminQuery::kTool, .subject = saved.id};
  Answered answer = co_await read(a, in, std::move(shown));
  co_return answer;
}

// By digest, as an approval: of what the tool is now, or of what it was.
Task<Answered> on_revoke_tool(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Fields fields(in.body.get(), {"digest", "reason"});
  const std::optional<wire::Digest> digest = fields.digest("digest");
  protocol::Revoke question{.tool = *id,
                            .reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("")};
  if (!fields.good()) co_return fields.refusal();
  question.digest = *digest;
  const protocol::ToolSaved saved = co_await ask_as(a, in, question);
  co_return json_answer(decided_json(saved));
}

}  // namespace mcpbox::admin
