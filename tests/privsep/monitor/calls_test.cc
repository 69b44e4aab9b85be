// Mirrors privsep/monitor/calls.cc, call_end.cc, spares.cc and compiler.cc: the way of one call, with a fake
// zygote whose children are sockets held by the test.
#include "privsep/monitor/call_end.h"
#include "tests/privsep/monitor/fake_executor.h"

namespace mcpbox::monitor {
namespace {

using protocol::CallEnd;
using protocol::RunMode;

class CallsTest : public MonitorTest {
 public:
  CallsTest() {
    approve_tool();
    monitor.spares.start();
  }
  Job job(RunMode mode = RunMode::kCall) {
    return {.mode = mode,
            .tool = tool_id,
            .wire_name = "srv__greet",
            .body = "{}",
            .caller = {.who = "unix:alice"}};
  }
  base::Result<protocol::CallResult> call(RunMode mode = RunMode::kCall) {
    return finish(monitor.calls.run(job(mode)));
  }

  FakeExecutor executor{event_loop, launcher};
};

TEST_F(CallsTest, AnApprovedToolRunsBetweenIntentAndOutcome) {
  std::size_t intents_before_go = 0;
  executor.on_go = [&] {
    intents_before_go = store.count(AuditKind::kCallIntent);
    return protocol::Outcome{.end = CallEnd::kOk, .result = "{\"content\":[]}"};
  };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kOk);
  EXPECT_EQ(result->result, "{\"content\":[]}");
  EXPECT_EQ(intents_before_go, 1u);
  EXPECT_EQ(store.count(AuditKind::kCallOutcome), 1u);
  EXPECT_EQ(monitor.calls.in_flight(), 0u);
}

TEST_F(CallsTest, AnUnapprovedDisabledOrStoppedToolLooksLikeNoTool) {
  tool().approval = protocol::Approval::kPendingReview;
  EXPECT_EQ(call().error().why, base::Why::kNotFound);
  approve_tool();
  tool().enabled = false;
  EXPECT_EQ(call().error().why, base::Why::kNotFound);
  tool().enabled = true;
  monitor.catalogue.find_server(server_id)->running = false;
  EXPECT_EQ(call().error().why, base::Why::kNotFound);
  EXPECT_EQ(executor.went, 0);
  EXPECT_EQ(store.records.size(), 0u);
}

TEST_F(CallsTest, CodeThatDiffersFromTheApprovedDigestDoesNotRun) {
  tool().code += "# swapped in memory";
  EXPECT_FALSE(call().has_value());
  EXPECT_EQ(executor.went, 0);
}

TEST_F(CallsTest, AnApprovalThatIsLostWhileTheCodeLoadsStopsTheCallAtGo) {
  executor.before_prepared = [&] { tool().approval = protocol::Approval::kPendingReview; };
  EXPECT_FALSE(call().has_value());
  EXPECT_EQ(executor.prepared, 1);
  EXPECT_EQ(executor.went, 0);
}

TEST_F(CallsTest, AFreezeWhileTheCodeLoadsStopsTheCallAtGo) {
  executor.before_prepared = [&] { monitor.frozen = true; };
  EXPECT_FALSE(call().has_value());
  EXPECT_EQ(executor.went, 0);
}

TEST_F(CallsTest, WithoutAnAuditLogNothingRuns) {
  store.broken = true;
  const auto result = call();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().why, base::Why::kRefused);
  EXPECT_EQ(executor.went, 0);
}

TEST_F(CallsTest, AResultWhoseOutcomeCannotBeRecordedIsWithheld) {
  executor.on_go = [&] {
    store.broken = true;
    return protocol::Outcome{.end = CallEnd::kOk, .result = "{\"content\":[]}"};
  };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kUnrecorded);
  EXPECT_TRUE(result->result.empty());
}

