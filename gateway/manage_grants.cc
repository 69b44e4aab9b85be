// Runs in the gateways.  Trusts nothing from clients beyond what problem_with() has checked; the monitor
// decides, and a person grants.  Contract 2.2: get_server_modules, request_module, request_network_access,
// list_pending_requests.
#include "gateway/manage_grants.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

using protocol::Asked;
using protocol::GrantInfo;
using protocol::GrantKind;
using protocol::GrantState;
namespace limits = policy::limits;

std::string no_tool(const ManageCall& c) {
  return "Tool " + std::string(c.arguments.text("tool_id")) +
         " not found. Call mcpbox_list_tools with a server_id for the ids";
}

std::string place_of(const GrantInfo& grant) {
  if (grant.port == 0) return grant.name + " (any port)";
  const bool brackets = grant.name.find(':') != std::string::npos;
  return (brackets ? "[" + grant.name + "]" : std::string(grant.name)) + ":" + std::to_string(grant.port);
}

std::string named(const GrantInfo& grant) {
  return grant.kind == GrantKind::kHost ? "Host " + place_of(grant) : "Module " + grant.name;
}

// Why there is nothing to ask for.
std::string refusal(const protocol::GrantAsked& answer, std::string_view waits) {
  const GrantInfo& grant = answer.grant;
  const bool host = grant.kind == GrantKind::kHost;
  const std::string what = host ? "host " + place_of(grant) : "module_name " + grant.name;
  if (answer.asked == Asked::kWaits)
    return what + " was asked for already (request " + text_of(grant.id) + ") and waits for a person. " +
           std::string(waits);
  if (answer.asked == Asked::kRejected)
    return what + " was rejected: " + sentence(grant.reason) +
           " Find another way, or tell the user: an administrator can delete the rejection, then it may be "
           "asked "
           "for again";
  if (grant.id == wire::Id{} && host)
    return what +
           " needs no approval: the administrator allows every public host. Use it in the code with http";
  if (grant.id == wire::Id{})
    return what +
           " needs no approval: it is one of the default modules. Import it in the code, with "
           "mcpbox_update_tool";
  if (!host && !grant.installed)
    return what +
           " is approved already, but not installed on this machine: tell the user to install its Debian "
           "python3 package";
  return what + " is covered already by the approved " + (host ? "host " : "module ") +
         (host ? place_of(grant) : std::string(grant.name)) +
         ". Use it in the code: mcpbox_test_code or a call shows whether it works";
}

std::string asked_message(const protocol::GrantAsked& answer) {
  if (answer.asked == Asked::kGranted)
    return named(answer.grant) + " is approved by the administrator's policy." +
           (answer.grant.installed
                ? " The next call can import it."
                : " It is not installed on this machine: tell the user to install its Debian "
                  "python3 package.");
  return named(answer.grant) +
         " waits for a person now (for example with `mcpboxctl requests`). Tell the user, and look again "
         "with "
         "mcpbox_get_tool_status.";
}

Json strings(const std::vector<std::string>& texts) {
  Json list(json_array());
  for (const std::string& text : texts)
    json_array_append_new(list.get(), json_stringn(text.data(), text.size()));
  return list;
}

Object& put_page(Object& out, const ManageCall& c, std::int64_t total) {
  const std::int64_t size = c.arguments.number("page_size", limits::kPageDefault);
  return out.number("total", total)
      .number("page", c.arguments.number("page", 1))
      .number("page_size", size)
      .number("pages", (total + size - 1) / size);
}

Json request_of(const GrantInfo& grant, bool with_tool) {
  Object out;
  out.text("id", text_of(grant.id));
  if (grant.kind == GrantKind::kModule)
    out.text("module_name", grant.name).boolean("installed", grant.installed);
  else if (grant.port == 0)
    out.text("host", grant.name).null("port");
  else
    out.text("host", grant.name).number("port", grant.port);
  if (with_tool) out.text("tool_name", grant.tool_name).text("server_name", grant.server_name);
  out.text("status", protocol::name_of(grant.state));
  if (grant.reason.empty())
    out.null("rejection_reason");
  else
    out.text("rejection_reason", grant.reason);
  out.text("justification", grant.justification).text("requested_by", grant.requested_by);
  return out.text("created_at", iso_of(grant.requested_at_ms)).take();
}

