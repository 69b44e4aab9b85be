// Mirrors privsep/monitor/grants.cc, modules.cc, on_grants.cc and on_grant_decisions.cc.
#include "privsep/monitor/granting.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
using protocol::Asked;
using protocol::GrantKind;
using protocol::GrantState;
using protocol::GrantVerdict;
using protocol::Role;
using protocol::State;

constexpr const char* kBecause = "the tool asks the weather service";

class GrantTest : public MonitorTest {
 public:
  GrantTest() { root->person = {.who = "root", .uid = 0}; }

  base::Result<protocol::GrantAsked> ask_host(const std::string& host, std::uint16_t port = 0) {
    return finish(on_request_host(monitor, *gateway,
                                  {.ticket = ticket_for(gateway),
                                   .tool = tool_id,
                                   .host = host,
                                   .port = port,
                                   .justification = kBecause}));
  }
  base::Result<protocol::GrantAsked> ask_module(const std::string& module) {
    return finish(on_request_module(
        monitor, *gateway,
        {.ticket = ticket_for(gateway), .tool = tool_id, .module = module, .justification = kBecause}));
  }
  base::Result<protocol::GrantInfo> decide(const protocol::GrantInfo& grant, GrantVerdict verdict,
                                           const std::string& reason = "", bool private_too = false) {
    return finish(on_decide_grant(monitor, *root,
                                  {.grant = grant.id,
                                   .sequence = grant.sequence,
                                   .verdict = verdict,
                                   .private_too = private_too,
                                   .reason = reason}));
  }
  protocol::GrantInfo granted(const std::string& host, std::uint16_t port = 0) {
    const auto asked = ask_host(host, port);
    EXPECT_TRUE(asked && asked->asked == Asked::kRecorded);
    const auto approved = decide(asked->grant, GrantVerdict::kApprove);
    EXPECT_TRUE(approved.has_value());
    return *approved;
  }
  base::Result<protocol::GrantDetail> add_host(const protocol::AddHost& order) {
    return finish(on_add_host(monitor, *root, order));
  }

  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::shared_ptr<Peer> gateway = peer(Role::kNetLocal, State::kServing);
};

TEST_F(GrantTest, ARequestGivesNothingUntilAPersonApproves) {
  const auto asked = ask_host("API.Example.com.", 443);
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->grant.name, "api.example.com");
  EXPECT_EQ(asked->grant.requested_by, "unix:alice");
  EXPECT_EQ(monitor.grants.for_host(server_id, "api.example.com", 443), nullptr);
  ASSERT_TRUE(decide(asked->grant, GrantVerdict::kApprove).has_value());
  ASSERT_NE(monitor.grants.for_host(server_id, "api.example.com", 443), nullptr);
  EXPECT_EQ(monitor.grants.for_host(server_id, "api.example.com", 80), nullptr);
  EXPECT_EQ(monitor.grants.for_host(server_id, "x.api.example.com", 443), nullptr);
  EXPECT_EQ(monitor.grants.for_host(wire::Id{9}, "api.example.com", 443), nullptr) << "another server's";
  EXPECT_EQ(store.count(AuditKind::kDecision), 1U);
  EXPECT_EQ(store.records.back().action, "approve_grant");
  EXPECT_EQ(store.records.back().payload, "host api.example.com:443 for srv");
}

TEST_F(GrantTest, WhatIsCoveredWaitsOrWasRejectedIsNotAskedForAgain) {
  const auto first = ask_host("a.example", 443);
  const auto again = ask_host("A.EXAMPLE", 443);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->asked, Asked::kWaits);
  EXPECT_EQ(again->grant.id, first->grant.id);
  ASSERT_TRUE(decide(first->grant, GrantVerdict::kReject, "not this one").has_value());
  const auto rejected = ask_host("a.example", 443);
  EXPECT_EQ(rejected->asked, Asked::kRejected);
  EXPECT_EQ(rejected->grant.reason, "not this one");
  EXPECT_EQ(ask_host("a.example", 80)->asked, Asked::kRecorded) << "another port is another question";
  granted("b.example");
  EXPECT_EQ(ask_host("b.example", 443)->asked, Asked::kCovered) << "any port covers each";
  granted("c.example", 443);
  EXPECT_EQ(ask_host("c.example")->asked, Asked::kRecorded) << "one port does not cover any";
  EXPECT_EQ(store.count(AuditKind::kConfiguration), 5U) << "only what was recorded is in the chain";
}