TEST_F(CallsTest, AChildThatHangsUpIsACrashThatIsToldOnceAndRecorded) {
  executor.on_go = [] { return std::nullopt; };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kCrashed);
  EXPECT_FALSE(result->explanation.empty());
  EXPECT_EQ(store.count(AuditKind::kCallOutcome), 1u);
  EXPECT_EQ(executor.went, 1) << "nothing retries a call";
}

TEST_F(CallsTest, AWithdrawnCallIsCancelledInItsOutcome) {
  executor.on_go = [&]() -> std::optional<protocol::Outcome> {
    monitor.calls.cancel_all_of(0);
    return std::nullopt;
  };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kCancelled);
  EXPECT_EQ(store.records.back().number, static_cast<std::int64_t>(CallEnd::kCancelled));
}

TEST_F(CallsTest, ADraftRunsAsATestWhateverItsApproval) {
  tool().approval = protocol::Approval::kDraft;
  tool().decision.reset();
  monitor.catalogue.find_server(server_id)->running = false;
  const auto result = call(RunMode::kTest);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(store.records.front().action, "test");
}

TEST_F(CallsTest, ASecondDraftRunOfTheSameCallerIsBusy) {
  std::optional<base::Error> second;
  executor.on_go = [&] {
    loop::TaskSet set;
    set.spawn([](CallsTest& self, std::optional<base::Error>& into) -> loop::Task<> {
      Job again = self.job(RunMode::kTest);
      const auto refused = co_await loop::attempt(self.monitor.calls.run(std::move(again)));
      if (!refused) into = refused.error();
      co_return loop::Nothing{};
    }(*this, second));
    return protocol::Outcome{.end = CallEnd::kOk, .result = "{}"};
  };
  ASSERT_TRUE(call(RunMode::kTest).has_value());
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->why, base::Why::kBusy);
}

TEST_F(CallsTest, TheSameSourceIsCompiledOnce) {
  ASSERT_TRUE(call().has_value());
  ASSERT_TRUE(call().has_value());
  EXPECT_EQ(executor.compiled, 1);
  EXPECT_EQ(executor.went, 2);
}

// --- words
// ----------------------------------------------------------------------------------------------------

CallEnd end_of(Killed killed, int wait_status) {
  Call call;
  call.killed = killed;
  base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
  const protocol::SpareEnded how{.wait_status = wait_status};
  const protocol::CallResult result = conclude(call, none, how);
  EXPECT_FALSE(result.explanation.empty());
  return result.end;
}

TEST(CallEnds, EveryWayToEndHasItsWord) {
  EXPECT_EQ(end_of(Killed::kDeadline, SIGKILL), CallEnd::kTimedOut);
  EXPECT_EQ(end_of(Killed::kCancelled, SIGKILL), CallEnd::kCancelled);
  EXPECT_EQ(end_of(Killed::kAuthority, SIGKILL), CallEnd::kCancelled);
  EXPECT_EQ(end_of(Killed::kNot, SIGSYS), CallEnd::kCrashed);
  EXPECT_EQ(end_of(Killed::kNot, SIGXCPU), CallEnd::kTimedOut);
  EXPECT_EQ(end_of(Killed::kNot, SIGSEGV), CallEnd::kCrashed);
  EXPECT_EQ(end_of(Killed::kNot, 3 << 8), CallEnd::kCrashed);
}

// RLIMIT_CPU kills with the signal that anybody else would use: only the accounting tells.
TEST(CallEnds, AKillAfterAllOfItsCpuTimeIsATimeoutAndNoMystery) {
  Call call;
  call.job.mode = RunMode::kTest;
  base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
  constexpr std::uint64_t kLimitUs = policy::limits::kTestCpuSeconds * 1'000'000ULL;
  EXPECT_EQ(conclude(call, none, protocol::SpareEnded{.wait_status = SIGKILL, .cpu_us = kLimitUs}).end,
            CallEnd::kTimedOut);
  EXPECT_EQ(conclude(call, none, protocol::SpareEnded{.wait_status = SIGKILL, .cpu_us = kLimitUs / 2}).end,
            CallEnd::kCrashed);
}

}  // namespace
}  // namespace mcpbox::monitor
