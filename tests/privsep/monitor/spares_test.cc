// Mirrors privsep/monitor/spares.cc, pool.cc, zygote.cc and spare.cc: which process a call gets, and when a
// zygote gives way to the next, with zygotes that the test holds.
#include "privsep/monitor/call_end.h"
#include "tests/privsep/monitor/fake_executor.h"

namespace mcpbox::monitor {
namespace {

using Taken = base::Result<std::shared_ptr<Spare>>;

constexpr std::int64_t kPatienceMs = 20'000;

class SparesTest : public MonitorTest {
 public:
  SparesTest() { use({}); }

  // The pools anew, with these limits instead of the product's.
  void use(const Spares::Plan& plan) {
    std::destroy_at(&monitor.spares);
    std::construct_at(&monitor.spares, monitor, plan);
  }
  Taken take(const Flavour& flavour = {}, std::int64_t patience_ms = kPatienceMs) {
    return finish(monitor.spares.take(flavour, patience_ms));
  }
  [[nodiscard]] const FakeExecutor::Zygote& last() const { return *executor.zygotes.back(); }
  [[nodiscard]] std::size_t violations() const {
    return static_cast<std::size_t>(std::ranges::count(store.records, "violation", &AuditRecord::action));
  }
  // The fake child behind a spare of this zygote.
  FakeExecutor::Child& child_of(const Spare& spare, std::size_t zygote = 0) {
    for (const auto& child : executor.zygotes[zygote]->children)
      if (child->number == spare.number()) return *child;
    ADD_FAILURE() << "no such child";
    return *executor.zygotes[zygote]->children.front();
  }

