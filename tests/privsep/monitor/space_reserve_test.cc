// Mirrors privsep/monitor/space_reserve.cc, on a file in memory, and what the store refuses while space is
// short.  A disk that is really full: tests/system/disk.test.ts.
#include "privsep/monitor/space_reserve.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/audit_limits.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

class SpaceReserveTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
    base::Fd file(memfd_create("space.reserve", MFD_CLOEXEC));
    seen = base::Fd(::dup(file.get()));
    space.when_changed([this](bool held) { told.push_back(held); });
    space.keep(std::move(file));
    store->keep_room(space);
  }
  void TearDown() override { store.reset(); }
  std::uint64_t size() {
    struct stat about{};
    EXPECT_EQ(::fstat(seen.get(), &about), 0);
    return static_cast<std::uint64_t>(about.st_blocks) * 512;
  }
  base::Result<std::uint64_t> record(AuditKind kind) {
    AuditRecord made{.kind = kind, .actor = "unix:alice", .action = "call"};
    return wait(loop, store->append(std::move(made)));
  }
  base::Result<std::uint64_t> change(const std::string& actor) {
    AuditRecord made{.kind = AuditKind::kConfiguration, .actor = actor, .action = "change"};
    Store::MakeRows none = [](std::uint64_t) { return std::vector<Statement>{}; };
    return wait(loop, store->commit(std::move(made), std::move(none)));
  }
  SpaceReserve space{loop, log};
  base::Fd seen;
  std::vector<bool> told;
  std::unique_ptr<StorePg> store;
};

TEST_F(SpaceReserveTest, ItTakesRoomGivesItUpOnceAndTakesItBack) {
  EXPECT_TRUE(space.held());
  EXPECT_TRUE(space.check().has_value());
  EXPECT_EQ(size(), policy::limits::kSpaceReserveBytes);
  EXPECT_TRUE(space.give_up());
  EXPECT_FALSE(space.held());
  EXPECT_EQ(size(), 0U);
  EXPECT_FALSE(space.give_up()) << "there is nothing more to give";
  EXPECT_EQ(space.check().error().why, base::Why::kBusy);
  ASSERT_TRUE(wait(loop, loop.sleep(3 * policy::limits::kSpaceLookMs)).has_value());
  EXPECT_TRUE(space.held());
  EXPECT_EQ(size(), policy::limits::kSpaceReserveBytes);
  EXPECT_EQ(told, (std::vector<bool>{true, false, true}));
}

TEST_F(SpaceReserveTest, WhileSpaceIsShortOutcomesAndAdministratorsComeFirst) {
  ASSERT_TRUE(record(AuditKind::kCallIntent).has_value());
  // There is room on this machine, so that the ballast is taken again while the loop runs; what may be
  // written is decided before it does.
  const auto short_again = [this] { ASSERT_TRUE(space.give_up() || !space.held()); };
  short_again();
  EXPECT_EQ(record(AuditKind::kCallIntent).error().why, base::Why::kBusy);
  for (const char* caller : {"unix:alice", "client:laptop", "remote:eve", "anonymous:#5e"}) {
    short_again();
    EXPECT_EQ(change(caller).error().why, base::Why::kBusy) << caller;
  }
  short_again();
  EXPECT_TRUE(record(AuditKind::kCallOutcome).has_value());
  short_again();
  EXPECT_TRUE(change("root").has_value());
  short_again();
  EXPECT_TRUE(change("admin:alice").has_value());
  expect_whole_chain(4);
}

TEST(SpaceReserve, WithoutAFileThereIsAlwaysRoom) {
  loop::Loop loop;
  const base::Log log("test");
  SpaceReserve none(loop, log);
  EXPECT_TRUE(none.held());
  EXPECT_TRUE(none.check().has_value());
  EXPECT_FALSE(none.give_up());
}

}  // namespace
}  // namespace mcpbox::monitor
