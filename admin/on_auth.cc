// Runs in admin: signing in and out, sessions, admins.  A password passes through here to the monitor and is
// kept nowhere.
#include <fcntl.h>

#include <algorithm>

#include "admin/fields.h"
#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/connection.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;

std::string client_of(const Incoming& in) {
  return fitting(in.exchange->headers().find("user-agent").value_or("unknown"), 128);
}

// The token goes into a cookie that no script can read; into the body only for who asks for it.
Answered signed_in(const Admin& a, const protocol::SessionGiven& session, bool as_token, int status) {
  Object body;
  body.text("username", session.admin).text("session_id", text_of(session.id));
  body.text("expires_at", time_text(session.expires_at_ms));
  constexpr std::int64_t kSeconds = limits::kAdminSessionMs / 1000;
  if (as_token)
    body.text("access_token", session.token).text("token_type", "bearer").number("expires_in", kSeconds);
  Response response{.status = status, .body = compact(body.take().get())};
  if (!as_token) response.headers.emplace_back("Set-Cookie", a.site.set_cookie(session.token, kSeconds));
  return response;
}

Json session_json(const protocol::SessionInfo& session) {
  Object one;
  one.text("id", text_of(session.id)).text("username", session.admin).text("client", session.client);
  one.text("address", session.address).text("created_at", time_text(session.created_at_ms));
  one.text("used_at", time_text(session.used_at_ms)).text("expires_at", time_text(session.expires_at_ms));
  return one.boolean("current", session.current).take();
}

// The one that `in` came in; nothing when there is none.
Task<Json> session_of(Admin& a, const Incoming& in) {
  protocol::ListSessions question;
  const protocol::SessionPage page = co_await ask_as(a, in, question);
  for (const protocol::SessionInfo& session : page.sessions)
    if (session.current) co_return session_json(session);
  co_return Json();
}

}  // namespace

Task<Answered> on_set_up(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"code", "username", "password", "token"});
  protocol::SetUp question{.code = fields.text("code", 1, 32),
                           .admin = fields.text("username", 3, 64),
                           .password = fields.text("password", limits::kPasswordMinChars, 256),
                           .client = client_of(in),
                           .address = std::string_view(in.address)};
  const bool as_token = fields.optional_boolean("token").value_or(false);
  if (!fields.good()) co_return fields.refusal();
  const protocol::SessionGiven session = co_await a.monitor->ask(question);
  a.rates.learn(session.token);
  co_return signed_in(a, session, as_token, 201);
}

Task<Answered> on_login(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"username", "password", "token"});
  protocol::SignIn question{.admin = fields.text("username", 1, 64),
                            .password = fields.text("password", 1, 256),
                            .client = client_of(in),
                            .address = std::string_view(in.address)};
  const bool as_token = fields.optional_boolean("token").value_or(false);
  if (!fields.good()) co_return fields.refusal();
  const std::shared_ptr<Connection> connection = in.exchange->connection();
  if (!connection) co_return base::fail(base::Why::kCancelled, "the client has left");
  question.connection.reset(::fcntl(connection->fd(), F_DUPFD_CLOEXEC, 0));
  if (!question.connection) co_return base::fail_errno("too many connections");
  const base::Result<protocol::SessionGiven> session = co_await attempt(a.monitor->ask(question));
  if (!session && session.error().why == base::Why::kRefused) co_return problem(401, session.error().text);
  if (!session) co_return std::unexpected(session.error());
  a.rates.learn(session->token);
  co_return signed_in(a, *session, as_token, 200);
}

Task<Answered> on_logout(Admin& a, const Incoming& in) {
  protocol::EndSession question;
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  a.rates.forget(in.session);
  Response response{.status = 204};
  response.headers.emplace_back("Set-Cookie", a.site.set_cookie("", 0));
  co_return response;
}

Task<Answered> on_me(Admin& a, const Incoming& in) {
  Json session = co_await session_of(a, in);
  if (!session) co_return problem(401, kNotSignedIn);
  co_return json_answer(std::move(session));
}

// Nobody is an answer like another here: a page that asks before anybody signed in has not failed.
Task<Answered> on_who(Admin& a, const Incoming& in) {
  Json session;
  if (!in.session.empty()) {
    base::Result<Json> found = co_await attempt(session_of(a, in));
    if (!found && std::string_view(found.error().text) != kNotSignedIn)
      co_return std::unexpected(found.error());
    if (found) session = std::move(*found);
  }
  Object body;
  body.json("session", session ? std::move(session) : Json(json_null()));
  co_return json_answer(body.take());
}

Task<Answered> on_change_password(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"current_password", "new_password"});
  protocol::ChangePassword question{.current = fields.text("current_password", 1, 256),
                                    .wanted = fields.text("new_password", limits::kPasswordMinChars, 256)};
  if (!fields.good()) co_return fields.refusal();
  const base::Result<protocol::Done> done = co_await attempt(ask_as(a, in, question));
  if (!done && done.error().why == base::Why::kRefused) co_return problem(400, done.error().text);
  if (!done) co_return std::unexpected(done.error());
  co_return no_content();
}

Task<Answered> on_list_sessions(Admin& a, const Incoming& in) {
  const std::optional<Page> page = page_of(in.query, limits::kPageDefault);
  if (!page) co_return page_problem();
  protocol::ListSessions question;
  const protocol::SessionPage all = co_await ask_as(a, in, question);
  const std::size_t total = all.sessions.size();
  const std::size_t begin = std::min<std::size_t>((std::size_t{page->page} - 1) * page->size, total);
  Json items(json_array());
  for (std::size_t i = begin; i < std::min(begin + page->size, total); ++i)
    append(items, session_json(all.sessions[i]));
  co_return json_answer(page_json(std::move(items), static_cast<std::uint32_t>(total), *page));
}

Task<Answered> on_end_session(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = id_of(in.path[0]);
  if (!id) co_return problem(404, "There is no session with this id.");
  protocol::EndSession question{.session = *id};
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

Task<Answered> on_create_admin(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"username", "password"});
  protocol::SetPassword question{.admin = fields.text("username", 3, 64),
                                 .password = fields.text("password", limits::kPasswordMinChars, 256)};
  if (!fields.good()) co_return fields.refusal();
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

Task<Answered> on_remove_admin(Admin& a, const Incoming& in) {
  if (in.path[0].size() > 64) co_return problem(404, "There is no admin of this name.");
  protocol::RemoveAdmin question{.admin = std::string_view(in.path[0])};
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

}  // namespace mcpbox::admin
