// Runs in admin: what tools tried and nobody approved, as requests that a person can grant in one step.  A
// host is what a tool wrote: text, read by nobody here; AddHost reads it when a person sends it.
#include "admin/reads.h"
#include "admin/routes.h"
#include "policy/hosts.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::admin {

namespace limits = policy::limits;
using protocol::AdminQuery;

namespace {

// The body of POST /api/servers/{server_id}/allowed-hosts that would allow it, and no more than that.
Json request_of(const json_t* denied) {
  const std::string host(http::text_of(json_object_get(denied, "host")));
  const json_int_t times = json_integer_value(json_object_get(denied, "times"));
  Object request;
  request.text("host", host).number("port", json_integer_value(json_object_get(denied, "port")));
  // Of a name of everybody's that leads into the local network, only the refusal in spite of an approval
  // tells.
  const bool in_spite = json_is_true(json_object_get(denied, "approved"));
  request.boolean("private_too", in_spite || policy::may_be_private(host));
  const std::string often = times == 1 ? " tried it once" : " tried it " + std::to_string(times) + " times";
  request.text("justification", std::string(http::text_of(json_object_get(denied, "tool"))) + often);
  return request.take();
}

}  // namespace

Task<Answered> on_list_denied(Admin& a, const Incoming& in) {
  protocol::AdminRead question{.query = AdminQuery::kDenied};
  if (!take_page(in, question, limits::kPageDefault)) co_return page_problem();
  question.search = "";  // there it names a server
  if (const std::optional<std::string> server = in.query.find("server_id")) {
    const std::optional<wire::Id> id = id_of(*server);
    if (!id) co_return problem(422, "server_id is a UUID.");
    question.subject = *id;
  }
  const protocol::JsonText answer = co_await ask_as(a, in, question);
  if (check_json(answer.json, JsonUse::kRead) != JsonKind::kObject)
    co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  Json page = parse_object(answer.json);
  const json_t* items = json_object_get(page.get(), "items");
  for (std::size_t i = 0; i < json_array_size(items); ++i) {
    json_t* one = json_array_get(items, i);
    json_object_set_new(one, "request", request_of(one).release());
  }
  co_return json_answer(std::move(page));
}

}  // namespace mcpbox::admin