Json requests_of(const std::vector<GrantInfo>& grants, GrantKind kind) {
  Json list(json_array());
  for (const GrantInfo& grant : grants)
    if (grant.kind == kind) json_array_append_new(list.get(), request_of(grant, false).release());
  return list;
}

}  // namespace

std::string iso_of(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm utc{};
  std::array<char, 64> text{};
  if (::gmtime_r(&seconds, &utc) == nullptr) return {};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(milliseconds % 1000));
  return text.data();
}

Task<std::vector<GrantInfo>> all_grants(const ManageCall& c, protocol::GrantFilter filter) {
  std::vector<GrantInfo> all;
  for (filter.page = 1;; ++filter.page) {
    filter.page_size = limits::kPageMax;
    protocol::ListGrants question{.ticket = c.call.in.ticket, .filter = filter};
    const protocol::GrantPage page = co_await c.call.g.monitor->ask(question);
    all.insert(all.end(), page.grants.begin(), page.grants.end());
    if (page.grants.empty() || all.size() >= page.total || all.size() >= limits::kGrantsPerServer) break;
  }
  co_return all;
}

Task<std::string> put_server_grants(const ManageCall& c, json_t* server) {
  if (server == nullptr) co_return std::string();
  protocol::GrantFilter filter{.server = c.arguments.id("server_id")};
  const base::Result<std::vector<GrantInfo>> grants = co_await attempt(all_grants(c, filter));
  if (!grants) co_return failed(grants.error()).problem;
  std::vector<std::string> hosts;
  std::int64_t modules = 0;
  std::int64_t network = 0;
  for (const GrantInfo& grant : *grants) {
    const bool host = grant.kind == GrantKind::kHost;
    if (grant.state == GrantState::kPending) ++(host ? network : modules);
    if (!host || grant.state != GrantState::kApproved) continue;
    hosts.push_back(grant.port == 0 ? std::string(grant.name) : place_of(grant));
  }
  Object pending;
  pending.number("modules", modules).number("network", network);
  json_object_set_new(server, "allowed_hosts", strings(hosts).release());
  json_object_set_new(server, "pending_requests", pending.take().release());
  co_return std::string();
}

Task<std::string> put_tool_grants(const ManageCall& c, json_t* tool) {
  if (tool == nullptr) co_return std::string();
  protocol::GrantFilter filter{.tool = c.arguments.id("tool_id")};
  const base::Result<std::vector<GrantInfo>> grants = co_await attempt(all_grants(c, filter));
  if (!grants) co_return failed(grants.error()).problem;
  json_object_set_new(tool, "module_requests", requests_of(*grants, GrantKind::kModule).release());
  json_object_set_new(tool, "network_access_requests", requests_of(*grants, GrantKind::kHost).release());
  co_return std::string();
}

