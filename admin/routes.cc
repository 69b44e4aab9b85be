// Runs in admin.  Trusts nothing: each request passes the site's checks, the rate limit, the route's body
// limit and shape before a handler sees it; a handler cannot forget.
#include "admin/routes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "privsep/base/clock.h"
#include "privsep/http/connection.h"
#include "privsep/http/json_check.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
constexpr std::size_t kSmall = 64 * limits::kKiB;
constexpr auto kGet = Method::kGet;
constexpr auto kPost = Method::kPost;
constexpr auto kPatch = Method::kPatch;
constexpr auto kPut = Method::kPut;
constexpr auto kDelete = Method::kDelete;
constexpr auto kOpen = Needs::kNothing;
constexpr auto kIn = Needs::kSession;
constexpr auto kYes = Counts::kYes;
constexpr auto kFree = Counts::kNo;

// clang-format off
constexpr Route kRoutes[] = {
    // method  path                                        needs  counts body                 answered by           ok   group           takes             gives              query                                             what it does
    { kGet,    "/api/health",                              kOpen, kFree, 0,                   on_health,            200, "Service",      "",               "Health",          "",                                               "Whether MCPbox answers" },
    { kGet,    "/api/config",                              kOpen, kYes,  0,                   on_config,            200, "Service",      "",               "Config",          "",                                               "What a client must know before anybody signs in" },
    { kGet,    "/api/openapi.json",                        kOpen, kYes,  0,                   on_openapi,           200, "Service",      "",               "Document",        "",                                               "This description" },
    { kGet,    "/api/docs",                                kOpen, kYes,  0,                   on_docs,              200, "Service",      "",               "Page",            "",                                               "This description for people" },
    { kGet,    "/api/docs.css",                            kOpen, kYes,  0,                   on_docs_style,        200, "Service",      "",               "Style",           "",                                               "How it looks" },
    { kGet,    "/metrics",                                 kOpen, kYes,  0,                   on_metrics,           200, "Service",      "",               "Numbers",         "",                                               "Numbers for Prometheus: to a scraper on this machine, and to whoever is signed in" },
    { kPost,   "/api/auth/setup",                          kOpen, kYes,  kSmall,              on_set_up,            201, "Signing in",   "Setup",          "SignedIn",        "",                                               "Make the first admin with the setup code" },
    { kPost,   "/api/auth/login",                          kOpen, kYes,  kSmall,              on_login,             200, "Signing in",   "Login",          "SignedIn",        "",                                               "Sign in" },
    { kPost,   "/api/auth/logout",                         kIn,   kYes,  kSmall,              on_logout,            204, "Signing in",   "",               "",                "",                                               "End this session" },
    { kGet,    "/api/auth/me",                             kIn,   kYes,  0,                   on_me,                200, "Signing in",   "",               "Session",         "",                                               "Who is signed in" },
    { kGet,    "/api/auth/session",                        kOpen, kYes,  0,                   on_who,               200, "Signing in",   "",               "Who",             "",                                               "Who is signed in, or that nobody is: what a page asks first" },
    { kPost,   "/api/auth/change-password",                kIn,   kYes,  kSmall,              on_change_password,   204, "Signing in",   "PasswordChange", "",                "",                                               "Change one's own password; other sessions end" },
    { kGet,    "/api/sessions",                            kIn,   kYes,  0,                   on_list_sessions,     200, "Signing in",   "",               "SessionPage",     "page page_size",                                 "Who is signed in, everywhere" },
    { kDelete, "/api/sessions/{session_id}",               kIn,   kYes,  0,                   on_end_session,       204, "Signing in",   "",               "",                "",                                               "End a session" },
    { kGet,    "/api/admins",                              kIn,   kYes,  0,                   on_list_admins,       200, "Admins",       "",               "AdminPage",       "page page_size",                                 "Who may sign in" },
    { kPost,   "/api/admins",                              kIn,   kYes,  kSmall,              on_create_admin,      204, "Admins",       "AdminCreate",    "",                "",                                               "Make an admin, or give one a new password" },
    { kDelete, "/api/admins/{username}",                   kIn,   kYes,  0,                   on_remove_admin,      204, "Admins",       "",               "",                "",                                               "Remove an admin; its sessions end" },
    { kGet,    "/api/status",                              kIn,   kYes,  0,                   on_status,            200, "Overview",     "",               "Status",          "",                                               "Processes, jail layers, limits, warnings" },
    { kGet,    "/api/remote",                              kIn,   kYes,  0,                   on_remote,            200, "Overview",     "",               "RemoteAccess",    "",                                               "Which Worker is believed, and who may come through it: only mcpboxctl changes that" },
    { kGet,    "/api/dashboard",                           kIn,   kYes,  0,                   on_dashboard,         200, "Overview",     "",               "Dashboard",       "period",                                         "Numbers of 1h, 6h, 24h or 7d, and their course" },
    { kPost,   "/api/freeze",                              kIn,   kYes,  kSmall,              on_freeze,            204, "Overview",     "Reason",         "",                "",                                               "End every call and refuse new ones" },
    { kPost,   "/api/thaw",                                kIn,   kYes,  kSmall,              on_thaw,              204, "Overview",     "",               "",                "",                                               "Accept calls again" },
    { kGet,    "/api/servers",                             kIn,   kYes,  0,                   on_list_servers,      200, "Servers",      "",               "ServerPage",      "page page_size search",                          "Servers, newest first" },
    { kPost,   "/api/servers",                             kIn,   kYes,  kSmall,              on_create_server,     201, "Servers",      "ServerCreate",   "Server",          "",                                               "Create a server" },
    { kGet,    "/api/servers/{server_id}",                 kIn,   kYes,  0,                   on_get_server,        200, "Servers",      "",               "Server",          "",                                               "One server with its tools" },
    { kPatch,   "/api/servers/{server_id}",                  kIn,   kYes,  kSmall,              on_change_server,     200, "Servers",      "ServerUpdate",    "Server",          "",                                                "Rename it, describe it, set what its tools inherit" },
    { kDelete,  "/api/servers/{server_id}",                  kIn,   kYes,  0,                   on_delete_server,     204, "Servers",      "",                "",                "",                                                "Delete it with everything in it; calls in flight end" },
    { kPost,   "/api/servers/{server_id}/start",           kIn,   kYes,  kSmall,              on_start_server,      200, "Servers",      "",               "Lifecycle",       "",                                               "Offer its approved tools to clients" },
    { kPost,   "/api/servers/{server_id}/stop",            kIn,   kYes,  kSmall,              on_stop_server,       200, "Servers",      "",               "Lifecycle",       "",                                               "Offer none of its tools; calls in flight end" },
    { kGet,    "/api/servers/{server_id}/tools",           kIn,   kYes,  0,                   on_list_tools,        200, "Tools",        "",               "ToolPage",        "page page_size",                                 "Tools of a server, oldest first" },
    { kPost,   "/api/servers/{server_id}/tools",           kIn,   kYes,  limits::kBodyBytes,  on_create_tool,       201, "Tools",        "ToolCreate",     "Tool",            "",                                               "Write a tool; it begins as a draft" },
    { kGet,    "/api/servers/{server_id}/execution-logs",  kIn,   kYes,  0,                   on_server_executions, 200, "Executions",   "",               "ExecutionPage",   "page page_size search words outcome executed_by", "Calls of a server's tools" },
    { kGet,     "/api/servers/{server_id}/secrets",          kIn,   kYes,  0,                   on_list_secrets,      200, "Secrets",      "",               "SecretPage",      "page page_size",                                 "Secrets of a server, without their values" },
    { kPost,    "/api/servers/{server_id}/secrets",          kIn,   kYes,  kSmall,              on_create_secret,     201, "Secrets",      "SecretCreate",   "Secret",          "",                                               "Name a secret; its value comes later" },
    { kPut,     "/api/servers/{server_id}/secrets/{key_name}", kIn,   kYes,  kSmall,              on_set_secret,        200, "Secrets",      "SecretValue",    "Secret",          "",                                               "Give it a value, and where that may go; makes the key where it is missing" },
    { kDelete,  "/api/servers/{server_id}/secrets/{key_name}", kIn,   kYes,  0,                   on_delete_secret,     204, "Secrets",      "",               "",                "",                                               "Delete it; calls that could use it end" },
    { kPost,    "/api/servers/{server_id}/allowed-hosts",    kIn,   kYes,  kSmall,              on_add_host,          201, "Hosts",        "HostAdd",        "GrantDetail",     "",                                               "Let the tools of a server reach a host" },
    { kGet,    "/api/tools/{tool_id}",                     kIn,   kYes,  0,                   on_get_tool,          200, "Tools",        "",               "Tool",            "",                                               "One tool with its code" },
    { kPatch,  "/api/tools/{tool_id}",                     kIn,   kYes,  limits::kBodyBytes,  on_update_tool,       200, "Tools",        "ToolUpdate",     "Tool",            "",                                               "Change what is given and leave the rest" },
    { kDelete,  "/api/tools/{tool_id}",                      kIn,   kYes,  0,                   on_delete_tool,       204, "Tools",        "",                "",                "",                                                "Delete it with its versions and approvals; the audit stays" },
    { kPost,   "/api/tools/{tool_id}/submit",              kIn,   kYes,  kSmall,              on_submit_tool,       200, "Tools",        "Notes",          "Decided",         "",                                               "Ask for a review" },
    { kGet,    "/api/tools/{tool_id}/review",              kIn,   kYes,  0,                   on_review,            200, "Approvals",    "",               "Review",          "",                                               "Everything that an approval binds, what is new in it, and what is known about it" },
    { kGet,    "/api/tools/{tool_id}/versions",            kIn,   kYes,  0,                   on_list_versions,     200, "Tools",        "",               "VersionPage",     "page page_size",                                 "Versions, newest first" },
    { kGet,     "/api/tools/{tool_id}/versions/compare",     kIn,   kYes,  0,                   on_compare_versions,  200, "Tools",        "",                "Comparison",      "from_version to_version",                         "What is different between two versions" },
    { kGet,    "/api/tools/{tool_id}/versions/{number}",   kIn,   kYes,  0,                   on_get_version,       200, "Tools",        "",               "Version",         "",                                               "One version with its code" },
    { kPost,    "/api/tools/{tool_id}/versions/{number}/rollback", kIn,   kYes,  kSmall,              on_roll_back,         200, "Tools",        "",                "Tool",            "",                                                "Make it what it was; an approved digest needs no new approval" },
    { kGet,    "/api/tools/{tool_id}/approved",            kIn,   kYes,  0,                   on_get_approved,      200, "Approvals",    "",               "Approved",        "",                                               "The version that was last approved, to compare with" },
    { kGet,    "/api/tools/{tool_id}/logs",                kIn,   kYes,  0,                   on_tool_executions,   200, "Executions",   "",               "ExecutionPage",   "page page_size words outcome executed_by",       "Calls of a tool" },
    { kPost,   "/api/tools/validate-code",                 kIn,   kYes,  limits::kBodyBytes,  on_validate_code,     200, "Tools",        "Code",           "CodeReport",      "",                                               "Compile without running" },
    { kPost,   "/api/tools/test-code",                     kIn,   kYes,  limits::kBodyBytes,  on_test_code,         200, "Tools",        "TestRun",        "TestResult",      "",                                               "Run a tool's stored code in the jail, whatever its state" },
    { kGet,    "/api/approvals/stats",                     kIn,   kYes,  0,                   on_review_stats,      200, "Approvals",    "",               "ApprovalStats",   "",                                               "How many wait, and what was decided in seven days" },
    { kGet,    "/api/approvals/tools",                     kIn,   kYes,  0,                   on_list_reviews,      200, "Approvals",    "",               "ReviewPage",      "page page_size search status",                   "Tools by where they stand, longest waiting first" },
    { kPost,   "/api/approvals/tools/bulk-action",         kIn,   kYes,  kSmall,              on_decide_many,       200, "Approvals",    "BulkDecision",   "BulkResult",      "",                                               "Decide several, each with the digest that was shown" },
    { kPost,   "/api/approvals/tools/{tool_id}/action",    kIn,   kYes,  kSmall,              on_decide,            200, "Approvals",    "Decision",       "Decided",         "",                                               "Approve or reject exactly what was shown" },
    { kPost,    "/api/approvals/tools/{tool_id}/revoke",     kIn,   kYes,  kSmall,              on_revoke_tool,       200, "Approvals",    "Revocation",      "Decided",         "",                                                "Take the approval of a digest back; calls in flight end" },
    { kGet,     "/api/approvals/network",                    kIn,   kYes,  0,                   on_list_hosts,        200, "Hosts",        "",               "GrantPage",       "page page_size search grant_status server_id",   "Requests for hosts and grants of them, oldest first" },
    { kGet,     "/api/approvals/denied",                     kIn,   kYes,  0,                   on_list_denied,       200, "Hosts",        "",               "DeniedPage",      "page page_size server_id",                       "What tools tried and nobody approved, the latest first, each with the request that would allow it" },
    { kPost,    "/api/approvals/network/bulk-action",        kIn,   kYes,  kSmall,              on_decide_grants,     200, "Hosts",        "BulkGrantDecision", "BulkResult",      "",                                               "Decide several, each with the sequence that was shown" },
    { kGet,     "/api/approvals/network/{grant_id}",         kIn,   kYes,  0,                   on_get_host,          200, "Hosts",        "",               "GrantDetail",     "",                                               "One of them, and the approved tools that it reaches" },
    { kPost,    "/api/approvals/network/{grant_id}/action",  kIn,   kYes,  kSmall,              on_decide_host,       200, "Hosts",        "GrantDecision",  "Grant",           "",                                               "Approve, reject or revoke what was shown" },
    { kDelete,  "/api/approvals/network/{grant_id}",         kIn,   kYes,  0,                   on_forget_host,       204, "Hosts",        "",               "",                "",                                               "Forget one that is not approved" },
    { kGet,     "/api/approvals/modules",                    kIn,   kYes,  0,                   on_list_module_requests, 200, "Modules",      "",               "GrantPage",       "page page_size search grant_status server_id",   "Requests for modules and grants of them, oldest first" },
    { kPost,    "/api/approvals/modules/bulk-action",        kIn,   kYes,  kSmall,              on_decide_grants,     200, "Modules",      "BulkGrantDecision", "BulkResult",      "",                                               "Decide several, each with the sequence that was shown" },
    { kGet,     "/api/approvals/modules/{grant_id}",         kIn,   kYes,  0,                   on_get_module_request, 200, "Modules",      "",               "GrantDetail",     "",                                               "One of them, and the approved tools that it reaches" },
    { kPost,    "/api/approvals/modules/{grant_id}/action",  kIn,   kYes,  kSmall,              on_decide_module,     200, "Modules",      "GrantDecision",  "Grant",           "",                                               "Approve, reject or revoke what was shown" },
    { kDelete,  "/api/approvals/modules/{grant_id}",         kIn,   kYes,  0,                   on_forget_module,     204, "Modules",      "",               "",                "",                                               "Forget one that is not approved" },
    { kGet,     "/api/settings/security-policy",             kIn,   kYes,  0,                   on_read_settings,     200, "Settings",     "",               "SettingValues",   "",                                               "Every setting, what it decides, and the profiles" },
    { kPatch,   "/api/settings/security-policy",             kIn,   kYes,  kSmall,              on_change_settings,   200, "Settings",     "SettingChange",  "SettingValues",   "",                                               "Change what is given" },
    { kPatch,   "/api/settings/security-profile",            kIn,   kYes,  kSmall,              on_apply_profile,     200, "Settings",     "ProfileChange",  "SettingValues",   "",                                               "Apply a profile" },
    { kGet,     "/api/settings/modules",                     kIn,   kYes,  0,                   on_list_modules,      200, "Modules",      "",               "ModulePage",      "page page_size",                                 "What tools may import" },
    { kPost,    "/api/settings/modules",                     kIn,   kYes,  kSmall,              on_add_module,        201, "Modules",      "ModuleAdd",      "GrantDetail",     "",                                               "Let tools import a module" },
    { kGet,    "/api/execution-logs",                      kIn,   kYes,  0,                   on_list_executions,   200, "Executions",   "",               "ExecutionPage",   "page page_size search words server_id outcome executed_by", "Calls, newest first" },
    { kGet,    "/api/execution-logs/stats",                kIn,   kYes,  0,                   on_execution_stats,   200, "Executions",   "",               "ExecutionStats",  "period_hours",                                   "Numbers of the last hours" },
    { kGet,    "/api/logs/{call_id}",                      kIn,   kYes,  0,                   on_get_execution,     200, "Executions",   "",               "Execution",       "",                                               "One call's whole story" },
    { kGet,    "/api/activity",                            kIn,   kYes,  0,                   on_activity,          200, "Activity",     "",               "ActivityNews",    "after",                                          "What was recorded after a record, or the newest" },
    { kGet,    "/api/activity/stream",                     kIn,   kFree, 0,                   on_activity_stream,   200, "Activity",     "",               "Events",          "after",                                          "The same as server-sent events, as it happens" },
    { kGet,    "/api/audit",                               kIn,   kYes,  0,                   on_audit,             200, "Audit",        "",               "AuditPage",       "page page_size action subject",                  "The audit chain, newest first" },
    { kPost,    "/api/audit/verify",                         kIn,   kYes,  kSmall,              on_verify_audit,      200, "Audit",        "",               "AuditCheck",      "",                                               "Check the whole chain and its signed checkpoints" },
    { kGet,     "/api/audit/checkpoints",                    kIn,   kYes,  0,                   on_list_checkpoints,  200, "Audit",        "",               "CheckpointPage",  "page page_size",                                 "Signed checkpoints, newest first, and the public key" },
};
// clang-format on

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> path;
  std::string allowed;  // methods of this path, when the one asked for is not among them
};

