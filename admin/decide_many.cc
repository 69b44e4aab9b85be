// Runs in admin: the loop over several decisions.  What decides, and checks what was shown, is the monitor.
#include "admin/decide_many.h"

#include "admin/shapes.h"
#include "privsep/http/ids.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
constexpr std::size_t kMostAtOnce = 100;

// The action and the reason that all of them share; nothing of `body` else.
Chosen shared_of(Fields& fields, const json_t* elements, const char* list, const char* shown) {
  Chosen all;
  all.action = fields.word("action", {"approve", "reject"});
  all.reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("");
  const std::size_t count = json_array_size(elements);
  if (!json_is_array(elements) || count == 0 || count > kMostAtOnce)
    fields.wrong(list, std::string("1 to 100 of {id, ") + shown + "}");
  if (all.action == "reject" && all.reason.empty())
    fields.wrong("reason", "a rejection needs one that the author can act on");
  return all;
}

}  // namespace

Task<Answered> decide_each(const Incoming& in, const char* list, const char* shown, DecideOne decide) {
  Fields fields(in.body.get(), {list, "action", "reason"});
  const json_t* elements = json_object_get(in.body.get(), list);
  Chosen one = shared_of(fields, elements, list, shown);
  if (!fields.good()) co_return fields.refusal();
  Json failed(json_array());
  std::int64_t done = 0;
  for (std::size_t i = 0; i < json_array_size(elements); ++i) {
    one.shown = json_array_get(elements, i);
    const std::string written(http::text_of(json_object_get(one.shown, "id")));
    const std::optional<wire::Id> id = id_of(written);
    std::string why = "id must be a UUID";
    if (id) {
      one.id = *id;
      const base::Result<Nothing> decided = co_await attempt(decide(one));
      if (!decided && decided.error().why == base::Why::kCancelled)
        co_return std::unexpected(decided.error());
      done += decided ? 1 : 0;
      if (decided) continue;
      why = decided.error().text;
    }
    Object problem;
    problem.text("id", fitting(written, 64)).text("error", why);
    append(failed, problem.take());
  }
  Object body;
  body.boolean("success", json_array_size(failed.get()) == 0).number("processed_count", done);
  co_return json_answer(body.json("failed", std::move(failed)).take());
}

}  // namespace mcpbox::admin
