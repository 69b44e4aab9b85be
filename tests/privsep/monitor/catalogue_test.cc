// Mirrors privsep/monitor/catalogue.cc, tickets.cc and sessions.cc.
#include "privsep/monitor/catalogue.h"

#include <gtest/gtest.h>

#include <memory>

#include "policy/limits.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/sessions.h"
#include "privsep/monitor/tickets.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

Tool named(unsigned char id, const std::string& name) {
  Tool tool;
  tool.id = {id};
  tool.server = {1};
  tool.name = name;
  tool.approval = protocol::Approval::kApproved;
  tool.approved[digest_of_tool(tool)] = {.by = "root", .sequence = 1};
  return tool;
}

TEST(Catalogue, ListsPublishedToolsInTheOrderOfTheirNamesPageByPage) {
  Catalogue catalogue;
  catalogue.put(Server{.id = {1}, .name = "b", .running = true});
  for (const char* name : {"z", "m", "a"}) catalogue.put(named(static_cast<unsigned char>(name[0]), name));
  const auto first = catalogue.published_after("", "", 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0]->name, "a");
  EXPECT_EQ(first[1]->name, "m");
  const auto rest = catalogue.published_after("", "b__m", 2);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0]->name, "z");
  EXPECT_EQ(catalogue.published_after("b", "m", 9).size(), 1u);
}

TEST(Catalogue, OneServersNameIsNotAnothersPrefix) {
  Catalogue catalogue;
  catalogue.put(Server{.id = {1}, .name = "a", .running = true});
  catalogue.put(Server{.id = {2}, .name = "ab", .running = true});
  Tool other = named(9, "t");
  other.server = {2};
  catalogue.put(other);
  EXPECT_TRUE(catalogue.published_after("a", "", 9).empty());
}

TEST(Catalogue, AStoppedServersToolsAreNotPublished) {
  Catalogue catalogue;
  catalogue.put(Server{.id = {1}, .name = "b", .running = false});
  catalogue.put(named(1, "a"));
  EXPECT_TRUE(catalogue.published_after("", "", 9).empty());
}

TEST(Catalogue, TheDigestTellsWhereOneFieldEndsAndTheNextBegins) {
  Tool one = named(1, "a");
  one.description = "xy";
  one.code = "z";
  Tool two = named(1, "a");
  two.description = "x";
  two.code = "yz";
  EXPECT_NE(digest_of_tool(one), digest_of_tool(two));
}

// Computed with the Python of docs/tool-digest.md, not with our code.
TEST(Catalogue, TheDigestIsTheDocumentedOne) {
  Tool tool;
  tool.name = "greet";
  tool.description = "Greets someone";
  tool.code = "async def main(name: str):\n    return name\n";
  tool.input_schema = R"({"type":"object"})";
  tool.output_schema = R"({"type":"object"})";
  tool.annotations = R"({"title":"Greet"})";
  tool.icons = R"([{"src":"https://x/i.png"}])";
  tool.headers = R"({"name":"Name"})";
  tool.timeout_ms = 30'000;
  EXPECT_EQ(hex_of(digest_of_tool(tool)), "4ce3e058ebebcc71a61f93ce18ddf483f719a2fed94f63a304bd8bed75ef46e8");
}

TEST(Catalogue, TheDigestChangesWithEveryFieldOfTheAuthor) {
  protocol::ToolContent other{.kind = protocol::Kind::kPrompt,
                              .name = "b",
                              .description = "b",
                              .code = "b",
                              .input_schema = "b",
                              .output_schema = "b",
                              .annotations = "b",
                              .icons = "b",
                              .uri_template = "b",
                              .headers = "b",
                              .timeout_ms = 2};
  const Tool before = named(1, "a");
  for (std::size_t i = 0; i < protocol::kFieldNames.size(); ++i) {
    Tool after = before;
    take_fields(after, other, protocol::FieldSet{1} << i);
    EXPECT_NE(digest_of_tool(before), digest_of_tool(after)) << protocol::kFieldNames[i];
    EXPECT_EQ(protocol::names_of(differences(before, after)), protocol::kFieldNames[i]);
  }
  EXPECT_EQ(differences(before, before), 0u);
}

TEST(Catalogue, WhatIsNoToolIsNotAmongTheTools) {
  Catalogue catalogue;
  catalogue.put(Server{.id = {1}, .name = "b", .running = true});
  Tool prompt = named(1, "p");
  prompt.kind = protocol::Kind::kPrompt;
  prompt.approved[digest_of_tool(prompt)] = {};
  catalogue.put(prompt);
  EXPECT_TRUE(catalogue.published_after("", "", 9).empty());
  EXPECT_EQ(catalogue.published_after("", "", 9, protocol::Kind::kPrompt).size(), 1u);
}

