// Mirrors privsep/protocol/table.h, and facts of the two tables that the rest relies on.
#include "privsep/protocol/table.h"

#include <gtest/gtest.h>

#include <bit>

#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::protocol {
namespace {

struct Small {
  static constexpr Op kOp = Op::kHello;
  using Reply = Done;
  Text<10> text;
  static auto fields(auto& m) { return std::tie(m.text); }
};
struct Large {
  static constexpr Op kOp = Op::kRead;
  using Reply = Settings;
  Bytes<1000> bytes;
  static auto fields(auto& m) { return std::tie(m.bytes); }
};
using Tiny = Table<Row<Small, Done, Role::kCtl | Role::kZygote, State::kConnected, State::kServing, 1>,
                   Row<Large, Settings, set_of(Role::kCtl), State::kServing, State::kStay, 2>>;

TEST(Table, FindsTheRowOfAnOpAndNoOther) {
  int answer = 0;
  EXPECT_TRUE(Tiny::find(Op::kRead, [&]<class Found>() { answer = Found::kAnswer; }));
  EXPECT_EQ(answer, 2);
  EXPECT_FALSE(Tiny::find(Op::kApprove, [&]<class Found>() { answer = 3; }));
  EXPECT_FALSE(Tiny::find(static_cast<Op>(0), [&]<class Found>() { answer = 3; }));
  EXPECT_EQ(answer, 2);
}

TEST(Table, KnowsWhoMayAskWhat) {
  EXPECT_TRUE(Tiny::may_ask(Role::kZygote, Op::kHello));
  EXPECT_FALSE(Tiny::may_ask(Role::kZygote, Op::kRead));
  EXPECT_FALSE(Tiny::may_ask(Role::kNetLocal, Op::kHello));
}

TEST(Table, BoundsFramesByTheRowsOfTheRole) {
  static_assert(Tiny::max_request_bytes(Role::kZygote) == 4 + 10);
  static_assert(Tiny::max_request_bytes(Role::kCtl) == 4 + 1000);
  static_assert(Tiny::max_request_bytes(Role::kNetLocal) == 0);
  static_assert(Tiny::max_reply_bytes(Role::kZygote) == wire::max_bytes<wire::ErrorBody>(),
                "an error always fits");
  static_assert(Tiny::max_reply_bytes(Role::kCtl) >= wire::max_bytes<Settings>());
}

TEST(Table, TwoRowsOfOneOpAreNoticed) {
  static_assert(Tiny::ops_are_unique());
  using Twice = Table<Row<Small, Done, set_of(Role::kCtl), State::kConnected, State::kServing, 1>,
                      Row<Small, Done, set_of(Role::kZygote), State::kServing, State::kStay, 2>>;
  static_assert(!Twice::ops_are_unique());
}

// Of a call child, SpareReady is the Hello: it has no version of its own to tell.
TEST(Protocol, NobodyAsksAnythingBeforeHelloAndNobodySaysItTwice) {
  Protocol::each([]<class Row>() {
    const bool is_hello = Row::kOp == Op::kHello || Row::kOp == Op::kSpareReady;
    EXPECT_EQ(contains(Row::kWhile, State::kConnected), is_hello) << static_cast<int>(Row::kOp);
    if (is_hello) {
      EXPECT_EQ(Row::kWhile, static_cast<States>(State::kConnected));
    }
  });
}

// What its tool says to the client is content, as often as the monitor's budget allows; what it says of
// itself is not.
TEST(Protocol, ACallChildSaysTwoThingsOfItselfInOrderAndOnceEach) {
  int of_itself = 0;
  Protocol::each([&of_itself]<class Row>() {
    if (!contains(Row::kWho, Role::kCall)) return;
    EXPECT_EQ(Row::kWho, set_of(Role::kCall)) << static_cast<int>(Row::kOp);
    if (Row::kOp == Op::kSay || Row::kOp == Op::kAskClient) {
      EXPECT_EQ(Row::kWhile, State::kServing | State::kYielded) << "only of a child that was made ready";
      EXPECT_EQ(Row::kThen, State::kStay) << "content moves nothing";
      return;
    }
    ++of_itself;
    EXPECT_EQ(wire::max_bytes<typename Row::Request>(), 0u) << "a notice has nothing to say but itself";
    EXPECT_NE(Row::kThen, State::kStay) << "nothing can be said twice";
    EXPECT_FALSE(contains(Row::kWhile, Row::kThen));
  });
  EXPECT_EQ(of_itself, 2);
}

TEST(Protocol, OnlyUnlockLeadsToDeciding) {
  Protocol::each([]<class Row>() {
    EXPECT_EQ(Row::kThen == State::kDeciding, Row::kOp == Op::kUnlock) << static_cast<int>(Row::kOp);
  });
}

TEST(Protocol, WhatDecidesIsAskedOnlyWhileDecidingAndOnlyByPeople) {
  for (const Op op : {Op::kApprove, Op::kReject, Op::kFreeze, Op::kThaw, Op::kSetPassword, Op::kShowTool,
                      Op::kAdminRead, Op::kDecideGrant, Op::kAddHost, Op::kAddModule, Op::kSetSecret,
                      Op::kDeleteSecret, Op::kChangeSetting, Op::kApplyProfile})
    EXPECT_TRUE(Protocol::find(op, []<class Row>() {
      EXPECT_EQ(Row::kWhile, static_cast<States>(State::kDeciding));
      EXPECT_EQ(Row::kWho, kPeople);
    }));
}

TEST(Protocol, WithoutASessionTheAdminProcessSignsPeopleInAndNothingElse) {
  int before = 0;
  Protocol::each([&before]<class Row>() {
    if (!contains(Row::kWho, Role::kAdmin) || !is_before_session(Row::kOp)) return;
    ++before;
    // GetMetrics is a person's question at a terminal, too; numbers without a name need no session.
    if (Row::kOp == Op::kGetMetrics) return;
    EXPECT_FALSE(contains(Row::kWhile, State::kDeciding)) << static_cast<int>(Row::kOp);
  });
  EXPECT_EQ(before, 6);
  for (const Op op : kDecisions) EXPECT_FALSE(is_before_session(op)) << static_cast<int>(op);
}

struct ExpectToFit {
  template <class Row>
  void operator()() const {
    EXPECT_LE(wire::max_bytes<typename Row::Request>(), limits::kLinkQueueBytes)
        << static_cast<int>(Row::kOp);
    EXPECT_LE(wire::max_bytes<typename Row::Request::Reply>(), limits::kLinkQueueBytes)
        << static_cast<int>(Row::kOp);
  }
};

TEST(Protocol, NoRequestOrAnswerIsLargerThanALinkQueues) {
  Protocol::each(ExpectToFit{});
  Orders::each(ExpectToFit{});
}

// The one that introduces egress and dialer to each other goes to both, and news go to both gateways.
TEST(Orders, GoToOneKindOfProcessEachButTheOneThatIntroducesTwoAndNews) {
  Orders::each([]<class Row>() {
    Roles expected = Row::kWho;
    if (Row::kOp == Op::kPartner) {
      expected = Role::kEgress | Role::kDialer;
    } else if (Row::kOp == Op::kToolsChanged || Row::kOp == Op::kRateChanged ||
               Row::kOp == Op::kResourceUpdated || Row::kOp == Op::kCallSaid || Row::kOp == Op::kCallAsked ||
               Row::kOp == Op::kDrain || Row::kOp == Op::kCallerGone) {
      expected = Role::kNetLocal | Role::kNetTunnel;
    } else {
      EXPECT_EQ(std::popcount(Row::kWho), 1) << static_cast<int>(Row::kOp);
    }
    EXPECT_EQ(Row::kWho, expected) << static_cast<int>(Row::kOp);
  });
}

TEST(Roles, HaveOneNameEach) {
  for (const RoleName& one : kRoleNames)
    for (const RoleName& other : kRoleNames) EXPECT_EQ(one.role == other.role, one.name == other.name);
  EXPECT_EQ(name_of(Role::kNetLocal), "net-local");
  EXPECT_EQ(name_of(static_cast<Role>(0)), "unknown");
}

}  // namespace
}  // namespace mcpbox::protocol
