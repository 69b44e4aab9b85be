// Everything that the answers use, built once and passed by reference.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/query.h"
#include "admin/rates.h"
#include "admin/site.h"
#include "admin/ui_files.h"
#include "privsep/base/log.h"
#include "privsep/http/exchange.h"
#include "privsep/http/json.h"
#include "privsep/loop/link.h"
#include "privsep/loop/loop.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_admin.h"

namespace mcpbox::admin {

using namespace http;
using loop::Nothing;
using loop::Task;

struct Admin {
  Admin(loop::Loop& event_loop, const base::Log& process_log, Site this_site, UiFiles ui)
      : loop(event_loop), log(process_log), site(std::move(this_site)), files(std::move(ui)) {}

  loop::Loop& loop;
  const base::Log& log;
  std::unique_ptr<loop::Link> monitor;
  std::string version;  // of MCPbox, from the monitor
  Site site;
  UiFiles files;
  Rates rates;
  std::string openapi;        // made from the route table
  std::uint32_t streams = 0;  // event streams that are open
  bool verifying = false;     // the audit chain is being checked
  loop::TaskSet tasks;
};

// A request on its way to its answer.
struct Incoming {
  std::shared_ptr<Exchange> exchange;
  std::vector<std::string> path;  // what stands for {...} in the route's path, in order
  Query query;
  Json body;            // an object, where the route takes one
  std::string session;  // the token that came with it; empty: none
  std::string address;  // of the client, as far as proxies are trusted
};

// Nothing when the handler has dealt with the exchange itself (streams).
using Answered = std::optional<Response>;

inline Answered json_answer(Json value, int status = 200) {
  return Response{.status = status, .body = compact(value.get())};
}
inline Answered no_content() { return Response{.status = 204}; }
// {"detail": ...}, the shape of every error here.
[[nodiscard]] std::string detail_body(std::string_view detail);
[[nodiscard]] Response problem(int status, std::string_view detail);
// What the monitor said no to.
[[nodiscard]] Response problem_of(const base::Error& error);

// Literals of errors that mean something to run(): base::Error carries nothing else.
inline constexpr const char* kNotSignedIn = "Sign in first.";

// Asks the monitor as whoever holds this request's session.
//   errors  kCancelled with kNotSignedIn: there is no such session; others are the monitor's
template <class Question>
Task<typename Question::Reply> ask_as(Admin& a, const Incoming& in, Question& question) {
  base::Result<wire::Frame> inner = wire::encode(question);
  if (!inner) co_return std::unexpected(inner.error());
  protocol::InSession envelope{.session = std::string_view(in.session),
                               .op = static_cast<std::uint16_t>(Question::kOp),
                               .request = std::move(inner->payload)};
  protocol::SessionReply answer = co_await a.monitor->ask(envelope);
  if (!answer.signed_in) {
    a.rates.forget(in.session);
    co_return base::fail(base::Why::kCancelled, kNotSignedIn);
  }
  a.rates.learn(in.session);
  wire::Frame frame;
  frame.payload = std::move(answer.reply);
  co_return wire::decode<typename Question::Reply>(frame);
}

}  // namespace mcpbox::admin
