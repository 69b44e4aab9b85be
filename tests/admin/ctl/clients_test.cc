// Mirrors admin/ctl/clients.cc.
#include "admin/ctl/clients.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mcpbox::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Launch kLaunch{.command = "mcpboxctl", .arguments = {"stdio"}};

class ClientsTest : public testing::Test {
 public:
  std::filesystem::path folder;
  const ClientKind& desktop = *find_client("claude-desktop");
  ClientsTest() {
    std::string name = testing::TempDir() + "clientsXXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~ClientsTest() override { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string path(const char* file) const { return (folder / file).string(); }
  static std::string content(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static void write(const std::string& file, std::string_view text) { std::ofstream(file) << text; }
};

TEST_F(ClientsTest, TheDesktopsSectionIsWhatTheConnectPageShows) {
  EXPECT_EQ(section_text(desktop, "mcpbox", kLaunch), R"({
  "mcpServers": {
    "mcpbox": {
      "command": "mcpboxctl",
      "args": [
        "stdio"
      ]
    }
  }
}
)");
}

TEST_F(ClientsTest, EveryClientsEntryStartsTheBridge) {
  for (const ClientKind& kind : client_kinds()) {
    const Json entry = entry_for(kind, kLaunch);
    EXPECT_STREQ(json_string_value(json_object_get(entry.get(), "command")), "mcpboxctl") << kind.name;
    EXPECT_EQ(json_object_get(entry.get(), "type") != nullptr, kind.typed) << kind.name;
    EXPECT_FALSE(kind.file.starts_with('/')) << kind.name;
    EXPECT_EQ(find_client(kind.name), &kind);
  }
  EXPECT_EQ(find_client("emacs"), nullptr);
}

TEST_F(ClientsTest, WhatIsThereStays) {
  const char* before =
      R"({"z":1.5,"mcpServers":{"other":{"url":"http://x","n":12345678901234}},"a":["\u0000",null,true]})";
  const auto merged = merge_entry(desktop, before, "mcpbox", kLaunch, false);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->what, Merged::kAdded);
  const Json now(json_loadb(merged->text.data(), merged->text.size(), JSON_ALLOW_NUL, nullptr));
  const Json was(json_loads(before, JSON_ALLOW_NUL, nullptr));
  json_object_del(json_object_get(now.get(), "mcpServers"), "mcpbox");
  EXPECT_EQ(json_equal(now.get(), was.get()), 1) << merged->text;
  EXPECT_THAT(merged->text, StartsWith("{\n  \"z\"")) << "in its order";
}

TEST_F(ClientsTest, AnEmptyFileIsAnEmptyConfiguration) {
  for (const char* none : {"", " \n", "{}"}) {
    const auto merged = merge_entry(desktop, none, "mcpbox", kLaunch, false);
    ASSERT_TRUE(merged) << none;
    EXPECT_EQ(merged->text, section_text(desktop, "mcpbox", kLaunch));
  }
}

TEST_F(ClientsTest, TheSameAgainChangesNothing) {
  const std::string there = section_text(desktop, "mcpbox", kLaunch);
  const auto merged = merge_entry(desktop, there, "mcpbox", kLaunch, false);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->what, Merged::kSame);
  EXPECT_EQ(merged->text, there);
}

TEST_F(ClientsTest, AnotherOfTheNameIsReplacedOnlyWhenSaid) {
  const char* there = R"({"mcpServers":{"mcpbox":{"command":"other"}}})";
  const auto refused = merge_entry(desktop, there, "mcpbox", kLaunch, false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("--yes"));
  const auto merged = merge_entry(desktop, there, "mcpbox", kLaunch, true);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->what, Merged::kReplaced);
  EXPECT_EQ(merged->text, section_text(desktop, "mcpbox", kLaunch));
}

TEST_F(ClientsTest, MalformedJsonIsRefusedWithItsPlace) {
  const auto refused = merge_entry(desktop, "{\n  \"a\": 1,\n}\n", "mcpbox", kLaunch, true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("malformed at line 3"));
  for (const char* bad :
       {"[]", "1", "{} {}", "{\"a\":1,\"a\":2}", "// c\n{}", "{\"mcpServers\":[]}", "{\"mcpServers\":null}"})
    EXPECT_FALSE(merge_entry(desktop, bad, "mcpbox", kLaunch, true)) << bad;
}

TEST_F(ClientsTest, AFileIsReplacedWholeWithItsRightsAndKeptAsItWas) {
  const std::string file = path("config.json");
  write(file, "before");
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(replace_file(file, "after"));
  EXPECT_EQ(content(file), "after");
  EXPECT_EQ(content(file + ".before-mcpbox"), "before");
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0640U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2) << "nothing else is left";
}

TEST_F(ClientsTest, ANewFileIsForItsOwnerAloneAndItsFoldersAreMade) {
  const std::string file = path("a/b/config.json");
  ASSERT_TRUE(replace_file(file, "new"));
  EXPECT_EQ(content(file), "new");
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(file + ".before-mcpbox"));
}

TEST_F(ClientsTest, ALinkIsFollowedAndStays) {
  write(path("real.json"), "before");
  std::filesystem::create_symlink("real.json", folder / "link.json");
  ASSERT_TRUE(replace_file(path("link.json"), "after"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.json"));
  EXPECT_EQ(content(path("real.json")), "after");
}

TEST_F(ClientsTest, WhatIsNoFileIsRefused) {
  std::filesystem::create_directory(folder / "folder.json");
  EXPECT_FALSE(file_text(path("folder.json")));
  ASSERT_EQ(::mkfifo(path("pipe.json").c_str(), 0600), 0);
  EXPECT_FALSE(file_text(path("pipe.json")));
  EXPECT_EQ(file_text(path("none.json")), "");
}

TEST_F(ClientsTest, WhereNothingCanBeWrittenTheFileStays) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const std::string file = path("config.json");
  write(file, "before");
  ASSERT_EQ(::chmod(folder.c_str(), 0500), 0);
  EXPECT_FALSE(replace_file(file, "after"));
  ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
  EXPECT_EQ(content(file), "before");
}

}  // namespace
}  // namespace mcpbox::ctl
