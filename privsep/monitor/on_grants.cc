// Runs in the monitor: what callers ask for, and lists.  Asking gives nothing: a row waits for a person.
#include <algorithm>
#include <expected>
#include <string>
#include <utility>

#include "policy/hosts.h"
#include "privsep/monitor/granting.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
using p::GrantKind;
using p::GrantState;
namespace limits = policy::limits;

namespace {

Param id_or_null(const wire::Id& id) { return id == kNoId ? Param::null() : Param::uuid(id); }

Statement put_statement(const Keys& keys, const Grant& grant) {
  return {.sql = &sql::kPutGrant,
          .params = {
              Param::uuid(grant.id), Param::text(p::name_of(grant.kind)),
              Param::text(p::name_of(grant.state)), id_or_null(grant.server), id_or_null(grant.tool),
              Param::text(grant.name), Param::integer(grant.port), Param::integer(grant.methods),
              Param::text(grant.path), Param::boolean(grant.private_too), Param::boolean(grant.from_admin),
              Param::text(grant.justification), Param::text(grant.requested_by),
              Param::integer(grant.requested_at_ms), Param::text(grant.decided_by), Param::text(grant.reason),
              Param::integer(grant.decided_at_ms), Param::integer(static_cast<std::int64_t>(grant.sequence)),
              Param::digest(seal_of_grant(keys, grant))}};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

base::Result<void> check_request(const Monitor& m, const Grant& wanted) {
  if (characters(wanted.justification) < limits::kJustificationMinChars)
    return base::fail(
        Why::kInvalid,
        "justification must say in at least 10 characters what the tool needs this for: a person "
        "decides by it");
  if (characters(wanted.justification) > limits::kNotesChars)
    return base::fail(Why::kInvalid, "justification has at most 2000 characters: shorten it");
  if (m.grants.count() >= limits::kGrants || m.grants.count_of(wanted.server) >= limits::kGrantsPerServer)
    return base::fail(
        Why::kBusy,
        "too many hosts and modules were asked for here already: an administrator must delete some "
        "requests first");
  return {};
}

// What makes asking pointless, if anything.
std::optional<p::GrantAsked> answered_already(const Monitor& m, const Grant& wanted) {
  const bool host = wanted.kind == GrantKind::kHost;
  const Grant* covering =
      host ? m.grants.for_host(wanted.server, wanted.name, wanted.port) : m.grants.for_module(wanted.name);
  // A grant for some methods or paths leaves something to ask for, and so does one that leaves the private
  // addresses closed of a host that may have one: its refusal tells the tool's author to ask.
  const bool closed = host && wanted.port != 0 && policy::may_be_private(wanted.name);
  const bool whole = covering != nullptr && covering->methods == 0 && covering->path.empty() &&
                     (covering->private_too || !closed);
  if (whole) return p::GrantAsked{.asked = p::Asked::kCovered, .grant = info_of(m, *covering)};
  const bool by_default = host ? m.policy.all_public() && !policy::may_be_private(wanted.name)
                               : importable(m.grants, wanted.name);
  if (by_default) {
    p::GrantInfo info = info_of(m, wanted);
    info.id = kNoId;
    return p::GrantAsked{.asked = p::Asked::kCovered, .grant = std::move(info)};
  }
  if (const Grant* waits = m.grants.same(wanted, GrantState::kPending))
    return p::GrantAsked{.asked = p::Asked::kWaits, .grant = info_of(m, *waits)};
  if (const Grant* rejected = m.grants.same(wanted, GrantState::kRejected))
    return p::GrantAsked{.asked = p::Asked::kRejected, .grant = info_of(m, *rejected)};
  return std::nullopt;
}

// A pending row is in memory at once, since it allows nothing and a second request must see it; one that the
// policy approves becomes so when it is durable.
loop::Task<p::GrantAsked> ask_for(Monitor& m, Principal caller, Grant wanted) {
  wanted.requested_by = caller.who;
  wanted.requested_at_ms = m.clock.now_ms();
  const base::Result<void> fits = check_request(m, wanted);
  if (!fits) co_return std::unexpected(fits.error());
  if (std::optional<p::GrantAsked> already = answered_already(m, wanted)) co_return std::move(*already);
  m.grants.put(wanted);
  const GrantMark mark(m.grants, wanted.id);
  const bool automatic =
      wanted.kind == GrantKind::kModule && m.policy.approves_modules() && caller.origin == Origin::kLocal;
  Grant next = wanted;
  if (automatic) {
    next.state = GrantState::kApproved;
    next.decided_by = "auto_approve";
    next.decided_at_ms = wanted.requested_at_ms;
  }
  AuditRecord record = record_of(m, automatic ? AuditKind::kDecision : AuditKind::kConfiguration, caller.who,
                                 automatic ? "approve_grant" : "request_grant", next);
  const base::Result<Grant> saved = co_await loop::attempt(save_grant(m, std::move(record), std::move(next)));
  if (!saved) m.grants.erase(wanted.id);
  if (!saved) co_return std::unexpected(saved.error());
  co_return p::GrantAsked{.asked = automatic ? p::Asked::kGranted : p::Asked::kRecorded,
                          .grant = info_of(m, *saved)};
}

constexpr base::Error kNoTool{Why::kNotFound, "no tool with this tool_id: see mcpbox_list_tools"};

constexpr char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool has(std::string_view text, std::string_view search) {
  return !std::ranges::search(text, search, {}, small, small).empty();
}

bool shows(const Monitor& m, const Grant& grant, std::string_view search) {
  if (search.empty() || has(grant.name, search) || has(grant.justification, search)) return true;
  const auto tool = m.catalogue.tools().find(grant.tool);
  if (tool != m.catalogue.tools().end()) return has(m.catalogue.published_name(tool->second), search);
  const auto server = m.catalogue.servers().find(grant.server);
  return server != m.catalogue.servers().end() && has(server->second.name, search);
}

}  // namespace

p::GrantInfo info_of(const Monitor& m, const Grant& grant) {
  p::GrantInfo info{.id = grant.id, .kind = grant.kind, .state = grant.state, .server = grant.server};
  if (const auto server = m.catalogue.servers().find(grant.server); server != m.catalogue.servers().end())
    info.server_name = std::string_view(server->second.name);
  info.tool = grant.tool;
  if (const auto tool = m.catalogue.tools().find(grant.tool); tool != m.catalogue.tools().end())
    info.tool_name = std::string_view(tool->second.name);
  info.name = std::string_view(grant.name);
  info.port = grant.port;
  info.methods = grant.methods;
  info.path = std::string_view(grant.path);
  info.private_too = grant.private_too;
  info.from_admin = grant.from_admin;
  info.installed = grant.kind == GrantKind::kHost || m.modules.installed(grant.name);
  info.justification = std::string_view(grant.justification);
  info.requested_by = std::string_view(grant.requested_by);
  info.requested_at_ms = grant.requested_at_ms;
  info.decided_by = std::string_view(grant.decided_by);
  info.reason = std::string_view(grant.reason);
  info.decided_at_ms = grant.decided_at_ms;
  info.sequence = grant.sequence;
  return info;
}

base::Result<p::GrantPage> page_of(const Monitor& m, const p::GrantFilter& filter, std::string_view search) {
  if (filter.page == 0 || filter.page_size == 0 || filter.page_size > limits::kPageMax)
    return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  const std::vector<const Grant*> chosen = m.grants.chosen([&](const Grant& grant) {
    return (!filter.kind || grant.kind == *filter.kind) && (!filter.state || grant.state == *filter.state) &&
           (!filter.server || grant.server == *filter.server) &&
           (!filter.tool || grant.tool == *filter.tool) && shows(m, grant, search);
  });
  p::GrantPage page{.total = static_cast<std::uint32_t>(chosen.size())};
  const std::uint64_t first = std::uint64_t{filter.page - 1} * filter.page_size;
  for (std::uint64_t i = first; i < chosen.size() && i < first + filter.page_size; ++i)
    page.grants.push_back(info_of(m, *chosen[i]));
  return page;
}

AuditRecord record_of(const Monitor& m, AuditKind kind, std::string who, const char* action,
                      const Grant& grant) {
  std::string payload = text_of(grant);
  if (const auto server = m.catalogue.servers().find(grant.server); server != m.catalogue.servers().end())
    payload += " for " + server->second.name;
  if (grant.private_too) payload += ", private addresses too";
  if (!grant.reason.empty()) payload += ": " + grant.reason;
  payload.resize(std::min(payload.size(), limits::kAuditPayloadBytes));
  return {.kind = kind,
          .actor = std::move(who),
          .action = action,
          .subject = grant.id,
          .payload = std::move(payload)};
}

loop::Task<Grant> save_grant(Monitor& m, AuditRecord record, Grant next) {
  const Store::MakeRows rows = [&m, &next](std::uint64_t sequence) {
    next.sequence = sequence;
    return std::vector<Statement>{put_statement(m.keys, next)};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  next.sequence = sequence;
  if (m.grants.find(next.id) == nullptr)
    co_return base::fail(Why::kNotFound, "its server was deleted meanwhile");
  m.grants.put(next);
  co_return next;
}

Answer<p::GrantAsked> on_request_host(Monitor& m, Peer& asker, p::RequestHost q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return std::unexpected(kNoTool);
  std::expected<std::string, const char*> host = policy::host_name(q.host, policy::HostAuthor::kCaller);
  if (!host) co_return base::fail(Why::kInvalid, host.error());
  if (!policy::can_be_approved(*host))
    co_return base::fail(Why::kInvalid,
                         "host is an address that tools never connect to, whoever approves it: request the "
                         "host's name, or its address on the internet or in the local network");
  Grant wanted{.id = random_id(), .kind = GrantKind::kHost, .server = tool->server, .tool = tool->id};
  wanted.name = std::move(*host);
  wanted.port = q.port;
  wanted.justification = q.justification;
  p::GrantAsked asked = co_await ask_for(m, *caller, std::move(wanted));
  co_return asked;
}

Answer<p::GrantAsked> on_request_module(Monitor& m, Peer& asker, p::RequestModule q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return std::unexpected(kNoTool);
  if (!policy::is_module_path(q.module))
    co_return base::fail(Why::kInvalid,
                         "module_name must be the name as it stands in an import statement, such as yaml or "
                         "xml.sax: not the name of a package file, and without spaces");
  Grant wanted{.id = random_id(), .kind = GrantKind::kModule, .server = tool->server, .tool = tool->id};
  // What is approved is what can be loaded: a whole top-level package.
  wanted.name =
      policy::is_default_module(q.module) ? std::string_view(q.module) : policy::top_level(q.module);
  wanted.justification = q.justification;
  p::GrantAsked asked = co_await ask_for(m, *caller, std::move(wanted));
  co_return asked;
}

Answer<p::GrantPage> on_list_grants(Monitor& m, Peer& asker, p::ListGrants q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  base::Result<p::GrantPage> page = page_of(m, q.filter);
  co_return page;
}

Answer<p::ModulePage> on_list_modules(Monitor& m, Peer& asker, p::ListModules q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (q.page == 0 || q.page_size == 0 || q.page_size > limits::kPageMax)
    co_return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  std::map<std::string, p::ModuleInfo, std::less<>> all;
  const std::vector<std::string> approved = m.grants.modules();
  for (const std::string& name : approved)
    all[name] = {.name = std::string_view(name), .installed = m.modules.installed(name)};
  for (const std::string_view name : policy::kDefaultModules)
    all[std::string(name)] = {.name = name, .by_default = true};
  p::ModulePage page{.total = static_cast<std::uint32_t>(all.size()), .custom = !approved.empty()};
  const std::uint64_t first = std::uint64_t{q.page - 1} * q.page_size;
  std::uint64_t place = 0;
  for (const auto& [name, info] : all) {
    if (place >= first && place < first + q.page_size) page.modules.push_back(info);
    ++place;
  }
  co_return page;
}

}  // namespace mcpbox::monitor
