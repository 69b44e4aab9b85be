// The attack that runs at every start, on the jail as it really is and on jails with one hole each.
#include "tests/attack/attack_process.h"
#include "tests/attack/world.h"

namespace mcpbox {
namespace {

using namespace test;

class SelfAttack : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
  }
};

TEST_F(SelfAttack, FindsNoHoleInTheRealJail) {
  const Result<protocol::AttackReport> report = attack_own_jail(false);
  ASSERT_TRUE(report.has_value()) << report.error().text;
  EXPECT_EQ(report->holes, 0u) << text_of(*report);
  EXPECT_EQ(report->layers & policy::kLayerBits, policy::kZygoteLayers);
  EXPECT_GT(report->attempts, 2500u);
}

TEST_F(SelfAttack, WithTheLongCorpusFindsNoHoleEither) {
  const Result<protocol::AttackReport> report = attack_own_jail(true);
  ASSERT_TRUE(report.has_value()) << report.error().text;
  EXPECT_EQ(report->holes, 0u) << text_of(*report);
  EXPECT_GT(report->attempts, 7500u);
}

// Under a user of its own: what other tests do at the same time is not its doing.
TEST_F(SelfAttack, ChangesNothingOutsideItsJail) {
  constexpr uid_t kAlone = 60899;
  const Bystander bystander(kAlone);
  ASSERT_EQ(bystander.felt(), "");
  const World before = look_at_world(kAlone);
  const Result<protocol::AttackReport> report = attack_own_jail(true, kAlone);
  ASSERT_TRUE(report.has_value()) << report.error().text;
  EXPECT_EQ(look_at_world(kAlone), before);
  EXPECT_EQ(bystander.felt(), "");
  EXPECT_FALSE(bystander.was_connected_to());
}

TEST_F(SelfAttack, IsNotStartedByHand) {
  const char* const words[] = {MCPBOX_EXECUTOR, "--role", "attack", nullptr};
  Result<jail::Spawned> child =
      jail::spawn({.path = MCPBOX_EXECUTOR, .argv = words, .uid = 60807, .gid = 60807});
  ASSERT_TRUE(child.has_value());
  int status = 0;
  ASSERT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_EQ(WEXITSTATUS(status), EXIT_FAILURE);
}

// --- Jails with a hole --------------------------------------------------------------------------------

struct Removed {
  const char* hole;   // of tests/attack/holed_main.cc
  const char* found;  // an attempt that must be among the first of the report
  const char* how;    // how it ended
};
void PrintTo(const Removed& removed, std::ostream* out) { *out << removed.hole; }

class AHole : public SelfAttack, public ::testing::WithParamInterface<Removed> {};

TEST_P(AHole, IsFoundAndNamed) {
  const char* const argv[] = {MCPBOX_HOLED, GetParam().hole, nullptr};
  const Result<protocol::AttackReport> report = attack_with(MCPBOX_HOLED, argv, false);
  ASSERT_TRUE(report.has_value()) << report.error().text;
  EXPECT_GT(report->holes, 0u);
  bool named = false;
  for (const protocol::Hole& hole : report->first)
    named = named || (hole.name == GetParam().found && hole.found == GetParam().how);
  EXPECT_TRUE(named) << GetParam().found << ", " << GetParam().how << ", is not in\n" << text_of(*report);
}

const Removed kRemoved[] = {
    {"stat", "newfstatat", "EFAULT"},
    {"socket", "socket", "success"},
    {"ptrace", "ptrace of the sibling", "ESRCH"},
    {"read_sibling", "reading the sibling's memory", "EPERM"},
    {"write_sibling", "writing the sibling's memory", "EPERM"},
    {"clock", "CPU clock of the sibling", "EFAULT"},
    {"mmap", "mmap, shared", "success"},
    {"kill", "a signal to -1", "success"},
    {"pause", "system call 34, pause", "ETIMEDOUT"},
    {"filter", "openat", "EPERM"},
    {"both_filters", "stat", "EFAULT"},
    {"limits", "more memory than a call may have", "success"},
    {"descriptors", "inherited descriptor 5", "success"},
    {"everything", "open", "success"},
};
INSTANTIATE_TEST_SUITE_P(InTheJail, AHole, ::testing::ValuesIn(kRemoved),
                         [](const auto& test) { return std::string(test.param.hole); });

// The stand-in is a fair one: without a hole it reports none.
TEST_F(SelfAttack, FindsNothingInAStandInWithoutAHole) {
  const char* const argv[] = {MCPBOX_HOLED, "none", nullptr};
  const Result<protocol::AttackReport> report = attack_with(MCPBOX_HOLED, argv, false);
  ASSERT_TRUE(report.has_value()) << report.error().text;
  EXPECT_EQ(report->holes, 0u) << text_of(*report);
}

}  // namespace
}  // namespace mcpbox
