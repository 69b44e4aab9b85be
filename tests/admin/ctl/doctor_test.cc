// Mirrors admin/ctl/doctor.cc, doctor_state.cc and doctor_kernel.cc.
#include "admin/ctl/doctor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "admin/ctl/status_text.h"
#include "privsep/base/fd.h"

namespace mcpbox::ctl {
namespace {

constexpr std::string_view kTables =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1\n"
    "   1: 00000000:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1\n"
    "   2: 0100007F:1F42 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 102 1\n"
    "   3: 00000000000000000000000001000000:1F40 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 103\n"
    "   4: 00000000000000000000000000000000:1F43 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 "
    "104\n";

std::size_t problems(const Findings& findings) {
  return static_cast<std::size_t>(std::ranges::count(findings, Health::kProblem, &Finding::health));
}

protocol::Status listening_on(std::string_view listener) {
  protocol::Status status{.database_up = true};
  status.listeners.emplace_back(listener);
  return status;
}

TEST(ListeningIn, FindsListenersAndNothingElse) {
  const std::vector<ListeningSocket> sockets = listening_in(kTables);
  ASSERT_EQ(sockets.size(), 4U);
  EXPECT_EQ(sockets[0].port, 8000);
  EXPECT_TRUE(sockets[0].loopback);
  EXPECT_FALSE(sockets[1].loopback);
  EXPECT_TRUE(sockets[2].loopback);
  EXPECT_FALSE(sockets[3].loopback);
}

TEST(ListeningIn, PassesOverWhatIsNoLineOfTheTable) {
  EXPECT_TRUE(listening_in("").empty());
  EXPECT_TRUE(listening_in("0: 0100007F1F40 x 0A\n1: 0100007F:ZZZZ x 0A\n2: 0100007F:1FFFFF x 0A").empty());
}

TEST(Listeners, OnLoopbackAreGood) {
  EXPECT_EQ(problems(look_at_listeners(listening_on("127.0.0.1:8000"), kTables)), 0U);
  EXPECT_EQ(problems(look_at_listeners(listening_on("[::1]:8000"), kTables)), 0U);
}

TEST(Listeners, BeyondLoopbackAreAProblem) {
  EXPECT_EQ(problems(look_at_listeners(listening_on("0.0.0.0:8000"), kTables)), 1U);
  EXPECT_EQ(problems(look_at_listeners(listening_on("127.0.0.1:8001"), kTables)), 1U)
      << "the kernel knows better";
  EXPECT_EQ(problems(look_at_listeners(listening_on("[::1]:8003"), kTables)), 1U);
}

TEST(Listeners, ThatNobodyHoldsAreAProblem) {
  EXPECT_EQ(problems(look_at_listeners(listening_on("127.0.0.1:8002"), kTables)), 1U);
}

TEST(StatusFindings, NameWhatIsDownAndWhatIsMissing) {
  protocol::Status status{.database_up = false};
  status.processes = {
      {.role = "zygote", .missing = static_cast<policy::Layers>(policy::Layer::kSeccomp), .serving = true},
      {.role = "net-local", .serving = false}};
  const Findings findings = look_at_status(status);
  EXPECT_EQ(problems(findings), 3U);
  EXPECT_TRUE(std::ranges::any_of(findings,
                                  [](const Finding& f) { return f.what == "zygote runs without seccomp"; }));
  status.missing_allowed = static_cast<policy::Layers>(policy::Layer::kSeccomp);
  EXPECT_EQ(problems(look_at_status(status)), 2U) << "given up by name";
}

TEST(AttackFindings, NameEveryHoleAndSayHowMany) {
  protocol::AttackReport report{.attempts = 2000};
  EXPECT_EQ(problems(look_at_attack(report)), 0U);
  report.holes = 3;
  report.first = {{.name = "open", .expected = "EACCES", .found = "success"},
                  {.name = "socket", .expected = "EACCES", .found = "success"}};
  const Findings findings = look_at_attack(report);
  EXPECT_EQ(problems(findings), 3U);
  EXPECT_EQ(findings[0].what, "the jail has a hole: open (expected EACCES, found success)");
  EXPECT_EQ(findings[2].what, "1 more holes in the jail");
}

class StateFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "doctor-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    for (const char* file : {"/mcpbox.conf", "/master.key"})
      const base::Fd made(::open((folder_ + file).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(StateFolder, OfItsOwnerAloneIsGood) {
  EXPECT_EQ(problems(look_at_state(folder_, folder_ + "/mcpbox.conf")), 0U);
}

TEST_F(StateFolder, ThatOthersCanWriteToIsAProblem) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(problems(look_at_state(folder_, folder_ + "/mcpbox.conf")), 1U);
}

TEST_F(StateFolder, WithAKeyThatOthersCanReadIsAProblem) {
  ASSERT_EQ(::chmod((folder_ + "/master.key").c_str(), 0640), 0);
  EXPECT_EQ(problems(look_at_state(folder_, folder_ + "/mcpbox.conf")), 1U);
}

TEST_F(StateFolder, WithTheKeyOfARotationThatWasCutIsAProblem) {
  const base::Fd next(::open((folder_ + "/master.key.next").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const Findings findings = look_at_state(folder_, folder_ + "/mcpbox.conf");
  ASSERT_EQ(problems(findings), 1U);
  const auto found = std::ranges::find(findings, Health::kProblem, &Finding::health);
  EXPECT_TRUE(found->what.contains("rotation of the master key was cut")) << found->what;
  EXPECT_TRUE(found->fix.contains("mcpboxctl key rotate")) << found->fix;
}

TEST_F(StateFolder, WithALinkInPlaceOfTheKeyIsAProblem) {
  ASSERT_EQ(::unlink((folder_ + "/master.key").c_str()), 0);
  ASSERT_EQ(::symlink("/dev/null", (folder_ + "/master.key").c_str()), 0);
  EXPECT_EQ(problems(look_at_state(folder_, folder_ + "/mcpbox.conf")), 1U);
}

TEST_F(StateFolder, ThatIsNotThereIsAProblem) {
  EXPECT_EQ(problems(look_at_state(folder_ + "/none", folder_ + "/none/mcpbox.conf")), 1U);
}

TEST(Kernel, EveryFindingThatIsNotGoodSaysWhatToDo) {
  const Findings findings = look_at_kernel();
  EXPECT_EQ(findings.size(), 5U);
  for (const Finding& finding : findings)
    EXPECT_EQ(finding.fix.empty(), finding.health == Health::kGood) << finding.what;
}

}  // namespace
}  // namespace mcpbox::ctl
