// Mirrors the parts of privsep/monitor/calls.cc and compiler.cc for calls that wait: for their turn, for
// their code, and for something that their tool asked for.
#include <fcntl.h>
#include <sys/mman.h>

#include "tests/privsep/monitor/calls_fixture.h"

namespace mcpbox::monitor {
namespace {

// Its code is not compiled yet, and all slots are taken: nobody waits for a compilation that nobody wants.
TEST_F(CallsTest, ACallThatIsWithdrawnBeforeItsCodeIsCompiledEndsAtOnce) {
  std::vector<Slots::TurnPointer> taken;
  while (!monitor.slots.out_of_memory()) {
    base::Result<Slots::TurnPointer> turn =
        finish(monitor.slots.wait(monitor.slots.enqueue(server_id), 1'000));
    ASSERT_TRUE(turn.has_value());
    (*turn)->yield();
    taken.push_back(std::move(*turn));
  }
  std::optional<protocol::CallResult> result;
  loop::TaskSet callers;
  callers.spawn([](CallsTest& self, std::optional<protocol::CallResult>& into) -> loop::Task<> {
    Job wanted = self.job();
    into = co_await self.monitor.calls.run(std::move(wanted));
    co_return loop::Nothing{};
  }(*this, result));
  until([&] { return monitor.slots.waiting() == 1; });
  monitor.calls.cancel_all_of(0);
  until([&] { return result.has_value(); });
  EXPECT_EQ(result->end, CallEnd::kCancelled);
  EXPECT_EQ(monitor.slots.waiting(), 0u);
  EXPECT_EQ(executor.compiled, 0);
}

// All calls together: half of the machine, or what the configuration says, if that is less.
TEST_F(CallsTest, AllCallsTogetherGetHalfOfTheMachinesMemory) {
  using policy::limits::kMiB;
  EXPECT_EQ(monitor.slots.counts().memory_bytes, machine.memory_bytes / 2);
  const auto with = [this](std::uint32_t megabytes) {
    wire::MonitorSettings less = settings;
    less.calls_memory_mb = megabytes;
    const Monitor other{event_loop, clock, log, less, keys, store, launcher, owner, machine};
    return other.slots.counts().memory_bytes;
  };
  EXPECT_EQ(with(1024), 1024 * kMiB);
  EXPECT_EQ(with(4'000'000), machine.memory_bytes / 2);
  EXPECT_EQ(with(1), policy::limits::kMemoryBytes) << "one call can always run";
}

class WaitingCallsTest : public CallsTest {
 public:
  WaitingCallsTest() {
    launcher.on_look = [this]() -> base::Result<base::Fd> {
      ++looks;
      return base::Fd(::fcntl(stat.get(), F_DUPFD_CLOEXEC, 0));
    };
    executor.on_go_later = [this](FakeExecutor::Child& child, const wire::Header& asked) {
      FakeExecutor::notify(*child.link, protocol::Waits{});
      begun = {&child, asked};
    };
  }
  void holds(std::uint64_t pages) const {
    const std::string text = "1 (x) S 1 2 3 0 -1 0 " + std::to_string(pages) +
                             " 0 0 0 1 2 0 0 20 0 1 0 9 9 " + std::to_string(pages) + " 0\n";
    EXPECT_EQ(::ftruncate(stat.get(), 0), 0);
    EXPECT_EQ(::pwrite(stat.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  void start(std::optional<protocol::CallResult>& into) {
    callers.spawn([](CallsTest& self, std::optional<protocol::CallResult>& result) -> loop::Task<> {
      Job wanted = self.job();
      result = co_await self.monitor.calls.run(std::move(wanted));
      co_return loop::Nothing{};
    }(*this, into));
  }

  base::Fd stat{::memfd_create("stat", MFD_CLOEXEC)};
  int looks = 0;
  std::pair<FakeExecutor::Child*, wire::Header> begun{};
  loop::TaskSet callers;
};

TEST_F(WaitingCallsTest, ACallThatWaitsKeepsRoomForWhatItHolds) {
  holds(256);
  std::optional<protocol::CallResult> result;
  start(result);
  until([this] { return monitor.slots.memory_used() != 0; });
  until([this] {
    return monitor.slots.memory_used() != 0 && monitor.slots.memory_used() < 8 * policy::limits::kMiB;
  });
  EXPECT_EQ(looks, 1);
  executor.answer(*begun.first, begun.second);
  until([&result] { return result.has_value(); });
  EXPECT_EQ(result->end, CallEnd::kOk);
  until([this] { return monitor.slots.memory_used() == 0; });
}

TEST_F(WaitingCallsTest, OneThatThenTakesMoreThanIsLeftIsEndedWithWords) {
  holds(256);
  std::optional<protocol::CallResult> result;
  start(result);
  until([this] {
    return monitor.slots.memory_used() != 0 && monitor.slots.memory_used() < 8 * policy::limits::kMiB;
  });
  std::vector<Slots::TurnPointer> taken;
  while (!monitor.slots.out_of_memory()) {
    base::Result<Slots::TurnPointer> turn =
        finish(monitor.slots.wait(monitor.slots.enqueue(server_id), 1'000));
    ASSERT_TRUE(turn.has_value());
    (*turn)->yield();
    if (taken.empty()) (*turn)->set_room(2 * policy::limits::kWaitingSpareBytes);  // another one that waits
    taken.push_back(std::move(*turn));
  }
  holds(policy::limits::kMemoryBytes / static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  until([this] { return begun.first->process->dead(); });
  // What the kernel does for a killed child; the fake zygote tells of an ending when the link ends.
  begun.first->link->close({base::Why::kBroken, "killed"});
  until([&result] { return result.has_value(); });
  EXPECT_EQ(result->end, CallEnd::kOutOfMemory);
  EXPECT_NE(result->explanation.find("waited for something and then took more memory"), std::string::npos);
  EXPECT_NE(result->explanation.find("check before you call it again"), std::string::npos);
}

TEST_F(WaitingCallsTest, WhereNobodyCanLookItKeepsTheRoomThatItBeganWith) {
  launcher.on_look = nullptr;
  std::optional<protocol::CallResult> result;
  start(result);
  until([this] { return begun.first != nullptr && monitor.slots.slots_used() == 0; });
  EXPECT_EQ(monitor.slots.memory_used(), policy::limits::kMemoryBytes);
  executor.answer(*begun.first, begun.second);
  until([&result] { return result.has_value(); });
}

}  // namespace
}  // namespace mcpbox::monitor