Found find_route(Method method, std::string_view path) {
  Found found;
  for (const Route& route : kRoutes) {
    std::optional<std::vector<std::string>> parts = match(route.path, path);
    if (!parts) continue;
    if (route.method == method) return {.route = &route, .path = std::move(*parts)};
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(name_of(route.method));
  }
  return found;
}

std::string peer_of(const Exchange& exchange) {
  const std::shared_ptr<Connection> connection = exchange.connection();
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (!connection || ::getpeername(connection->fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = address.ss_family == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6&>(address).sin6_addr)
                          : &reinterpret_cast<sockaddr_in&>(address).sin_addr;
  return ::inet_ntop(address.ss_family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

void reply(const Admin& a, Exchange& exchange, Response response) {
  if (const std::string origin = a.site.cors_for(exchange.headers()); !origin.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Vary", "Origin");
  }
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  exchange.reply(response);
}

// What a browser asks before it lets a page of another origin ask.
Response preflight() {
  return {.status = 204,
          .headers = {{"Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE"},
                      {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
                      {"Access-Control-Max-Age", "600"}}};
}

Task<Nothing> run(Admin& a, const Route& route, Incoming in) {
  base::Result<Answered> answered = co_await attempt(route.answer(a, in));
  if (!answered)
    reply(a, *in.exchange, problem_of(answered.error()));
  else if (*answered)
    reply(a, *in.exchange, std::move(**answered));
  co_return Nothing{};
}

// The body as an object; nothing, and `wrong` says why, when it is not what the route takes.
Json body_of(const Route& route, const Exchange& exchange, std::optional<Response>& wrong) {
  if (route.takes.empty()) return nullptr;
  if (!is_json_type(exchange.headers().find("content-type").value_or("")))
    return wrong = problem(415, "Send the body as application/json."), nullptr;
  std::string why;
  Json body = parse_value(exchange.body(), &why);
  if (!body) return wrong = problem(400, "The body cannot be read: " + why + "."), nullptr;
  if (!json_is_object(body.get())) return wrong = problem(422, "The body must be a JSON object."), nullptr;
  return body;
}

void answer_api(Admin& a, const std::shared_ptr<Exchange>& exchange, const std::string& path) {
  Found found = find_route(exchange->head().method, path);
  if (found.route == nullptr) {
    if (found.allowed.empty())
      return reply(a, *exchange,
                   problem(404, "There is nothing at this path. /api/docs lists what there is."));
    Response response = problem(405, "This path answers " + found.allowed + " only.");
    response.headers.emplace_back("Allow", found.allowed);
    return reply(a, *exchange, std::move(response));
  }
  const Route& route = *found.route;
  Incoming in{.exchange = exchange, .path = std::move(found.path)};
  in.address = a.site.client_of(peer_of(*exchange), exchange->headers());
  if (std::optional<Token> token = token_of(exchange->headers())) in.session = std::move(token->text);
  if (route.counts == Counts::kYes) {
    const std::uint32_t wait = a.rates.charge(in.session, in.address, base::SystemClock().steady_ms());
    if (wait > 0) {
      Response response =
          problem(429, "Too many requests: try again in " + std::to_string(wait) + " seconds.");
      response.headers.emplace_back("Retry-After", std::to_string(wait));
      return reply(a, *exchange, std::move(response));
    }
  }
  if (route.needs == Needs::kSession && in.session.empty())
    return reply(a, *exchange, problem(401, kNotSignedIn));
  if (exchange->body().size() > std::max(route.body, std::size_t{2}))
    return reply(a, *exchange, problem(413, "The body is larger than this path takes."));
  std::optional<Query> query = Query::parse(exchange->head().query);
  if (!query) return reply(a, *exchange, problem(400, "The query of this URL is not well formed."));
  in.query = std::move(*query);
  std::optional<Response> wrong;
  in.body = body_of(route, *exchange, wrong);
  if (wrong) return reply(a, *exchange, std::move(*wrong));
  a.tasks.spawn(run(a, route, std::move(in)));
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::optional<std::vector<std::string>> match(std::string_view route_path, std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const std::string_view wanted = route_path.substr(0, route_path.find('/', 1));
    const std::string_view given = path.substr(0, path.find('/', 1));
    if (wanted.starts_with("/{")) {
      std::optional<std::string> part =
          percent_decoded(given.substr(std::min<std::size_t>(1, given.size())), false);
      if (!part || part->empty()) return std::nullopt;
      parts.push_back(std::move(*part));
    } else if (wanted != given) {
      return std::nullopt;
    }
    route_path.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
    if (route_path.empty() || path.empty()) break;
  }
  if (!route_path.empty() || !path.empty()) return std::nullopt;
  return parts;
}

void answer(Admin& a, const std::shared_ptr<Exchange>& exchange) {
  const auto passed = a.site.check(exchange->head());
  if (!passed) {
    Response response = problem(passed.error().status, passed.error().message);
    response.after = After::kClose;
    return exchange->reply(response);
  }
  const std::string path = a.site.below_root(exchange->head().path);
  const Method method = exchange->head().method;
  if (method == Method::kOptions) return reply(a, *exchange, preflight());
  if (path == "/api" || path.starts_with("/api/") || path == "/metrics") return answer_api(a, exchange, path);
  if (method != Method::kGet && method != Method::kHead)
    return reply(a, *exchange, problem(405, "This path answers GET only."));
  if (!a.files.empty()) return exchange->reply(a.files.answer(path, exchange->headers()));
  if (path != "/")
    return reply(a, *exchange,
                 problem(404, "The web UI is not installed; the API is described at /api/docs."));
  exchange->reply({.status = 302, .headers = {{"Location", a.site.root() + "/api/docs"}}});
}

std::string detail_body(std::string_view detail) { return R"({"detail":)" + quoted(detail) + "}"; }

Response problem(int status, std::string_view detail) {
  return {.status = status, .body = detail_body(detail)};
}

Response problem_of(const base::Error& error) {
  using enum base::Why;
  if (error.why == kCancelled && std::string_view(error.text) == kNotSignedIn)
    return problem(401, kNotSignedIn);
  constexpr std::pair<base::Why, int> kStatus[] = {
      {kInvalid, 422}, {kRefused, 403}, {kNotFound, 404}, {kConflict, 409}, {kBusy, 429}};
  for (const auto& [why, status] : kStatus) {
    if (why != error.why) continue;
    Response response = problem(status, error.text);
    if (status == 429) response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  Response response = problem(503, std::string("MCPbox cannot answer now: ") + error.text + ".");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace mcpbox::admin
