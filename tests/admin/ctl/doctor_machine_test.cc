// Mirrors admin/ctl/doctor_machine.cc: each fault is made, and that one finding, with its fix, is all that
// comes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "admin/ctl/doctor.h"

namespace mcpbox::ctl {
namespace {

constexpr std::int64_t kNow = 1'795'000'000;

void expect_one(const Findings& findings, Health health, std::string_view says) {
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].health, health);
  EXPECT_NE(findings[0].what.find(says), std::string::npos) << findings[0].what;
  EXPECT_EQ(findings[0].fix.empty(), health == Health::kGood);
}

TEST(Clock, IsGoodBehindOrLeftAlone) {
  expect_one(judge_clock(true, kNow), Health::kGood, "kept right");
  expect_one(judge_clock(false, kNow), Health::kNote, "drift");
  expect_one(judge_clock(true, 0), Health::kProblem, "years behind");
  expect_one(judge_clock(false, 1'735'689'599), Health::kProblem, "years behind");
}

TEST(Entropy, IsThereOrAProblem) {
  expect_one(judge_entropy(true), Health::kGood, "random");
  expect_one(judge_entropy(false), Health::kProblem, "no random numbers");
}

TEST(MachineFindings, AreOneOfEach) { EXPECT_EQ(look_at_machine().size(), 2U); }

class Units : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "units-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    write("/lib/systemd/system/mcpboxd.service");
    write("/etc/systemd/system/multi-user.target.wants/mcpbox.target");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << "[Unit]\n";
  }
  std::string root_;
};

TEST_F(Units, AsInstalledAreGood) {
  expect_one(look_at_units(root_), Health::kGood, "as they were installed");
}

TEST_F(Units, ThatAreNotInstalledAreNobodysFault) {
  std::filesystem::remove(root_ + "/lib/systemd/system/mcpboxd.service");
  EXPECT_TRUE(look_at_units(root_).empty());
}

TEST_F(Units, ThatDoNotStartWithTheMachineAreANote) {
  std::filesystem::remove(root_ + "/etc/systemd/system/multi-user.target.wants/mcpbox.target");
  expect_one(look_at_units(root_), Health::kNote, "does not start");
}

TEST_F(Units, ThatSomebodyReplacedOrChangedAreNamed) {
  write("/etc/systemd/system/mcpboxd.service.d/override.conf");
  expect_one(look_at_units(root_), Health::kNote, "mcpboxd.service.d changes");
  std::filesystem::remove_all(root_ + "/etc/systemd/system/mcpboxd.service.d");
  write("/etc/systemd/system/mcpbox-db.service");
  expect_one(look_at_units(root_), Health::kNote, "mcpbox-db.service stands in");
}

}  // namespace
}  // namespace mcpbox::ctl
