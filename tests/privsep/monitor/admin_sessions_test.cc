// Signing in, and what a stolen admin process can do with the sessions that pass through it, and without.
#include "privsep/monitor/admin_sessions.h"

#include "privsep/protocol/op_names.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::Op;
using protocol::Role;
using protocol::State;
namespace limits = policy::limits;

class AdminSessionsTest : public MonitorTest {
 protected:
  AdminSessionsTest() { monitor.admins["alice"] = "hash"; }

  std::string sign_in(const std::shared_ptr<Peer>& through, const std::string& who = "alice") {
    return finish(monitor.admin_sessions.open(through->instance, who, "browser", "127.0.0.1"))->token;
  }
  template <class Request>
  base::Result<protocol::SessionReply> in_session(const std::shared_ptr<Peer>& through,
                                                  const std::string& token, Request request) {
    base::Result<wire::Frame> inner = wire::encode(request);
    return raw(through, token, static_cast<std::uint16_t>(Request::kOp), std::move(inner->payload));
  }
  base::Result<protocol::SessionReply> raw(const std::shared_ptr<Peer>& through, const std::string& token,
                                           std::uint16_t op, std::string payload) {
    protocol::InSession envelope{.session = token, .op = op, .request = std::move(payload)};
    return finish(on_in_session(monitor, *through, std::move(envelope)));
  }
  [[nodiscard]] protocol::Approve approval() { return {.tool = tool_id, .digest = digest_of_tool(tool())}; }
  bool alive(const std::shared_ptr<Peer>& through, const std::string& token) {
    return in_session(through, token, protocol::ListSessions{})->signed_in;
  }

  std::shared_ptr<Peer> admin = peer(Role::kAdmin, State::kServing);
};

TEST_F(AdminSessionsTest, ASessionDecidesInItsAdminsName) {
  const std::string token = sign_in(admin);
  const auto reply = in_session(admin, token, approval());
  ASSERT_TRUE(reply && reply->signed_in);
  EXPECT_EQ(tool().approval, protocol::Approval::kApproved);
  EXPECT_EQ(tool().approved.at(digest_of_tool(tool())).by, "admin:alice");
}

TEST_F(AdminSessionsTest, WithoutASessionNothingIsDone) {
  sign_in(admin);
  for (const std::string& token : {std::string(), std::string(64, '0'), std::string("x")}) {
    const auto reply = in_session(admin, token, approval());
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->signed_in);
  }
  EXPECT_EQ(tool().approval, protocol::Approval::kDraft);
}

TEST_F(AdminSessionsTest, ByItselfTheAdminProcessIsNobody) {
  sign_in(admin);
  EXPECT_EQ(send(admin, approval()), Verdict::kKillPeer);
  EXPECT_EQ(send(admin, protocol::ListSessions{}), Verdict::kKillPeer);
  EXPECT_EQ(send(admin, protocol::CreateServer{.name = "mine"}), Verdict::kKillPeer);
  EXPECT_EQ(send(admin, protocol::GetStatus{}), Verdict::kKillPeer);
  EXPECT_EQ(send(admin, protocol::MakeSetupCode{}), Verdict::kKillPeer) << "it must not let itself in";
  EXPECT_EQ(send(admin, protocol::GetAdminState{}), Verdict::kAccepted);
}

TEST_F(AdminSessionsTest, NobodyElseUsesSessions) {
  const std::string token = sign_in(admin);
  for (const Role role : {Role::kNetLocal, Role::kZygote, Role::kCall, Role::kCtl})
    EXPECT_EQ(send(peer(role, State::kServing), protocol::InSession{.session = token}), Verdict::kKillPeer);
}

TEST_F(AdminSessionsTest, WhatNoAdminAsksEndsTheSessionsThatWerePresented) {
  for (const Op op : {Op::kUnlock, Op::kInSession, Op::kOpenCall, Op::kMakeSetupCode, Op::kHello, Op{9999}}) {
    const std::string token = sign_in(admin);
    EXPECT_FALSE(raw(admin, token, static_cast<std::uint16_t>(op), "")) << static_cast<int>(op);
    EXPECT_FALSE(alive(admin, token));
  }
  const std::string token = sign_in(admin);
  EXPECT_FALSE(raw(admin, token, static_cast<std::uint16_t>(Op::kApprove), "too short"));
  EXPECT_FALSE(alive(admin, token)) << "a message without its row's layout";
}