  FakeExecutor executor{event_loop, launcher};
};

const Flavour kHttpx{{"httpx"}};
const Flavour kYaml{{"yaml"}};
const Flavour kLxml{{"lxml"}};

TEST_F(SparesTest, TheDefaultZygoteIsWarmAtStartAndKeepsChildrenReady) {
  use({.pool = {.keep = 3}});
  monitor.spares.start();
  until([&] { return monitor.spares.idle() == 3; });
  ASSERT_EQ(executor.zygotes.size(), 1u);
  EXPECT_TRUE(last().packages.empty());
  for (const auto& child : last().children) EXPECT_TRUE(child->touches);
}

TEST_F(SparesTest, AChildForSomebodyWhoWaitsDoesNotRehearse) {
  use({.pool = {.keep = 0}});
  monitor.spares.start();
  ASSERT_TRUE(take().has_value());
  ASSERT_EQ(last().children.size(), 1u);
  EXPECT_FALSE(last().children[0]->touches);
}

TEST_F(SparesTest, ChildrenAreForkedAheadOnlyInSlotsThatNobodyWants) {
  use({.pool = {.keep = 3}});
  const Slots::Place one = monitor.slots.enqueue(server_id);
  const Slots::Place two = monitor.slots.enqueue(server_id);
  monitor.spares.start();
  until([&] { return executor.zygotes.size() == 1 && monitor.spares.standard().current() != nullptr; });
  EXPECT_EQ(monitor.spares.idle(), 0u) << "both slots are busy";
  until([&] { return monitor.spares.idle() == 3; });  // they yield at the end of their turns
}

TEST_F(SparesTest, EachSetOfPackagesHasAZygoteOfItsOwnStartedWhenNeeded) {
  monitor.spares.start();
  ASSERT_TRUE(take().has_value());
  ASSERT_TRUE(take(kHttpx).has_value());
  ASSERT_TRUE(take(kHttpx).has_value());
  ASSERT_EQ(executor.zygotes.size(), 2u);
  EXPECT_EQ(last().packages, kHttpx.packages);
}

TEST_F(SparesTest, APackageThatIsNotInstalledIsNamedWithWhatToDo) {
  executor.missing = "httpx";
  monitor.spares.start();
  const Taken refused = take(kHttpx);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kInvalid);
  EXPECT_NE(std::string(refused.error().text).find("apt install python3-httpx"), std::string::npos);
  EXPECT_TRUE(take().has_value()) << "the default flavour goes on";
  executor.missing.clear();
  EXPECT_TRUE(take(kHttpx).has_value()) << "installed meanwhile: nobody has to restart anything";
}

TEST_F(SparesTest, OfTooManyFlavoursTheOneLeastUsedGoes) {
  use({.flavours = 2});
  ASSERT_TRUE(take(kHttpx).has_value());
  ASSERT_TRUE(take(kYaml).has_value());
  ASSERT_TRUE(take(kHttpx).has_value());
  ASSERT_TRUE(take(kLxml).has_value());
  until([&] { return executor.open_zygotes() == 2; });
  EXPECT_TRUE(executor.zygotes[0]->open);
  EXPECT_FALSE(executor.zygotes[1]->open) << "yaml was used least recently";
}

TEST_F(SparesTest, AFlavourThatLeavesLetsItsCallsFinish) {
  use({.flavours = 1});
  Taken call = take(kHttpx);
  ASSERT_TRUE(call.has_value());
  ASSERT_TRUE(take(kYaml).has_value());
  EXPECT_TRUE((*call)->alive());
  EXPECT_TRUE(executor.zygotes[0]->open);
  EXPECT_EQ(take(kLxml).error().why, base::Why::kBusy) << "one flavour only waits for its call already";
  call->reset();
  until([&] { return !executor.zygotes[0]->open; });
  EXPECT_TRUE(take(kLxml).has_value());
}

TEST_F(SparesTest, AFlavourThatNobodyUsesEndsAndTheDefaultStays) {
  use({.flavour_idle_ms = 20});
  monitor.spares.start();
  ASSERT_TRUE(take().has_value());
  ASSERT_TRUE(take(kHttpx).has_value());
  until([&] { return executor.open_zygotes() == 1; });
  EXPECT_TRUE(executor.zygotes[0]->open);
}

TEST_F(SparesTest, AZygoteIsReplacedAfterSoManyChildrenAndNoCallIsLost) {
  use({.pool = {.keep = 1, .forks_per_zygote = 4}});
  monitor.spares.start();
  std::vector<std::shared_ptr<Spare>> calls;
  for (int i = 0; i < 6; ++i) {
    Taken taken = take();
    ASSERT_TRUE(taken.has_value());
    calls.push_back(std::move(*taken));
  }
  until([&] { return executor.zygotes.size() == 2 && monitor.spares.idle() == 1; });
  for (const auto& call : calls) EXPECT_TRUE(call->alive());
  EXPECT_EQ(executor.open_zygotes(), 2u) << "the old one waits for its calls";
  const std::size_t of_old = executor.zygotes[0]->children.size();
  calls.clear();
  until([&] { return executor.open_zygotes() == 1; });
  EXPECT_FALSE(executor.zygotes[0]->open);
  ASSERT_TRUE(take().has_value());
  EXPECT_EQ(executor.zygotes[0]->children.size(), of_old) << "new children come from the new one only";
}

TEST_F(SparesTest, AForbiddenSystemCallReplacesTheZygoteAndIsRecordedWithItsTool) {
  use({.pool = {.keep = 1, .replace_pause_ms = 0}});
  monitor.spares.start();
  Taken innocent = take();
  Taken guilty = take();
  ASSERT_TRUE(innocent.has_value() && guilty.has_value());
  const Work work{.tool = tool_id, .call = {9}, .digest = {7}};
  (*guilty)->work_in(nullptr, work);
  FakeExecutor::Child& child = child_of(**guilty);
  child.wait_status = SIGSYS;
  child.link->close({base::Why::kBroken, "killed"});
  until([&] { return executor.zygotes.size() == 2 && monitor.spares.idle() == 1; });
  ASSERT_EQ(violations(), 1u);
  const auto record = std::ranges::find(store.records, "violation", &AuditRecord::action);
  EXPECT_EQ(record->kind, AuditKind::kChildEnding);
  EXPECT_EQ(record->subject, tool_id);
  EXPECT_EQ(record->call, wire::Id{9});
  EXPECT_EQ(record->digest, wire::Digest{7});
  EXPECT_EQ(record->number, SIGSYS);
  EXPECT_TRUE((*innocent)->alive()) << "calls in flight finish";
  EXPECT_TRUE(executor.zygotes[0]->open);
  innocent->reset();
  until([&] { return !executor.zygotes[0]->open; });
}

TEST_F(SparesTest, AnOrdinaryEndReplacesNothing) {
  use({.pool = {.keep = 0, .replace_pause_ms = 0}});
  monitor.spares.start();
  for (const int status : {0, 1 << 8, SIGKILL, SIGSEGV}) {
    Taken spare = take();
    ASSERT_TRUE(spare.has_value());
    FakeExecutor::Child& child = child_of(**spare);
    child.wait_status = status;
    child.link->close({base::Why::kBroken, "ended"});
    const base::Result<protocol::SpareEnded> ended =
        finish([](loop::Later<protocol::SpareEnded> ending) -> loop::Task<protocol::SpareEnded> {
          base::Result<protocol::SpareEnded> how = co_await ending.result();
          co_return how;
        }((*spare)->ending()));
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->wait_status, status);
  }
  EXPECT_EQ(executor.zygotes.size(), 1u);
  EXPECT_EQ(violations(), 0u);
}

