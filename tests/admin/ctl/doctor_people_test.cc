// Mirrors admin/ctl/doctor_people.cc: each fault is made, and that one finding, with its fix, is all that
// comes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "admin/ctl/doctor.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kConfig = "/etc/mcpbox/mcpbox.conf";

class People : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "people-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    write(kConfig, "# allow-user = root\nallow-user = alice\n");
    write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/srv/alice:/bin/sh\n");
    write("/etc/group", "root:x:0:\ndocker:x:990:bob\ndisk:x:6:\nalice:x:1000:\nsudo:x:27:alice,bob\n");
    write("/etc/sudoers", "Defaults env_reset\n%sudo ALL=(ALL:ALL) ALL\nbob ALL=(ALL) NOPASSWD: ALL\n");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  // The one finding that there must be, which is not a good one and says what to do.
  [[nodiscard]] std::string only_note() const {
    const Findings findings = look_at_people(root_, kConfig);
    EXPECT_EQ(findings.size(), 1U);
    if (findings.size() != 1) return "";
    EXPECT_EQ(findings[0].health, Health::kNote);
    EXPECT_FALSE(findings[0].fix.empty());
    return findings[0].what;
  }

  std::string root_;
};

TEST_F(People, AnOrdinaryAccountIsGood) {
  const Findings findings = look_at_people(root_, kConfig);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].health, Health::kGood) << findings[0].what;
}

TEST_F(People, AMemberOfAGroupThatIsRootIsNamed) {
  for (const std::string group : {"docker", "lxd", "disk"}) {
    write("/etc/group", group + ":x:990:bob,alice\n");
    EXPECT_EQ(only_note(),
              "alice may use the tools and is in group " + group + ", which is root by another way");
  }
}

TEST_F(People, APrimaryGroupCountsToo) {
  write("/etc/passwd", "alice:x:1000:990::/srv/alice:/bin/sh\n");
  EXPECT_NE(only_note().find("group docker"), std::string::npos);
}

TEST_F(People, SudoWithoutAPasswordIsNamedHoweverItIsWritten) {
  for (const char* line : {"alice ALL=(ALL) NOPASSWD: ALL\n", "%sudo\tALL=(ALL:ALL) NOPASSWD:ALL\n",
                           "#1000 ALL=NOPASSWD: /bin/sh\n", "ALL ALL=(ALL) NOPASSWD: ALL\n",
                           "alice ALL=(ALL) \\\n  NOPASSWD: ALL\n"}) {
    write("/etc/sudoers", line);
    EXPECT_NE(only_note().find("NOPASSWD"), std::string::npos) << line;
  }
}

TEST_F(People, AFileBesideSudoersCounts) {
  write("/etc/sudoers.d/90-cloud", "alice ALL=(ALL) NOPASSWD:ALL\n");
  EXPECT_NE(only_note().find("NOPASSWD"), std::string::npos);
}

TEST_F(People, SomebodyElsesLineIsNobodysFault) {
  write("/etc/sudoers",
        "alicex ALL=(ALL) NOPASSWD: ALL\n# alice ALL=(ALL) NOPASSWD: ALL\n%docker ALL=NOPASSWD: ALL\n");
  EXPECT_EQ(look_at_people(root_, kConfig)[0].health, Health::kGood);
}

TEST_F(People, ANumberIsAnAccountToo) {
  write(kConfig, "allow-user=1000\n");
  write("/etc/group", "docker:x:990:alice\n");
  EXPECT_NE(only_note().find("alice"), std::string::npos);
}

TEST_F(People, RootItselfIsNamed) {
  write(kConfig, "allow-user = root\n");
  EXPECT_EQ(only_note(), "root may use the tools and is root");
}

TEST_F(People, NobodyIsANote) {
  write(kConfig, "log = stderr\n");
  EXPECT_NE(only_note().find("nobody"), std::string::npos);
}

TEST_F(People, AConfigurationThatCannotBeReadIsSaid) {
  std::filesystem::remove(root_ + kConfig);
  EXPECT_NE(only_note().find("cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace mcpbox::ctl