TEST_F(AdminSessionsTest, AViolentEndTakesWhatWasPresentedAndNothingElse) {
  const std::string seen = sign_in(admin);
  const auto other = peer(Role::kAdmin, State::kServing);
  const std::string unseen = sign_in(other);
  monitor.admin_sessions.end_presented(admin->instance);
  EXPECT_FALSE(alive(other, seen));
  EXPECT_TRUE(alive(other, unseen));
}

TEST_F(AdminSessionsTest, APasswordChangeEndsTheOthersOfThatAdmin) {
  monitor.admins["bob"] = "hash";
  const std::string first = sign_in(admin);
  const std::string second = sign_in(admin);
  const std::string bobs = sign_in(admin, "bob");
  const wire::Id kept = monitor.admin_sessions.use(admin->instance, first)->id;
  monitor.admin_sessions.end_all_of("alice", kept, "admin:alice");
  EXPECT_TRUE(alive(admin, first));
  EXPECT_FALSE(alive(admin, second));
  EXPECT_TRUE(alive(admin, bobs));
}

TEST_F(AdminSessionsTest, EndsByIdleTimeAndByAge) {
  const std::string idle = sign_in(admin);
  clock.t += limits::kAdminSessionIdleMs;
  EXPECT_FALSE(alive(admin, idle));
  const std::string old = sign_in(admin);
  for (std::int64_t passed = 0; passed < limits::kAdminSessionMs; passed += limits::kAdminSessionIdleMs / 2) {
    EXPECT_TRUE(alive(admin, old));
    clock.t += limits::kAdminSessionIdleMs / 2;
  }
  EXPECT_FALSE(alive(admin, old));
}

TEST_F(AdminSessionsTest, AnAdminWhoIsGoneHasNoSession) {
  const std::string token = sign_in(admin);
  monitor.admins.erase("alice");
  EXPECT_FALSE(alive(admin, token));
}

TEST_F(AdminSessionsTest, ThereAreOnlySoMany) {
  const std::string first = sign_in(admin);
  for (std::uint32_t i = 0; i < limits::kAdminSessions; ++i) {
    clock.t += 1;
    sign_in(admin);
  }
  EXPECT_EQ(monitor.admin_sessions.all().size(), limits::kAdminSessions);
  EXPECT_FALSE(alive(admin, first));
}

TEST_F(AdminSessionsTest, OneEndsItselfOrAnother) {
  const std::string mine = sign_in(admin);
  const std::string other = sign_in(admin);
  const wire::Id id = monitor.admin_sessions.use(admin->instance, other)->id;
  EXPECT_TRUE(in_session(admin, mine, protocol::EndSession{.session = id}));
  EXPECT_FALSE(alive(admin, other));
  EXPECT_FALSE(in_session(admin, mine, protocol::EndSession{.session = id})) << "once";
  EXPECT_TRUE(in_session(admin, mine, protocol::EndSession{}));
  EXPECT_FALSE(alive(admin, mine));
}

TEST_F(AdminSessionsTest, ManagingIsDoneInTheAdminsName) {
  const std::string token = sign_in(admin);
  ASSERT_TRUE(in_session(admin, token, protocol::CreateServer{.name = "mine"}));
  EXPECT_EQ(store.records.back().actor, "admin:alice");
}

// What a person in the web UI still does when only mcpboxctl decides: reads, writes drafts, takes away.  By
// the table of messages itself: a message that is added later is refused here until somebody thinks about it.
constexpr Op kNoDecisions[] = {
    Op::kCreateServer,  Op::kStartServer,  Op::kStopServer,   Op::kCreateTool,     Op::kUpdateTool,
    Op::kValidateCode,  Op::kTestCode,     Op::kRollbackTool, Op::kRequestPublish, Op::kDeleteTool,
    Op::kDeleteServer,  Op::kListModules,  Op::kCreateSecret, Op::kGetStatus,      Op::kAdminRead,
    Op::kShowTool,      Op::kRemove,       Op::kFreeze,       Op::kReviewGrants,   Op::kShowGrant,
    Op::kReviewSecrets, Op::kReadSettings, Op::kGetAuditHead, Op::kReadAudit,      Op::kReadCheckpoints,
    Op::kWatchActivity, Op::kReadRemote,   Op::kListSessions, Op::kEndSession,     Op::kChangePassword};

