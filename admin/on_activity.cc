// Runs in admin: what happens, as it happens.  The chain is the source: nothing that is recorded is missing,
// and a stream that was cut goes on where it was.  The monitor says what is new when it is durable; only what
// it does not keep any more is read from the database.  Each question is asked in the session of whoever
// watches, so a session that ends takes its streams with it.
#include <algorithm>
#include <charconv>

#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/audit/actions.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_activity.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
using protocol::AdminQuery;
using protocol::AdminRead;

constexpr std::int64_t kNewest = -1;
constexpr std::uint32_t kMostStreams = 64;  // open at a time; beyond: 503
constexpr std::int64_t kPauseMs = 1'000;    // when the monitor has too many watchers

// One more stream for as long as it lives.
class Watching {
 public:
  explicit Watching(std::uint32_t& count) : count_(count) { ++count_; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching() { --count_; }

 private:
  std::uint32_t& count_;
};

// Where to begin: after a record that the client has, or at the newest.  Nothing: not a number.
std::optional<std::int64_t> start_of(const Incoming& in) {
  const std::string text =
      in.query.find("after").value_or(std::string(in.exchange->headers().find("last-event-id").value_or("")));
  if (text.empty()) return kNewest;
  std::int64_t after = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
  if (error != std::errc() || end != text.data() + text.size() || after < 0) return std::nullopt;
  return after;
}

// The monitor counts from the first sequence that is wanted.
std::int64_t first_after(std::int64_t after) { return after == kNewest ? kNewest : after + 1; }

Task<Json> look(Admin& a, const Incoming& in, std::int64_t after) {
  AdminRead question{
      .query = AdminQuery::kAudit, .page_size = limits::kPageMax, .number = first_after(after)};
  const protocol::JsonText text = co_await ask_as(a, in, question);
  Json page = parse_object(text.json);
  if (!page) co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  co_return page;
}

void tell_one(Exchange& exchange, std::int64_t sequence, const json_t* item) {
  exchange.send("id: " + std::to_string(sequence) + "\nevent: activity\ndata: " + compact(item) + "\n\n");
}

// Sends what is new; returns the last sequence that the client has now.
std::int64_t tell(Exchange& exchange, const json_t* page) {
  const json_t* items = json_object_get(page, "items");
  for (std::size_t i = 0; i < json_array_size(items); ++i) {
    const json_t* item = json_array_get(items, i);
    const std::int64_t sequence = json_integer_value(json_object_get(item, "sequence"));
    tell_one(exchange, sequence, item);
  }
  return json_integer_value(json_object_get(page, "last"));
}

Json event_json(const protocol::ActivityEvent& event) {
  Object one;
  one.number("sequence", static_cast<std::int64_t>(event.number)).text("at", time_text(event.at_ms));
  std::string kind(audit::name_of_kind(event.kind));
  std::ranges::replace(kind, ' ', '_');
  one.text("kind", kind).text("actor", event.actor).text("action", event.action);
  one.null("subject");
  id_or_null(one, "call", event.call);
  one.number("number", event.value);
  text_or_null(one, "tool", event.subject);
  return one.text("says", event.says).take();
}

// What is new after `after`; returns the last sequence that the client has then.  Waits for news.
Task<std::int64_t> next_news(Admin& a, const Incoming& in, std::int64_t after) {
  protocol::WatchActivity question{.after = static_cast<std::uint64_t>(after),
                                   .wait_ms = limits::kKeepAliveSeconds * 1000};
  const base::Result<protocol::ActivityPage> page = co_await attempt(ask_as(a, in, question));
  const bool busy = !page && page.error().why == base::Why::kBusy;
  if (!page && !busy) co_return std::unexpected(page.error());
  if (busy) {
    const Nothing slept = co_await a.loop.sleep(kPauseMs);
    static_cast<void>(slept);
  }
  const bool kept = page && page->missed == 0 && page->next >= question.after;
  if (!kept) {
    const Json read = co_await look(a, in, after);
    co_return tell(*in.exchange, read.get());
  }
  for (const protocol::ActivityEvent& event : page->events)
    tell_one(*in.exchange, static_cast<std::int64_t>(event.number), event_json(event).get());
  if (page->events.empty()) in.exchange->send(": keep-alive\n\n");
  co_return static_cast<std::int64_t>(page->next);
}

Task<Nothing> watch(Admin& a, Incoming in, std::int64_t after) {
  const Watching place(a.streams);
  while (in.exchange->open()) {
    const base::Result<std::int64_t> last = co_await attempt(next_news(a, in, after));
    if (!last) break;
    after = *last;
  }
  in.exchange->end_stream();
  co_return Nothing{};
}

}  // namespace

Task<Answered> on_activity(Admin& a, const Incoming& in) {
  const std::optional<std::int64_t> after = start_of(in);
  if (!after) co_return problem(422, "after is the sequence of a record: 0 or more.");
  AdminRead question{
      .query = AdminQuery::kAudit, .page_size = limits::kPageMax, .number = first_after(*after)};
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_activity_stream(Admin& a, const Incoming& in) {
  std::optional<std::int64_t> after = start_of(in);
  if (!after) co_return problem(422, "after is the sequence of a record: 0 or more.");
  if (a.streams >= kMostStreams) {
    Response response = problem(503, "Too many event streams are open: close one.");
    response.headers.emplace_back("Retry-After", "10");
    co_return response;
  }
  const Json first = co_await look(a, in, *after);  // says 401 while there is still a status to say it with
  in.exchange->begin_stream({});
  in.exchange->send("retry: 2000\n\n");
  const std::int64_t last = tell(*in.exchange, first.get());
  Incoming kept{.exchange = in.exchange, .path = {}, .session = in.session, .address = in.address};
  a.tasks.spawn(watch(a, std::move(kept), last));
  co_return std::nullopt;
}

}  // namespace mcpbox::admin
