// Mirrors privsep/monitor/slots.cc.
#include "privsep/monitor/slots.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "privsep/loop/task_set.h"

namespace mcpbox::monitor {
namespace {

using Turn = Slots::TurnPointer;

constexpr wire::Id kServerA = {1};
constexpr wire::Id kServerB = {2};
constexpr std::int64_t kNever = 3'600'000;
constexpr std::uint64_t kRoom = policy::limits::kMemoryBytes;  // of one call

class SlotsTest : public ::testing::Test {
 public:
  // Lets the loop do what it was left to do.
  void turn_loop() {
    loop::Timer soon(event_loop, [this] { event_loop.stop(); });
    soon.start(1);
    event_loop.run();
  }
  // Queues work that notes its name when its turn comes and keeps the turn in `held`.
  void queue(Slots& slots, const wire::Id& server, char name) {
    tasks.spawn([](SlotsTest& self, Slots::Place place, char who) -> loop::Task<> {
      base::Result<Turn> turn = co_await place.result();
      if (turn) self.held[who] = std::move(*turn);
      if (turn) self.order += who;
      co_return loop::Nothing{};
    }(*this, slots.enqueue(server), name));
  }
  void end(char name) {
    held.erase(name);
    turn_loop();
  }

  loop::Loop event_loop;
  std::map<char, Turn> held;
  std::string order;
  loop::TaskSet tasks;
};

TEST_F(SlotsTest, SoManyComputeAtOnceAndTheNextWaitsForAnEnd) {
  Slots slots(event_loop, {.slots = 2, .memory_bytes = 10 * kRoom}, kNever);
  for (const char name : {'a', 'b', 'c'}) queue(slots, kServerA, name);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(slots.waiting(), 1u);
  end('a');
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(slots.slots_used(), 2u);
  held.clear();
}

TEST_F(SlotsTest, AServerWithALongQueueDoesNotHoldUpAnother) {
  Slots slots(event_loop, {.slots = 1, .memory_bytes = 10 * kRoom}, kNever);
  for (const char name : {'a', 'b', 'c', 'd'}) queue(slots, kServerA, name);
  for (const char name : {'1', '2'}) queue(slots, kServerB, name);
  for (const char name : {'a', 'b', '1', 'c', '2'}) end(name);
  EXPECT_EQ(order, "ab1c2d");
  held.clear();
}

TEST_F(SlotsTest, WhoeverWaitsForSomethingGivesItsSlotAwayAndKeepsItsMemory) {
  Slots slots(event_loop, {.slots = 1, .memory_bytes = 300 * kRoom}, kNever);
  std::vector<Turn> waiting;
  for (int i = 0; i < 200; ++i) {
    queue(slots, kServerA, 'w');
    ASSERT_NE(held['w'], nullptr);
    held['w']->yield();
    held['w']->yield();  // once is enough
    waiting.push_back(std::move(held['w']));
    turn_loop();
  }
  EXPECT_EQ(slots.memory_used(), 200 * kRoom);
  EXPECT_EQ(slots.slots_used(), 0u);
  queue(slots, kServerB, 'x');
  EXPECT_NE(held['x'], nullptr) << "two hundred that wait do not hold up one that computes";
  held.clear();
}

TEST_F(SlotsTest, WhoeverComputesForLongHasNoSlotOfItsOwn) {
  Slots slots(event_loop, {.slots = 1, .memory_bytes = 10 * kRoom}, 5);
  queue(slots, kServerA, 'a');
  queue(slots, kServerB, 'b');
  EXPECT_EQ(order, "a");
  for (int tries = 0; tries < 1000 && order == "a"; ++tries) turn_loop();
  EXPECT_EQ(order, "ab");
  held.clear();
}

TEST_F(SlotsTest, WithoutRoomForItsMemoryNobodyBegins) {
  Slots slots(event_loop, {.slots = 8, .memory_bytes = 1 * kRoom}, kNever);
  queue(slots, kServerA, 'a');
  queue(slots, kServerA, 'b');
  held['a']->yield();
  turn_loop();
  EXPECT_EQ(order, "a");
  EXPECT_TRUE(slots.out_of_memory());
  end('a');
  EXPECT_EQ(order, "ab");
  held.clear();
}

TEST_F(SlotsTest, RoomThatIsGivenBackLetsTheNextOneBegin) {
  Slots slots(event_loop, {.slots = 8, .memory_bytes = 2 * kRoom - 1}, kNever);
  queue(slots, kServerA, 'a');
  queue(slots, kServerA, 'b');
  held['a']->set_room(kRoom);
  turn_loop();
  EXPECT_EQ(order, "a");
  held['a']->set_room(kRoom - 1);
  turn_loop();
  EXPECT_EQ(order, "ab");
  held['a']->set_room(kRoom);
  EXPECT_EQ(slots.memory_used(), 2 * kRoom) << "what somebody holds is counted, whatever there is";
  held.clear();
  EXPECT_EQ(slots.memory_used(), 0u);
}

TEST_F(SlotsTest, WhoeverLeavesTheQueueIsPassedOver) {
  Slots slots(event_loop, {.slots = 1, .memory_bytes = 10 * kRoom}, kNever);
  queue(slots, kServerA, 'a');
  Slots::Place leaves = slots.enqueue(kServerA);
  queue(slots, kServerA, 'c');
  leaves.resolve(base::fail(base::Why::kCancelled, "gone"));
  EXPECT_EQ(slots.waiting(), 1u);
  end('a');
  EXPECT_EQ(order, "ac");
  held.clear();
}

TEST_F(SlotsTest, PatienceEndsWithWordsForWhatWasLacking) {
  struct Case {
    Slots::Counts counts;
    const char* word;
  };
  for (const Case& lacking : {Case{{.slots = 1, .memory_bytes = 9 * kRoom}, "processors"},
                              Case{{.slots = 9, .memory_bytes = 1 * kRoom}, "memory"}}) {
    Slots slots(event_loop, lacking.counts, kNever);
    queue(slots, kServerA, 'a');
    std::optional<base::Error> refused;
    tasks.spawn([](SlotsTest& self, Slots& s, std::optional<base::Error>& into) -> loop::Task<> {
      const Slots::Place place = s.enqueue(kServerA);
      const base::Result<Turn> turn = co_await loop::attempt(s.wait(place, 1));
      if (!turn) into = turn.error();
      self.event_loop.stop();
      co_return loop::Nothing{};
    }(*this, slots, refused));
    event_loop.run();
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->why, base::Why::kBusy);
    EXPECT_NE(std::string(refused->text).find(lacking.word), std::string::npos);
    EXPECT_NE(std::string(refused->text).find("nothing was executed"), std::string::npos);
    held.clear();
  }
}

TEST_F(SlotsTest, WorkAheadOfTimeHasASlotOnlyWhenNobodyWantsIt) {
  Slots slots(event_loop, {.slots = 2, .memory_bytes = 1 * kRoom}, kNever);
  int idle = 0;
  slots.when_idle([&idle] { ++idle; });
  queue(slots, kServerA, 'a');
  Turn ahead = slots.take_idle();
  EXPECT_NE(ahead, nullptr);
  EXPECT_EQ(slots.take_idle(), nullptr) << "both slots are taken";
  EXPECT_EQ(slots.memory_used(), kRoom) << "an idle child has no memory to speak of";
  ahead.reset();
  turn_loop();
  EXPECT_EQ(idle, 1);
  queue(slots, kServerA, 'b');
  EXPECT_EQ(slots.take_idle(), nullptr) << "somebody waits, if only for memory";
  held.clear();
}

}  // namespace
}  // namespace mcpbox::monitor