TEST_F(AdminSessionsTest, WhenOnlyMcpboxctlDecidesEveryDecisionOfTheTableIsRefusedHere) {
  monitor.policy.set(policy::Setting::kDecideFrom, "ctl");
  int refused = 0;
  protocol::Protocol::each([&]<class Row>() {
    if constexpr (protocol::contains(Row::kWho, Role::kAdmin) && !protocol::is_before_session(Row::kOp)) {
      const bool decides = std::ranges::find(kNoDecisions, Row::kOp) == std::ranges::end(kNoDecisions);
      EXPECT_EQ(protocol::is_decision(Row::kOp), decides) << protocol::name_of(Row::kOp);
      if (!decides) return;
      const std::string token = sign_in(admin);
      const std::size_t records = store.records.size();
      const auto reply = in_session(admin, token, typename Row::Request{});
      ASSERT_FALSE(reply) << protocol::name_of(Row::kOp);
      EXPECT_EQ(reply.error().why, base::Why::kRefused);
      EXPECT_NE(std::string_view(reply.error().text).find("mcpboxctl only"), std::string_view::npos);
      EXPECT_EQ(store.records.size(), records) << "nothing of it was begun";
      EXPECT_TRUE(alive(admin, token)) << "who asked did nothing forbidden";
      ++refused;
    }
  });
  EXPECT_EQ(refused, static_cast<int>(std::size(protocol::kDecisions)));
}

TEST_F(AdminSessionsTest, WhatOnlyMcpboxctlDecidesIsLeftAsItWas) {
  monitor.policy.set(policy::Setting::kDecideFrom, "ctl");
  const std::string token = sign_in(admin);
  EXPECT_FALSE(in_session(admin, token, approval()));
  protocol::ChangeServer rename{.server = "srv"};
  rename.name.emplace("other");
  EXPECT_FALSE(in_session(admin, token, rename));
  EXPECT_FALSE(
      in_session(admin, token, protocol::SetPassword{.admin = "eve", .password = "correct horse battery"}));
  EXPECT_FALSE(in_session(admin, token, protocol::RemoveAdmin{.admin = "alice"}));
  EXPECT_EQ(tool().approval, protocol::Approval::kDraft);
  EXPECT_NE(monitor.catalogue.find_server(std::string_view("srv")), nullptr);
  EXPECT_EQ(monitor.admins.size(), 1u);
  monitor.policy.set(policy::Setting::kDecideFrom, "ui+ctl");
  EXPECT_TRUE(in_session(admin, token, approval()));
}

TEST(SetupCode, IsGoodForTenTriesAndADay) {
  SetupCode code;
  EXPECT_FALSE(code.fits("", 0)) << "there is none";
  const std::string shown = code.make(0);
  EXPECT_EQ(shown.size(), 19u);
  std::string typed = shown;
  std::erase(typed, '-');
  std::ranges::transform(typed, typed.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_TRUE(code.fits(typed, 0));
  for (std::uint32_t i = 1; i < limits::kSetupCodeTries; ++i) EXPECT_FALSE(code.fits("AAAA", 0));
  EXPECT_FALSE(code.fits(shown, 0)) << "the eleventh try";
  const std::string next = code.make(0);
  EXPECT_NE(next, shown);
  EXPECT_FALSE(code.fits(shown, 0)) << "the one before is void";
  EXPECT_FALSE(code.fits(next, limits::kSetupCodeMs));
}

TEST_F(AdminSessionsTest, TheFirstAdminNeedsTheCodeAndIsTheFirst) {
  protocol::SetUp question{.code = "AAAA", .admin = "carol", .password = "correct horse battery"};
  EXPECT_EQ(finish(on_set_up(monitor, *admin, question)).error().why, base::Why::kConflict);
  monitor.admins.clear();
  EXPECT_EQ(finish(on_set_up(monitor, *admin, question)).error().why, base::Why::kRefused);
  EXPECT_TRUE(monitor.admins.empty());
  for (const AuditRecord& record : store.records) EXPECT_EQ(record.payload.find("AAAA"), std::string::npos);
}

}  // namespace
}  // namespace mcpbox::monitor