TEST(Catalogue, AToolWithoutATimeLimitHasItsServers) {
  Catalogue catalogue;
  catalogue.put(Server{.id = {1}, .name = "b", .default_timeout_ms = 7'000});
  Tool tool = named(1, "a");
  EXPECT_EQ(catalogue.timeout_ms_of(tool), 7'000u);
  tool.timeout_ms = 2'000;
  EXPECT_EQ(catalogue.timeout_ms_of(tool), 2'000u);
}

TEST(Tickets, ACallerOfThisMachineHasOneHoweverManyConnectionsItOpens) {
  Tickets tickets;
  const wire::Id other = tickets.issue(1, {.who = "other"});
  const wire::Id first = tickets.issue(1, {.who = "a", .uid = 1000});
  for (std::uint32_t i = 0; i <= policy::limits::kTickets; ++i)
    ASSERT_EQ(tickets.issue(1, {.who = "a", .uid = 1000}), first);
  EXPECT_TRUE(tickets.redeem(1, other)) << "nobody is forgotten for it";
  EXPECT_NE(tickets.issue(1, {.who = "a", .uid = 1001}), first) << "the log has the user of each call";
  EXPECT_NE(tickets.issue(2, {.who = "a", .uid = 1000}), first) << "another gateway";
  tickets.revoke("a");
  EXPECT_NE(tickets.issue(1, {.who = "a", .uid = 1000}), first);
}

TEST(Tickets, TheOldestIsForgottenPastTheLimit) {
  Tickets tickets;
  const wire::Id first = tickets.issue(1, {.who = "a"});
  const auto remote = [] {
    return Principal{.who = "b", .origin = Origin::kTunnel, .request = std::make_shared<SignedRequest>()};
  };
  for (std::uint32_t i = 1; i < policy::limits::kTickets; ++i) (void)tickets.issue(1, remote());
  EXPECT_TRUE(tickets.redeem(1, first).has_value());
  (void)tickets.issue(1, {.who = "c"});
  EXPECT_FALSE(tickets.redeem(1, first).has_value());
}

TEST(Sessions, BelongToWhoOpenedThem) {
  StillClock clock;
  Sessions sessions(clock);
  const protocol::Session session = sessions.open("unix:alice", {.version = "2025-11-25", .client = "c"});
  EXPECT_TRUE(sessions.find("unix:alice", session.id).has_value());
  EXPECT_FALSE(sessions.find("unix:bob", session.id).has_value());
  EXPECT_FALSE(sessions.close("unix:bob", session.id).has_value());
  EXPECT_TRUE(sessions.close("unix:alice", session.id).has_value());
  EXPECT_FALSE(sessions.find("unix:alice", session.id).has_value());
}

TEST(Sessions, EndWhenIdleForTooLongAndNotAnInstantBefore) {
  StillClock clock;
  Sessions sessions(clock);
  const protocol::Session session = sessions.open("a", {});
  clock.t += policy::limits::kSessionIdleMs;
  EXPECT_TRUE(sessions.find("a", session.id).has_value()) << "and using it keeps it alive";
  clock.t += policy::limits::kSessionIdleMs + 1;
  EXPECT_FALSE(sessions.find("a", session.id).has_value());
}

TEST(Sessions, KeepWhatTheirClientsSubscribedTo) {
  StillClock clock;
  Sessions sessions(clock);
  const protocol::Session session = sessions.open("unix:alice", {});
  const auto wish = [&](const std::string& uri, bool wanted) {
    protocol::Subscribe question{.id = session.id, .wanted = wanted};
    question.what.uri = uri;
    question.what.server = "notes";
    return question;
  };
  for (std::uint32_t i = 0; i < policy::limits::kSubscriptions; ++i)
    EXPECT_TRUE(sessions.subscribe("unix:alice", wish("n://" + std::to_string(i), true)));
  EXPECT_TRUE(sessions.subscribe("unix:alice", wish("n://0", true))) << "again is no other one";
  const auto full = sessions.subscribe("unix:alice", wish("n://more", true));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().why, base::Why::kConflict);
  EXPECT_TRUE(sessions.subscribe("unix:alice", wish("n://0", false)));
  EXPECT_TRUE(sessions.subscribe("unix:alice", wish("n://none", false))) << "nobody's";
  const auto all = sessions.subscriptions("unix:alice", session.id);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->all.size(), policy::limits::kSubscriptions - 1);
  EXPECT_FALSE(sessions.subscribe("unix:bob", wish("n://0", true))) << "whose session it is not";
  EXPECT_FALSE(sessions.subscriptions("unix:bob", session.id));
}

TEST(Sessions, TheLongestIdleMakesRoom) {
  StillClock clock;
  Sessions sessions(clock);
  const protocol::Session oldest = sessions.open("a", {});
  for (std::uint32_t i = 1; i < policy::limits::kSessions; ++i) {
    ++clock.t;
    (void)sessions.open("a", {});
  }
  EXPECT_EQ(sessions.size(), policy::limits::kSessions);
  ++clock.t;
  (void)sessions.open("a", {});
  EXPECT_EQ(sessions.size(), policy::limits::kSessions);
  EXPECT_FALSE(sessions.find("a", oldest.id).has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
