// Runs in the monitor: who may sign in, and who is signed in.  Passwords are checked by a child that knows
// this one question.
#include <sys/random.h>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

constexpr base::Error kWrong{Why::kRefused, "wrong admin name or password"};

// A letter, then letters, digits, ".", "_" and "-".
bool is_admin_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kAll = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return name.size() >= 3 && name.size() <= limits::kAdminNameBytes &&
         kLetters.find(name[0]) != std::string_view::npos &&
         name.find_first_not_of(kAll) == std::string_view::npos;
}

// An empty hash: nobody can sign in with it.
loop::Task<> save_admin(Monitor& m, std::string by, std::string name, std::string hash, const char* action) {
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = std::move(by),
                     .action = action,
                     .subject = subject_of_admin(name),
                     .payload = name};
  const Store::MakeRows rows = [&m, &name, &hash](std::uint64_t sequence) {
    return std::vector<Statement>{
        {.sql = &sql::kUpsertAdmin,
         .params = {Param::text(name), Param::text(hash), Param::integer(static_cast<std::int64_t>(sequence)),
                    Param::digest(seal_of_admin(m.keys, name, hash, sequence))}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  co_return loop::Nothing{};
}

loop::Task<> set_password(Monitor& m, std::string by, std::string name, std::string password, wire::Id but) {
  if (!is_admin_name(name))
    co_return base::fail(Why::kInvalid,
                         "an admin's name has 3 to 64 characters: a letter, then letters, digits, . _ -");
  if (password.size() < limits::kPasswordMinChars)
    co_return base::fail(Why::kInvalid, "a password has at least 12 characters");
  const std::string hash = co_await m.passwords.hash(std::move(password));
  const loop::Nothing saved = co_await save_admin(m, by, name, hash, "set_password");
  static_cast<void>(saved);
  m.admins[name] = hash;
  m.admin_sessions.end_all_of(name, but, by);
  co_return loop::Nothing{};
}

}  // namespace

Answer<p::AdminState> on_get_admin_state(Monitor& m, Peer& /*asker*/, p::GetAdminState /*q*/) {
  co_return p::AdminState{.setup_required = m.admins.empty(), .may_decide = m.policy.decides_in_ui()};
}

Answer<p::SetupCode> on_make_setup_code(Monitor& m, Peer& asker, p::MakeSetupCode /*q*/) {
  if (!m.admins.empty())
    co_return base::fail(Why::kConflict,
                         "there is an admin already: sign in, or use mcpboxctl admin set-password");
  p::SetupCode made{.code = m.setup_code.make(m.clock.steady_ms()),
                    .expires_at_ms = m.clock.now_ms() + limits::kSetupCodeMs};
  AuditRecord record{
      .kind = AuditKind::kAuthentication, .actor = asker.person.who, .action = "make_setup_code"};
  const std::uint64_t sequence = co_await m.store.append(std::move(record));
  static_cast<void>(sequence);
  co_return made;
}

Answer<p::SessionGiven> on_set_up(Monitor& m, Peer& asker, p::SetUp q) {
  if (!m.admins.empty()) co_return base::fail(Why::kConflict, "MCPbox has been set up already: sign in");
  if (!m.setup_code.fits(q.code, m.clock.steady_ms()))
    co_return base::fail(Why::kRefused,
                         "the setup code is wrong or too old: `sudo mcpboxctl setup-code` shows a new one");
  const std::string name = q.admin;
  const loop::Nothing done = co_await set_password(m, "setup", name, std::string(q.password), wire::Id{});
  static_cast<void>(done);
  m.setup_code.forget();
  p::SessionGiven given =
      co_await m.admin_sessions.open(asker.instance, name, std::string(q.client), std::string(q.address));
  co_return given;
}

Answer<p::SessionGiven> on_sign_in(Monitor& m, Peer& asker, p::SignIn q) {
  const base::Result<std::uint32_t> uid = m.owner.uid_of(q.connection.get(), m.settings);
  if (!uid) co_return std::unexpected(uid.error());
  const std::string name = q.admin;
  const auto admin = m.admins.find(name);
  const Passwords::Attempt attempt{.uid = *uid, .account = admin == m.admins.end() ? std::string() : name};
  std::string hash = admin == m.admins.end() ? kNobodysHash : admin->second;
  const base::Result<loop::Nothing> right =
      co_await loop::attempt(m.passwords.check(attempt, std::string(q.password), std::move(hash)));
  if (right && m.admins.contains(name)) {
    p::SessionGiven given =
        co_await m.admin_sessions.open(asker.instance, name, std::string(q.client), std::string(q.address));
    co_return given;
  }
  if (!right && right.error().why != Why::kRefused) co_return std::unexpected(right.error());
  AuditRecord record{.kind = AuditKind::kAuthentication,
                     .actor = "uid:" + std::to_string(*uid),
                     .action = "sign_in_refused",
                     .payload = name};
  const std::uint64_t sequence = co_await m.store.append(std::move(record));
  static_cast<void>(sequence);
  co_return std::unexpected(right ? kWrong : right.error());
}

Answer<p::SessionPage> on_list_sessions(Monitor& m, Peer& asker, p::ListSessions /*q*/) {
  p::SessionPage page;
  for (const auto& [id, session] : m.admin_sessions.all())
    page.sessions.push_back({.id = id,
                             .admin = std::string_view(session.admin),
                             .client = std::string_view(session.client),
                             .address = std::string_view(session.address),
                             .created_at_ms = session.created_at_ms,
                             .used_at_ms = session.used_at_ms,
                             .expires_at_ms = session.expires_at_ms,
                             .current = id == asker.session});
  co_return page;
}

Answer<p::Done> on_end_session(Monitor& m, Peer& asker, p::EndSession q) {
  const wire::Id which = q.session == wire::Id{} ? asker.session : q.session;
  if (!m.admin_sessions.end(which, asker.person.who)) co_return base::fail(Why::kNotFound, "no such session");
  co_return p::Done{};
}

Answer<p::Done> on_change_password(Monitor& m, Peer& asker, p::ChangePassword q) {
  const AdminSession* session = m.admin_sessions.find(asker.session);
  if (session == nullptr) co_return base::fail(Why::kRefused, "sign in again");
  const std::string name = session->admin;
  const auto admin = m.admins.find(name);
  if (admin == m.admins.end()) co_return std::unexpected(kWrong);
  const Passwords::Attempt attempt{.uid = Passwords::kNoUid, .account = name};
  std::string hash = admin->second;
  const loop::Nothing right = co_await m.passwords.check(attempt, std::string(q.current), std::move(hash));
  static_cast<void>(right);
  const loop::Nothing done =
      co_await set_password(m, asker.person.who, name, std::string(q.wanted), asker.session);
  static_cast<void>(done);
  co_return p::Done{};
}

Answer<p::Done> on_set_password(Monitor& m, Peer& asker, p::SetPassword q) {
  const loop::Nothing done =
      co_await set_password(m, asker.person.who, std::string(q.admin), std::string(q.password), wire::Id{});
  static_cast<void>(done);
  co_return p::Done{};
}

Answer<p::Done> on_remove_admin(Monitor& m, Peer& asker, p::RemoveAdmin q) {
  const std::string name = q.admin;
  if (!m.admins.contains(name)) co_return base::fail(Why::kNotFound, "no admin of this name");
  if (m.admins.size() == 1)
    co_return base::fail(Why::kConflict, "this is the last admin: make another one first");
  m.admins.erase(name);  // takes authority away, so it acts first
  m.admin_sessions.end_all_of(name, wire::Id{}, asker.person.who);
  const loop::Nothing saved = co_await save_admin(m, asker.person.who, name, "", "set_password");
  static_cast<void>(saved);
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
