// Mirrors privsep/monitor/calls.cc, call_end.cc and compiler.cc: the way of one call, with a fake
// zygote whose children are sockets held by the test.
#include "privsep/monitor/call_end.h"
#include "tests/privsep/monitor/calls_fixture.h"

namespace mcpbox::monitor {
namespace {

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
  EXPECT_EQ(store.count(AuditKind::kCallIntent), 0u);
  EXPECT_EQ(store.count(AuditKind::kRefusal), 1u) << "three refusals for one reason are one record";
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

// A freeze while calls wait for their turn: none of them may begin, and each is told.
TEST_F(CallsTest, CallsInTheQueueEndWhenTheirAuthorityDoes) {
  ASSERT_TRUE(call().has_value());  // compiled, so that only the call itself waits
  std::vector<Slots::TurnPointer> taken;
  while (!monitor.slots.out_of_memory()) {
    base::Result<Slots::TurnPointer> turn =
        finish(monitor.slots.wait(monitor.slots.enqueue(server_id), 1'000));
    ASSERT_TRUE(turn.has_value());
    (*turn)->yield();
    taken.push_back(std::move(*turn));
  }
  std::vector<CallEnd> how;
  loop::TaskSet callers;
  for (int i = 0; i < 3; ++i)
    callers.spawn([](CallsTest& self, std::vector<CallEnd>& into) -> loop::Task<> {
      Job wanted = self.job();
      const protocol::CallResult result = co_await self.monitor.calls.run(std::move(wanted));
      into.push_back(result.end);
      co_return loop::Nothing{};
    }(*this, how));
  until([&] { return monitor.slots.waiting() == 3; });
  monitor.calls.kill_all();
  until([&] { return how.size() == 3; });
  EXPECT_EQ(how, std::vector<CallEnd>(3, CallEnd::kCancelled));
  EXPECT_EQ(executor.went, 1);
  EXPECT_EQ(monitor.slots.waiting(), 0u);
}

// What a call imports chooses its interpreter.
TEST_F(CallsTest, AToolThatImportsAPackageRunsWhereThatIsLoaded) {
  executor.imports = {"httpx", "json"};
  ASSERT_TRUE(call().has_value());
  ASSERT_EQ(executor.zygotes.size(), 2u);
  EXPECT_EQ(executor.zygotes.back()->packages, std::vector<std::string>{"httpx"});
  EXPECT_EQ(executor.went, 1);
}

TEST_F(CallsTest, APackageThatIsNotInstalledIsToldAndNothingRuns) {
  executor.imports = {"httpx"};
  executor.missing = "httpx";
  const auto result = call();
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(std::string(result.error().text).find("apt install python3-httpx"), std::string::npos);
  EXPECT_EQ(executor.went, 0);
}

TEST_F(CallsTest, ACallThatBrokeTheProtocolIsToldSoAndRecordedAsAViolation) {
  executor.on_go_later = [](FakeExecutor::Child& child, const wire::Header&) {
    FakeExecutor::notify(*child.link, protocol::SpareReady{});
  };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kCrashed);
  EXPECT_NE(result->explanation.find("no answer"), std::string::npos) << result->explanation;
  const auto record = std::ranges::find(store.records, "violation", &AuditRecord::action);
  ASSERT_NE(record, store.records.end());
  EXPECT_EQ(record->subject, tool_id);
  EXPECT_EQ(record->digest, digest_of_tool(tool()));
}

// A reply whose bytes are no outcome: as bad as no frame at all.
TEST_F(CallsTest, AnOutcomeThatDoesNotDecodeIsAViolation) {
  executor.on_go_later = [](FakeExecutor::Child& child, const wire::Header& asked) {
    protocol::Done empty;
    child.link->reply(asked, empty);
  };
  const auto result = call();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->end, CallEnd::kCrashed);
  EXPECT_NE(std::ranges::find(store.records, "violation", &AuditRecord::action), store.records.end());
}

TEST_F(CallsTest, ADraftRunsAsATestWhateverItsApproval) {
  tool().approval = protocol::Approval::kDraft;
  tool().approved.clear();
  monitor.catalogue.find_server(server_id)->running = false;
  const auto result = call(RunMode::kTest);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(std::ranges::find(store.records, AuditKind::kCallIntent, &AuditRecord::kind)->action, "test");
}

TEST_F(CallsTest, ATestOfAnApprovedToolIsACallThatEndsWithItsApproval) {
  executor.before_prepared = [&] { tool().approval = protocol::Approval::kPendingReview; };
  EXPECT_FALSE(call(RunMode::kTest).has_value());
  EXPECT_EQ(executor.went, 0);
  EXPECT_EQ(std::ranges::find(store.records, AuditKind::kCallIntent, &AuditRecord::kind)->action, "test");
}

TEST_F(CallsTest, WhereATestMayBeNoMoreThanADraftRunItIsOne) {
  executor.before_prepared = [&] { tool().approval = protocol::Approval::kPendingReview; };
  Job draft = job(RunMode::kTest);
  draft.draft = true;
  EXPECT_TRUE(finish(monitor.calls.run(std::move(draft))).has_value());
  EXPECT_EQ(executor.went, 1);
}

TEST_F(CallsTest, ASecondDraftRunOfTheSameCallerIsBusy) {
  tool().approval = protocol::Approval::kDraft;
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

// A model that reads the words must know what to do next.
TEST(CallEnds, TheWordsSayWhatToDo) {
  const auto words_of = [](protocol::SpareEnded how, Fault fault = Fault::kNone) {
    Call call;
    call.timeout_ms = 30'000;
    call.fault = fault;
    base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
    return conclude(call, none, how).explanation;
  };
  constexpr std::uint64_t kAlmostAll = policy::limits::kMemoryBytes - 1;
  EXPECT_NE(words_of({.wait_status = SIGSYS}).find("jail does not allow"), std::string::npos);
  EXPECT_NE(words_of({.wait_status = SIGKILL, .peak_memory_bytes = kAlmostAll}).find("255 MB of 256 MB"),
            std::string::npos);
  EXPECT_NE(words_of({.wait_status = SIGKILL}).find("machine ran out of memory"), std::string::npos);
  EXPECT_NE(words_of({.wait_status = SIGKILL}, Fault::kBrokeProtocol).find("return a value from main()"),
            std::string::npos);
  EXPECT_NE(words_of({.wait_status = SIGKILL}, Fault::kHungUp).find("closed its connection"),
            std::string::npos);
  EXPECT_NE(words_of({.wait_status = SIGKILL}, Fault::kNoReport).find("could not report"), std::string::npos);
  EXPECT_NE(words_of({.wait_status = 72 << 8}, Fault::kNoReport).find("could not report"), std::string::npos);
  EXPECT_NE(words_of({.wait_status = 7 << 8}, Fault::kHungUp).find("status 7"), std::string::npos)
      << "it was late, but it had left by itself";
}

// A draft's limits are not its tool's: to raise those would not help.
TEST(CallEnds, ADraftOutOfTimeIsNotToldToRaiseItsLimit) {
  base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
  for (const Killed killed : {Killed::kDeadline, Killed::kNot}) {
    Call call;
    call.killed = killed;
    const protocol::SpareEnded how{.wait_status = SIGKILL, .cpu_us = 300'000'000};
    EXPECT_NE(conclude(call, none, how).explanation.find("raise timeout_ms"), std::string::npos);
    call.job.draft = true;
    const std::string words = conclude(call, none, how).explanation;
    EXPECT_EQ(words.find("raise timeout_ms"), std::string::npos) << words;
    EXPECT_NE(words.find("drafts are held to 10000 ms"), std::string::npos) << words;
  }
}

TEST(CallEnds, ACallWhoseZygoteDiedIsToldThatItsEffectIsUnknown) {
  Call call;
  base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
  const protocol::CallResult result = conclude(call, none, base::fail(base::Why::kBroken, "the zygote died"));
  EXPECT_EQ(result.end, CallEnd::kCrashed);
  EXPECT_NE(result.explanation.find("not known"), std::string::npos);
}

TEST(CallEnds, AProcessThatDiedBeforeGoIsBusyAndNothingWasExecuted) {
  EXPECT_EQ(before_go({base::Why::kBroken, "gone"}).why, base::Why::kBusy);
  EXPECT_NE(std::string(before_go({base::Why::kBroken, "gone"}).text).find("nothing was executed"),
            std::string::npos);
  EXPECT_EQ(before_go({base::Why::kConflict, words::kChanged}).why, base::Why::kConflict);
}

// RLIMIT_CPU kills with the signal that anybody else would use: only the accounting tells.
TEST(CallEnds, AKillAfterAllOfItsCpuTimeIsATimeoutAndNoMystery) {
  Call call;
  call.job.draft = true;
  base::Result<protocol::Outcome> none = base::fail(base::Why::kBroken, "the link ended");
  constexpr std::uint64_t kLimitUs = policy::limits::kTestCpuSeconds * 1'000'000ULL;
  EXPECT_EQ(conclude(call, none, protocol::SpareEnded{.wait_status = SIGKILL, .cpu_us = kLimitUs}).end,
            CallEnd::kTimedOut);
  EXPECT_EQ(conclude(call, none, protocol::SpareEnded{.wait_status = SIGKILL, .cpu_us = kLimitUs / 2}).end,
            CallEnd::kCrashed);
}

}  // namespace
}  // namespace mcpbox::monitor