Task<Managed> on_get_server_modules(const ManageCall& c) {
  protocol::ListModules question{.ticket = c.call.in.ticket, .page = c.arguments.number("page", 1)};
  question.page_size = c.arguments.number("page_size", limits::kPageMax);
  const protocol::ModulePage page = co_await c.call.g.monitor->ask(question);
  std::vector<std::string> allowed, missing;
  for (const protocol::ModuleInfo& module : page.modules) {
    allowed.emplace_back(module.name);
    if (!module.installed) missing.emplace_back(module.name);
  }
  Object out;
  out.boolean("is_custom_config", page.custom).json("allowed_modules", strings(allowed));
  out.json("default_modules",
           strings({std::begin(policy::kDefaultModules), std::end(policy::kDefaultModules)}));
  out.json("not_installed", strings(missing)).number("total_allowed", page.total);
  out.number("total", page.total).number("page", question.page).number("page_size", question.page_size);
  out.number("pages", (page.total + question.page_size - 1) / question.page_size);
  out.text(
      "description",
      "Tools of every server may import these modules, and what is inside them. Ask for another one with "
      "mcpbox_request_module. A module in not_installed is approved, but its Debian python3 package is not "
      "on this machine: tell the user.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_request_module(const ManageCall& c) {
  protocol::RequestModule order{.ticket = c.call.in.ticket, .tool = c.arguments.id("tool_id")};
  order.module = c.arguments.text("module_name");
  order.justification = c.arguments.text("justification");
  const base::Result<protocol::GrantAsked> answer = co_await attempt(c.call.g.monitor->ask(order));
  if (!answer) co_return failed(answer.error(), no_tool(c));
  if (answer->asked != Asked::kRecorded && answer->asked != Asked::kGranted)
    co_return Managed{.problem = refusal(*answer, "Look again with mcpbox_get_tool_status"),
                      .why = base::Why::kConflict};
  Object out;
  out.boolean("success", true).text("request_id", text_of(answer->grant.id));
  out.text("module_name", answer->grant.name).text("status", protocol::name_of(answer->grant.state));
  out.boolean("installed", answer->grant.installed).text("message", asked_message(*answer));
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_request_network_access(const ManageCall& c) {
  protocol::RequestHost order{.ticket = c.call.in.ticket, .tool = c.arguments.id("tool_id")};
  order.host = c.arguments.text("host");
  order.port = static_cast<std::uint16_t>(c.arguments.number("port", 0));
  order.justification = c.arguments.text("justification");
  const base::Result<protocol::GrantAsked> answer = co_await attempt(c.call.g.monitor->ask(order));
  if (!answer) co_return failed(answer.error(), no_tool(c));
  if (answer->asked != Asked::kRecorded && answer->asked != Asked::kGranted)
    co_return Managed{.problem = refusal(*answer, "Look again with mcpbox_get_tool_status"),
                      .why = base::Why::kConflict};
  Object out;
  out.boolean("success", true).text("request_id", text_of(answer->grant.id)).text("host", answer->grant.name);
  if (answer->grant.port == 0)
    out.null("port");
  else
    out.number("port", answer->grant.port);
  out.text("status", protocol::name_of(answer->grant.state)).text("message", asked_message(*answer));
  co_return Managed{.structured = out.take()};
}

namespace {

// One page of what waits, of one kind.
Task<protocol::GrantPage> pending_page(const ManageCall& c, GrantKind kind) {
  protocol::ListGrants question{.ticket = c.call.in.ticket};
  question.filter = {.kind = kind,
                     .state = GrantState::kPending,
                     .page = c.arguments.number("page", 1),
                     .page_size = c.arguments.number("page_size", limits::kPageDefault)};
  protocol::GrantPage page = co_await c.call.g.monitor->ask(question);
  co_return page;
}

Json listed(const protocol::GrantPage& page) {
  Json list(json_array());
  for (const GrantInfo& grant : page.grants)
    json_array_append_new(list.get(), request_of(grant, true).release());
  return list;
}

}  // namespace

Task<Managed> on_list_pending_requests(const ManageCall& c) {
  protocol::Read question{.ticket = c.call.in.ticket, .query = protocol::Query::kPendingTools};
  question.page = c.arguments.number("page", 1);
  question.page_size = c.arguments.number("page_size", limits::kPageDefault);
  const protocol::JsonText text = co_await c.call.g.monitor->ask(question);
  const Json tools = parse_object(text.json);
  json_t* pending = json_object_get(tools.get(), "pending_tools");
  if (!json_is_array(pending)) co_return not_json();
  const protocol::GrantPage modules = co_await pending_page(c, GrantKind::kModule);
  const protocol::GrantPage hosts = co_await pending_page(c, GrantKind::kHost);
  const std::int64_t of_tools = json_integer_value(json_object_get(tools.get(), "total"));
  const std::int64_t longest = std::max<std::int64_t>({of_tools, modules.total, hosts.total});
  Object summary, out;
  summary.number("tools", of_tools).number("modules", modules.total).number("network", hosts.total);
  summary.number("total", of_tools + modules.total + hosts.total);
  out.json("pending_tools", Json(json_incref(pending))).json("pending_module_requests", listed(modules));
  out.json("pending_network_requests", listed(hosts)).json("summary", summary.take());
  put_page(out, c, longest);
  out.text("message",
           "A person decides on these, for example with `mcpboxctl pending` and `mcpboxctl requests`. "
           "Each page shows up to page_size entries of each of the three lists.");
  co_return Managed{.structured = out.take()};
}

}  // namespace mcpbox::gateway
