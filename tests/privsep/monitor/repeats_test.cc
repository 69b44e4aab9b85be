// Mirrors privsep/monitor/repeats.cc, and what is recorded through it.
#include "privsep/monitor/repeats.h"

#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

AuditRecord refusal(const std::string& who, const std::string& why = "no") {
  return {.kind = AuditKind::kRefusal, .actor = who, .action = "call_refused", .payload = why};
}

TEST_F(MonitorTest, TheFirstRefusalIsRecordedAtOnceAndTheRestWithTheirCount) {
  for (int i = 0; i < 1'000; ++i) monitor.repeats.note(refusal("unix:alice"));
  ASSERT_EQ(store.records.size(), 1U);
  EXPECT_EQ(store.records[0].number, 1);
  EXPECT_TRUE(finish(monitor.repeats.settle()).has_value());
  ASSERT_EQ(store.records.size(), 2U);
  EXPECT_EQ(store.records[1].number, 999);
  EXPECT_TRUE(finish(monitor.repeats.settle()).has_value());
  EXPECT_EQ(store.records.size(), 2U) << "what was recorded is not recorded again";
}

TEST_F(MonitorTest, AnotherSourceOrAnotherReasonIsAnotherRecord) {
  monitor.repeats.note(refusal("unix:alice"));
  monitor.repeats.note(refusal("unix:bob"));
  monitor.repeats.note(refusal("unix:bob", "frozen"));
  EXPECT_EQ(store.records.size(), 3U);
}

TEST_F(MonitorTest, SourcesWithoutEndAreCountedTogether) {
  for (std::size_t i = 0; i < policy::limits::kRepeatSources + 100; ++i)
    monitor.repeats.note(refusal("uid:" + std::to_string(i)));
  EXPECT_EQ(store.records.size(), policy::limits::kRepeatSources + 1);
  EXPECT_EQ(store.records.back().actor, "many");
}

TEST_F(MonitorTest, ARefusedCallIsARecordWithItsReason) {
  const auto gateway = peer(protocol::Role::kNetLocal, protocol::State::kServing);
  protocol::OpenCall call{.ticket = ticket_for(gateway), .tool = "srv__greet", .body = "{}"};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(gateway, call), Verdict::kAccepted);
  ASSERT_EQ(store.count(AuditKind::kRefusal), 1U);
  EXPECT_EQ(store.records[0].actor, "unix:alice");
  EXPECT_EQ(store.records[0].subject, tool_id);
  EXPECT_FALSE(store.records[0].payload.empty());
}

TEST_F(MonitorTest, ARefusedUnlockIsARecord) {
  const auto person = peer(protocol::Role::kCtl, protocol::State::kServing);
  person->person.who = "unix:eve";
  EXPECT_EQ(send(person, protocol::Unlock{.admin = "root", .password = "a password"}), Verdict::kAccepted);
  ASSERT_EQ(store.count(AuditKind::kAuthentication), 1U);
  EXPECT_EQ(store.records[0].action, "unlock_refused");
  EXPECT_EQ(store.records[0].actor, "unix:eve");
}

}  // namespace
}  // namespace mcpbox::monitor