// What a tool is told to ask for, it can ask for: the refusal and the answer do not point at each other.
TEST_F(GrantTest, AHostOfTheLocalNetworkThatIsApprovedWithoutItsAddressCanBeAskedForAgain) {
  granted("nas.lan", 443);
  EXPECT_EQ(ask_host("nas.lan")->asked, Asked::kRecorded) << "one port does not cover any";
  const auto again = ask_host("nas.lan", 443);
  EXPECT_EQ(again->asked, Asked::kRecorded);
  EXPECT_EQ(ask_host("nas.lan", 443)->asked, Asked::kWaits);
  protocol::GrantInfo opened = again->grant;
  ASSERT_TRUE(decide(opened, GrantVerdict::kApprove, "", true).has_value());
  EXPECT_EQ(ask_host("nas.lan", 443)->asked, Asked::kCovered);
  granted("a.example", 443);
  EXPECT_EQ(ask_host("a.example", 443)->asked, Asked::kCovered);
}

TEST_F(GrantTest, ARequestNamesAToolAHostAndAReason) {
  for (const std::string host :
       {"", "https://a.example", "a.example/x", "a.example:443", "a b", "*.a.example", "localhost", "1.2.3",
        "-a.example", "a..b", "169.254.169.254", "127.0.0.1", "[::1]", "fe80::1"}) {
    const auto asked = ask_host(host);
    ASSERT_FALSE(asked.has_value()) << host;
    EXPECT_EQ(asked.error().why, Why::kInvalid) << host;
  }
  const protocol::RequestHost no_reason{
      .ticket = ticket_for(gateway), .tool = tool_id, .host = "a.example", .justification = "please"};
  EXPECT_EQ(finish(on_request_host(monitor, *gateway, no_reason)).error().why, Why::kInvalid);
  const protocol::RequestHost no_tool{
      .ticket = ticket_for(gateway), .tool = wire::Id{7}, .host = "a.example", .justification = kBecause};
  EXPECT_EQ(finish(on_request_host(monitor, *gateway, no_tool)).error().why, Why::kNotFound);
  const protocol::RequestHost stranger{.tool = tool_id, .host = "a.example", .justification = kBecause};
  EXPECT_EQ(finish(on_request_host(monitor, *gateway, stranger)).error().why, Why::kRefused);
  EXPECT_TRUE(store.records.empty());
}

TEST_F(GrantTest, ADecisionBindsTheRowThatWasShown) {
  const auto asked = ask_host("a.example");
  auto stale = asked->grant;
  stale.sequence += 1;
  EXPECT_EQ(decide(stale, GrantVerdict::kApprove).error().why, Why::kConflict);
  const auto approved = decide(asked->grant, GrantVerdict::kApprove);
  ASSERT_TRUE(approved.has_value());
  EXPECT_EQ(decide(asked->grant, GrantVerdict::kRevoke).error().why, Why::kConflict) << "an old view";
  EXPECT_EQ(decide(*approved, GrantVerdict::kApprove).error().why, Why::kConflict);
}

