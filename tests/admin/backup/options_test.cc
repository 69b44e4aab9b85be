#include "admin/backup/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mcpbox::backup {
namespace {

Outcome<Options> parse(std::vector<std::string_view> words) { return parse_options(words); }

TEST(BackupOptions, AreTaken) {
  const Outcome<Options> all = parse({"create", "/there", "--keep", "7", "--state=/s", "--recipient", "abc"});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->command, "create");
  EXPECT_EQ(all->words, std::vector<std::string>{"/there"});
  EXPECT_EQ(all->keep, 7U);
  EXPECT_EQ(all->state, "/s");
  EXPECT_EQ(all->recipient, "abc");
  EXPECT_TRUE(parse({"verify", "f", "--drill"})->drill);
}

TEST(BackupOptions, NameWhatIsWrong) {
  const std::pair<std::vector<std::string_view>, std::string> wrong[] = {
      {{}, "say what to do"},
      {{"destroy"}, "say what to do"},
      {{"create", "a", "b"}, "create [FOLDER]"},
      {{"verify"}, "verify FILE"},
      {{"restore", "f"}, "--into"},
      {{"create", "--keep", "0"}, "--keep"},
      {{"create", "--keep", "-1"}, "--keep"},
      {{"create", "--keep"}, "wants a value"},
      {{"create", "--state="}, "wants a value"},
      {{"create", "--nonsense"}, "unknown option"},
      {{"create", "--recipient", "a", "--passphrase-file", "b"}, "not both"}};
  for (const auto& [words, says] : wrong) {
    const Outcome<Options> parsed = parse(words);
    ASSERT_FALSE(parsed.has_value()) << says;
    EXPECT_THAT(parsed.error(), ::testing::HasSubstr(says));
  }
}

}  // namespace
}  // namespace mcpbox::backup
