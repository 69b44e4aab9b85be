// The other side of the gateway's link: what may be granted.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {

using base::Why;

namespace {

// By what is asked for: each way in which a request can end.
p::GrantAsked asked_for(p::GrantKind kind, const std::string& name, std::uint16_t port) {
  p::GrantAsked answer;
  answer.grant = {
      .id = {4, 5, 6}, .kind = kind, .server_name = "demo", .tool_name = "echo", .name = name, .port = port};
  answer.grant.justification = "to ask \"it\"";
  answer.grant.requested_at_ms = 1'700'000'000'123;
  if (name.starts_with("covered")) answer.asked = p::Asked::kCovered;
  if (name.starts_with("waits")) answer.asked = p::Asked::kWaits;
  if (name.starts_with("rejected")) {
    answer.asked = p::Asked::kRejected;
    answer.grant.state = p::GrantState::kRejected;
    answer.grant.reason = "use the other one";
  }
  if (name.starts_with("json")) {
    answer.asked = p::Asked::kCovered;
    answer.grant.id = {};
  }
  return answer;
}

}  // namespace

void GatewayProcess::manage_authority(wire::Frame& frame) {
  const wire::Header head = frame.header;
  switch (static_cast<p::Op>(head.op)) {
    case p::Op::kRequestHost: {
      const p::RequestHost order = take<p::RequestHost>(frame, "RequestHost");
      if (order.tool == wire::Id{0xee}) return refuse(head, Why::kNotFound, "no tool with this tool_id");
      return reply(head, asked_for(p::GrantKind::kHost, order.host, order.port));
    }
    case p::Op::kRequestModule: {
      const p::RequestModule order = take<p::RequestModule>(frame, "RequestModule");
      return reply(head, asked_for(p::GrantKind::kModule, order.module, 0));
    }
    case p::Op::kListGrants: {
      const p::ListGrants question = take<p::ListGrants>(frame, "ListGrants");
      p::GrantPage page{.total = 2};
      page.grants.push_back(
          asked_for(question.filter.kind.value_or(p::GrantKind::kHost), "a.example", 443).grant);
      page.grants.push_back(asked_for(question.filter.kind.value_or(p::GrantKind::kModule), "yaml", 0).grant);
      if (!question.filter.state) page.grants[0].state = p::GrantState::kApproved;
      return reply(head, std::move(page));
    }
    case p::Op::kListModules: {
      (void)take<p::ListModules>(frame, "ListModules");
      p::ModulePage page{.total = 2, .custom = true};
      page.modules.push_back({.name = "json", .by_default = true});
      page.modules.push_back({.name = "yaml", .installed = false});
      return reply(head, std::move(page));
    }
    case p::Op::kCreateSecret: {
      const p::CreateSecret order = take<p::CreateSecret>(frame, "CreateSecret");
      if (order.key == "TAKEN")
        return refuse(head, Why::kConflict, "the server has a secret of this key already");
      return reply(
          head, p::SecretInfo{.key = order.key, .description = order.description, .binding = order.proposed});
    }
    case p::Op::kListSecrets: {
      (void)take<p::ListSecrets>(frame, "ListSecrets");
      p::SecretPage page{.server = {7}, .server_name = "demo", .total = 1};
      page.secrets.push_back({.key = "API_KEY", .has_value = true, .binding = {.host = "a.example"}});
      return reply(head, std::move(page));
    }
    default:
      ADD_FAILURE() << "the gateway asked for " << head.op;
      return refuse(head, Why::kInvalid, "not known");
  }
}

}  // namespace mcpbox::test