// Every verdict from every state: the table of on_grant_decisions.cc, from the outside.
TEST_F(GrantTest, EveryTransitionIsAllowedOrRefusedAsTheTableSays) {
  const std::map<GrantVerdict, std::string> allowed_from = {
      {GrantVerdict::kApprove, "pending rejected revoked"},
      {GrantVerdict::kReject, "pending"},
      {GrantVerdict::kRevoke, "approved revoked"},
      {GrantVerdict::kDelete, "pending rejected revoked"}};
  int host = 0;
  for (const GrantState state :
       {GrantState::kPending, GrantState::kApproved, GrantState::kRejected, GrantState::kRevoked})
    for (const auto& [verdict, from] : allowed_from) {
      auto asked = ask_host("h" + std::to_string(++host) + ".example");
      Grant* grant = monitor.grants.find(asked->grant.id);
      grant->state = state;
      const bool allowed = from.find(protocol::name_of(state)) != std::string::npos;
      EXPECT_EQ(decide(asked->grant, verdict, "a reason").has_value(), allowed)
          << protocol::name_of(state) << " " << static_cast<int>(verdict);
    }
}

TEST_F(GrantTest, ARejectionNeedsAReason) {
  const auto asked = ask_host("a.example");
  EXPECT_EQ(decide(asked->grant, GrantVerdict::kReject).error().why, Why::kInvalid);
}

TEST_F(GrantTest, ARevocationActsEvenWhenItCannotBeWritten) {
  const auto grant = granted("a.example");
  store.broken = true;
  EXPECT_FALSE(decide(grant, GrantVerdict::kRevoke).has_value());
  EXPECT_EQ(monitor.grants.for_host(server_id, "a.example", 443), nullptr);
  store.broken = false;
  EXPECT_TRUE(decide(grant, GrantVerdict::kRevoke).has_value()) << "and is recorded by the next one";
}

TEST_F(GrantTest, AnApprovalWaitsForTheDatabase) {
  const auto asked = ask_host("a.example");
  store.broken = true;
  EXPECT_FALSE(decide(asked->grant, GrantVerdict::kApprove).has_value());
  EXPECT_EQ(monitor.grants.for_host(server_id, "a.example", 443), nullptr);
  EXPECT_FALSE(ask_host("b.example").has_value());
  EXPECT_EQ(monitor.grants.count(), 1U) << "what was not written does not wait";
}

TEST_F(GrantTest, ADeletedRequestMayBeMadeAgain) {
  const auto asked = ask_host("a.example");
  const auto rejected = decide(asked->grant, GrantVerdict::kReject, "no");
  ASSERT_TRUE(decide(*rejected, GrantVerdict::kDelete).has_value());
  EXPECT_EQ(ask_host("a.example")->asked, Asked::kRecorded);
}

TEST_F(GrantTest, PrivateAddressesAreForOneExactHostAndPort) {
  const auto any_port = ask_host("nas.lan");
  EXPECT_EQ(decide(any_port->grant, GrantVerdict::kApprove, "", true).error().why, Why::kInvalid);
  const auto one_port = ask_host("nas.lan", 8080);
  const auto approved = decide(one_port->grant, GrantVerdict::kApprove, "", true);
  ASSERT_TRUE(approved.has_value());
  EXPECT_TRUE(monitor.grants.for_host(server_id, "nas.lan", 8080)->private_too);
  EXPECT_EQ(add_host({.server = "srv", .host = "*.home.lan", .port = 80, .private_too = true}).error().why,
            Why::kInvalid);
  const auto module = ask_module("yaml");
  EXPECT_EQ(decide(module->grant, GrantVerdict::kApprove, "", true).error().why, Why::kInvalid);
}