// What no child says: each costs the child its life and the zygote its place.
TEST_F(SparesTest, AChildThatBreaksTheProtocolReplacesTheZygote) {
  using Misdeed = std::function<void(loop::Link&)>;
  const Misdeed misdeeds[] = {
      [](loop::Link& link) { FakeExecutor::notify(link, protocol::SpareEnded{}); },  // not its row
      [](loop::Link& link) { FakeExecutor::notify(link, protocol::SpareReady{}); },  // a second time
      [](loop::Link& link) {                                                         // waits twice
        FakeExecutor::notify(link, protocol::Waits{});
        FakeExecutor::notify(link, protocol::Waits{});
      },
      [](loop::Link& link) { EXPECT_EQ(::write(link.fd(), "not a frame at all", 18), 18); },
  };
  use({.pool = {.keep = 0, .replace_pause_ms = 0}});
  monitor.spares.start();
  std::size_t expected = 1;
  for (const Misdeed& misdeed : misdeeds) {
    Taken spare = take();
    ASSERT_TRUE(spare.has_value());
    misdeed(*child_of(**spare, expected - 1).link);
    until([&] { return executor.zygotes.size() == expected + 1; });
    EXPECT_FALSE((*spare)->alive());
    EXPECT_TRUE((*spare)->broke_protocol());
    EXPECT_EQ(violations(), expected);
    spare->reset();
    until([&] { return executor.open_zygotes() == 1 && monitor.spares.standard().current() != nullptr; });
    ++expected;
  }
}

TEST_F(SparesTest, AToolThatMisbehavesAtEveryCallDoesNotKeepTheMachineStartingZygotes) {
  use({.pool = {.keep = 0}});
  monitor.spares.start();
  for (int i = 0; i < 5; ++i) {
    Taken spare = take();
    ASSERT_TRUE(spare.has_value());
    child_of(**spare).wait_status = SIGSYS;
    child_of(**spare).link->close({base::Why::kBroken, "killed"});
    until([&] { return violations() == static_cast<std::size_t>(i) + 1; });
  }
  EXPECT_EQ(executor.zygotes.size(), 1u) << "the next one starts when the pause is over";
}

TEST_F(SparesTest, AZygoteThatDiesTakesItsCallsWithItAndIsStartedAgain) {
  monitor.spares.start();
  Taken call = take();
  ASSERT_TRUE(call.has_value());
  executor.zygotes[0]->link->close({base::Why::kBroken, "killed"});
  until([&] { return (*call)->ending().resolved(); });
  EXPECT_TRUE(take().has_value());
  EXPECT_EQ(executor.zygotes.size(), 2u);
}

TEST_F(SparesTest, AZygoteThatDoesNotForkWhenToldIsEndedAndAnotherForks) {
  use({.pool = {.keep = 0, .fork_ms = 20}});
  executor.forks = false;
  monitor.spares.start();
  until([&] { return monitor.spares.standard().current() != nullptr; });
  loop::TaskSet callers;
  Taken taken = base::fail(base::Why::kBroken, "not yet");
  callers.spawn([](SparesTest& self, Taken& into) -> loop::Task<> {
    const Flavour standard;
    into = co_await loop::attempt(self.monitor.spares.take(standard, kPatienceMs));
    co_return loop::Nothing{};
  }(*this, taken));
  until([&] { return !executor.zygotes[0]->open; });
  executor.forks = true;
  until([&] { return taken.has_value(); });
  EXPECT_GE(executor.zygotes.size(), 2u);
}

// Two hundred calls that begin at once on a busy machine: the last one's order waits for all the others.
TEST_F(SparesTest, AZygoteThatForksSlowlyGoesOnHoweverManyWait) {
  use({.pool = {.keep = 0, .fork_ms = 100}});
  executor.fork_pause_ms = 60;
  monitor.spares.start();
  std::vector<std::shared_ptr<Spare>> taken;
  loop::TaskSet callers;
  for (int i = 0; i < 8; ++i)
    callers.spawn([](SparesTest& self, std::vector<std::shared_ptr<Spare>>& into) -> loop::Task<> {
      const Flavour standard;
      into.push_back(co_await self.monitor.spares.take(standard, kPatienceMs));
      co_return loop::Nothing{};
    }(*this, taken));
  until([&] { return taken.size() == 8; });
  EXPECT_EQ(executor.zygotes.size(), 1u);
  for (const auto& spare : taken) EXPECT_TRUE(spare->alive());
}

TEST_F(SparesTest, WhoeverFindsNoProcessInTimeIsTold) {
  executor.silent = true;
  monitor.spares.start();
  const Taken refused = take({}, 20);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kBusy);
}

TEST_F(SparesTest, OnlyAZygotesOwnWordOnItsChildrenCounts) {
  monitor.spares.start();
  Taken one = take();
  Taken other = take(kHttpx);
  ASSERT_TRUE(one.has_value() && other.has_value());
  monitor.spares.ended(monitor.next_instance(), {.spare = (*one)->number()});
  EXPECT_FALSE((*one)->ending().resolved()) << "no such zygote";
  FakeExecutor::notify(*executor.zygotes[1]->link, protocol::SpareEnded{.spare = 4711});
  FakeExecutor::notify(*executor.zygotes[1]->link, protocol::SpareEnded{.spare = (*other)->number()});
  until([&] { return (*other)->ending().resolved(); });
  EXPECT_FALSE((*one)->ending().resolved()) << "numbers are each zygote's own";
}

}  // namespace
}  // namespace mcpbox::monitor
