// Runs in admin: writing tools, trying them, asking for a review.
#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"
#include "privsep/http/redact.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;

// JSON that a child made: embedded when it is JSON, null otherwise.
Json child_json(std::string_view text) {
  Json value = text.empty() ? nullptr : parse_value(text);
  return value ? std::move(value) : Json(json_null());
}

Json report_json(const protocol::CodeReport& report) {
  Object body;
  body.boolean("valid", report.valid).boolean("has_main", report.has_main);
  if (report.problem.empty())
    body.null("error");
  else
    body.text("error", report.problem);
  body.number("line", report.line).json("parameters", child_json(report.parameters));
  body.json("input_schema", child_json(report.input_schema)).json("analysis", child_json(report.analysis));
  Json modules(json_array());
  for (const auto& module : report.modules)
    json_array_append_new(modules.get(), json_stringn(module.data(), module.size()));
  return body.json("modules", std::move(modules)).take();
}

Response bad_code(const protocol::CodeReport& report) {
  const std::string line = report.line == 0 ? "" : " (line " + std::to_string(report.line) + ")";
  return {.status = 422,
          .body = R"({"detail":[{"loc":["body","python_code"],"msg":)" + quoted(report.problem + line) +
                  R"(,"type":"value_error"}]})"};
}

}  // namespace

Task<Answered> on_create_tool(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  if (!server) co_return no_such("server");
  Fields fields(in.body.get(), {"name", "description", "python_code", "timeout_ms"});
  protocol::CreateTool question{.server = *server};
  protocol::ToolContent& content = question.content;
  content.name = fields.text("name", 1, limits::kNameBytes);
  content.description = fields.optional_text("description", 0, limits::kDescriptionChars).value_or("");
  content.code = fields.text("python_code", 1, limits::kCodeChars);
  const auto ms = fields.optional_number("timeout_ms", limits::kTimeoutMinMs, limits::kTimeoutMaxMs);
  content.timeout_ms = static_cast<std::uint32_t>(ms.value_or(0));
  if (!fields.good()) co_return fields.refusal();
  const protocol::ToolSaved saved = co_await ask_as(a, in, question);
  if (!saved.report.valid) co_return bad_code(saved.report);
  protocol::AdminRead shown{.query = protocol::AdminQuery::kTool, .subject = saved.id};
  Answered answer = co_await read(a, in, std::move(shown), 201);
  co_return answer;
}

Task<Answered> on_update_tool(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Fields fields(in.body.get(), {"name", "description", "python_code", "timeout_ms", "enabled"});
  protocol::UpdateTool question{.tool = *id};
  const auto give = [&question](protocol::Field field, auto& into, auto&& value) {
    if (!value) return;
    into = std::move(*value);
    question.given |= protocol::bit(field);
  };
  protocol::ToolContent& content = question.content;
  give(protocol::Field::kName, content.name, fields.optional_text("name", 1, limits::kNameBytes));
  give(protocol::Field::kDescription, content.description,
       fields.optional_text("description", 0, limits::kDescriptionChars));
  const bool has_code = fields.has("python_code");
  give(protocol::Field::kCode, content.code, fields.optional_text("python_code", 1, limits::kCodeChars));
  if (const auto ms = fields.optional_number("timeout_ms", limits::kTimeoutMinMs, limits::kTimeoutMaxMs)) {
    content.timeout_ms = static_cast<std::uint32_t>(*ms);
    question.given |= protocol::bit(protocol::Field::kTimeout);
  }
  question.enabled = fields.optional_boolean("enabled");
  if (!fields.good()) co_return fields.refusal();
  const protocol::ToolSaved saved = co_await ask_as(a, in, question);
  if (has_code && !saved.report.valid && !saved.report.problem.empty()) co_return bad_code(saved.report);
  protocol::AdminRead shown{.query = protocol::AdminQuery::kTool, .subject = *id};
  Answered answer = co_await read(a, in, std::move(shown));
  co_return answer;
}

Task<Answered> on_delete_tool(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  protocol::DeleteTool question{.tool = *id};
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return Response{.status = 204};
}

Task<Answered> on_submit_tool(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Fields fields(in.body.get(), {"notes"});
  protocol::RequestPublish question{
      .tool = *id, .notes = fields.optional_text("notes", 0, limits::kNotesChars).value_or("")};
  if (!fields.good()) co_return fields.refusal();
  const protocol::ToolSaved saved = co_await ask_as(a, in, question);
  co_return json_answer(decided_json(saved));
}

Task<Answered> on_validate_code(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"code"});
  protocol::ValidateCode question{.code = fields.text("code", 1, limits::kCodeChars)};
  if (!fields.good()) co_return fields.refusal();
  const protocol::CodeReport report = co_await ask_as(a, in, question);
  co_return json_answer(report_json(report));
}

Task<Answered> on_test_code(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"tool_id", "arguments"});
  const wire::Id tool = fields.id("tool_id");
  const json_t* arguments = json_object_get(in.body.get(), "arguments");
  if (arguments != nullptr && !json_is_object(arguments)) fields.wrong("arguments", "an object");
  if (!fields.good()) co_return fields.refusal();
  const Json none(json_object());
  if (arguments == nullptr) arguments = none.get();
  protocol::TestCode question{.request = random_id(),
                              .tool = tool,
                              .client = "web",
                              .arguments_log = redacted(arguments),
                              .arguments = compact(arguments)};
  const protocol::CallResult result = co_await ask_as(a, in, question);
  Object body;
  body.boolean("success", result.end == protocol::CallEnd::kOk).text("call_id", text_of(result.call));
  body.json("result", child_json(result.result));
  if (result.explanation.empty())
    body.null("error");
  else
    body.text("error", result.explanation);
  co_return json_answer(body.take());
}

}  // namespace mcpbox::admin