TEST_F(GrantTest, AnAdministratorMayGrantAPatternAndLimits) {
  approve_tool();
  const auto added = add_host({.server = "srv", .host = "*.Example.com", .port = 443});
  ASSERT_TRUE(added.has_value());
  EXPECT_TRUE(added->grant.from_admin);
  EXPECT_EQ(added->reaches_total, 1U);
  EXPECT_EQ(added->reaches.at(0), "srv__greet");
  EXPECT_NE(monitor.grants.for_host(server_id, "a.b.example.com", 443), nullptr);
  EXPECT_EQ(monitor.grants.for_host(server_id, "example.com", 443), nullptr);
  EXPECT_EQ(monitor.grants.for_host(server_id, "badexample.com", 443), nullptr);
  EXPECT_EQ(add_host({.server = "srv", .host = "x.example.com", .port = 443}).error().why, Why::kConflict);
  EXPECT_EQ(add_host({.server = "srv", .host = "*.com"}).error().why, Why::kInvalid);
  EXPECT_EQ(add_host({.server = "none", .host = "a.example"}).error().why, Why::kNotFound);
  ASSERT_TRUE(add_host({.server = "srv", .host = "limited.org", .methods = 1, .path = "/api"}).has_value());
  EXPECT_EQ(ask_host("limited.org")->asked, Asked::kRecorded)
      << "a limited grant leaves something to ask for";
  EXPECT_EQ(add_host({.server = "srv", .host = "b.org", .path = "/a/../b"}).error().why, Why::kInvalid);
  EXPECT_EQ(add_host({.server = "srv", .host = "b.org", .methods = 0x8000}).error().why, Why::kInvalid);
}

TEST_F(GrantTest, ModulesAreForAllServersAndSayWhetherTheyAreInstalled) {
  EXPECT_EQ(ask_module("json")->asked, Asked::kCovered) << "a default module is never asked for";
  EXPECT_EQ(ask_module("urllib.parse")->asked, Asked::kCovered);
  for (const std::string name : {"", "a-b", "a b", ".a", "a.", "a..b", "1a", "../a"})
    EXPECT_EQ(ask_module(name).error().why, Why::kInvalid) << name;
  const auto asked = ask_module("yaml");
  ASSERT_EQ(asked->asked, Asked::kRecorded);
  EXPECT_FALSE(importable(monitor.grants, "yaml"));
  ASSERT_TRUE(decide(asked->grant, GrantVerdict::kApprove).has_value());
  EXPECT_TRUE(importable(monitor.grants, "yaml.nodes"));
  EXPECT_FALSE(importable(monitor.grants, "yamllint"));
  monitor.modules.note_missing("yaml");
  EXPECT_FALSE(ask_module("yaml.nodes")->grant.installed);
  const std::vector<std::string> loaded = {"yaml"};
  monitor.modules.note_loaded(loaded);
  EXPECT_TRUE(monitor.modules.installed("yaml.nodes"));
  EXPECT_TRUE(monitor.modules.installed("sqlite3"));
  EXPECT_EQ(ask_module("yaml")->asked, Asked::kCovered);
  monitor.grants.forget_server(server_id);
  EXPECT_TRUE(importable(monitor.grants, "yaml")) << "it outlives the server in which it was asked for";
}

TEST_F(GrantTest, ListsArePagedAndNarrowed) {
  for (int i = 0; i < 5; ++i) {
    ++clock.t;
    ASSERT_TRUE(ask_host("h" + std::to_string(i) + ".example").has_value());
  }
  ASSERT_TRUE(ask_module("yaml").has_value());
  protocol::ListGrants question{.ticket = ticket_for(gateway)};
  question.filter = {.kind = GrantKind::kHost, .page = 3, .page_size = 2};
  const auto page = finish(on_list_grants(monitor, *gateway, question));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->total, 5U);
  ASSERT_EQ(page->grants.size(), 1U);
  EXPECT_EQ(page->grants[0].name, "h4.example");
  EXPECT_EQ(page->grants[0].server_name + page->grants[0].tool_name, "srvgreet");
  question.filter = {.state = GrantState::kApproved};
  EXPECT_EQ(finish(on_list_grants(monitor, *gateway, question))->total, 0U);
  for (const auto& [number, size] : {std::pair{0U, 10U}, {1U, 0U}, {1U, 101U}}) {
    question.filter = {.page = number, .page_size = size};
    EXPECT_FALSE(finish(on_list_grants(monitor, *gateway, question)).has_value());
  }
  question.filter = {.page = 0xffffffff, .page_size = 100};
  EXPECT_TRUE(finish(on_list_grants(monitor, *gateway, question))->grants.empty());
}

TEST_F(GrantTest, APersonFindsRequestsByWhatTheyShow) {
  ASSERT_TRUE(ask_host("api.weather.example", 443).has_value());
  ++clock.t;  // oldest first
  ASSERT_TRUE(ask_host("mail.example", 25).has_value());
  ++clock.t;
  ASSERT_TRUE(ask_module("yaml").has_value());
  ++clock.t;
  ASSERT_TRUE(add_host({.server = "srv", .host = "own.example", .port = 443, .justification = "Ours"}));
  const auto found = [&](const std::string& words, std::optional<GrantKind> kind = {}) {
    protocol::ReviewGrants question{.search = words};
    question.filter.kind = kind;
    const auto page = finish(on_review_grants(monitor, *root, question));
    std::string names;
    for (const protocol::GrantInfo& grant : page->grants) names += std::string(grant.name) + " ";
    EXPECT_EQ(page->total, page->grants.size());
    return names;
  };
  EXPECT_EQ(found("WEATHER.example"), "api.weather.example ") << "the name, whatever the case";
  EXPECT_EQ(found("weather service"), "api.weather.example mail.example yaml ") << "what they were asked for";
  EXPECT_EQ(found("weather service", GrantKind::kModule), "yaml ") << "with the other filters";
  EXPECT_EQ(found("srv__greet"), "api.weather.example mail.example yaml ") << "the tool that asked";
  EXPECT_EQ(found("srv"), "api.weather.example mail.example yaml own.example ") << "the server";
  EXPECT_EQ(found("ours"), "own.example ");
  EXPECT_EQ(found(""), "api.weather.example mail.example yaml own.example ");
  EXPECT_EQ(found("nothing like it"), "");
  EXPECT_EQ(found(std::string(policy::limits::kSearchBytes, 'x')), "");
}

TEST_F(GrantTest, RequestsOfOneServerAreBounded) {
  for (std::uint32_t i = 0; i < policy::limits::kGrantsPerServer; ++i)
    ASSERT_TRUE(ask_host("h" + std::to_string(i) + ".example").has_value());
  EXPECT_EQ(ask_host("one-more.example").error().why, Why::kBusy);
}

TEST_F(GrantTest, TheModulePolicyApprovesForLocalCallersOnly) {
  monitor.policy.set(policy::Setting::kModuleApprovalMode, "auto_approve");
  const auto local = ask_module("yaml");
  ASSERT_TRUE(local.has_value());
  EXPECT_EQ(local->asked, Asked::kGranted);
  EXPECT_EQ(local->grant.decided_by, "auto_approve");
  EXPECT_TRUE(importable(monitor.grants, "yaml"));
  const wire::Id remote = monitor.tickets.issue(
      gateway->instance, {.who = "mallory@example.com", .uid = 0, .origin = Origin::kTunnel});
  const auto asked = finish(on_request_module(
      monitor, *gateway, {.ticket = remote, .tool = tool_id, .module = "numpy", .justification = kBecause}));
  EXPECT_EQ(asked->asked, Asked::kRecorded);
  EXPECT_FALSE(importable(monitor.grants, "numpy"));
}

TEST_F(GrantTest, UnderAllPublicOnlyWhatMayBePrivateIsAskedFor) {
  monitor.policy.set(policy::Setting::kNetworkAccessPolicy, "allow_all_public");
  EXPECT_EQ(ask_host("api.example.com")->asked, Asked::kCovered);
  for (const std::string host : {"nas.lan", "nas", "10.0.0.7", "fd00::1", "printer.local"})
    EXPECT_EQ(ask_host(host)->asked, Asked::kRecorded) << host;
}

}  // namespace
}  // namespace mcpbox::monitor
