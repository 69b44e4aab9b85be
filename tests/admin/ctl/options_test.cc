// Mirrors admin/ctl/options.cc.
#include "admin/ctl/options.h"

#include <gtest/gtest.h>

namespace mcpbox::ctl {
namespace {

std::expected<Options, std::string> parsed(std::vector<std::string_view> arguments) {
  return parse_options(arguments);
}

TEST(Options, MayStandAnywhere) {
  const auto options = parsed({"--json", "logs", "--page", "3", "srv__tool", "--state=dir"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->page, 3U);
  EXPECT_EQ(options->state, "dir");
  EXPECT_EQ(options->words, (std::vector<std::string>{"logs", "srv__tool"}));
}

TEST(Options, AValueMayLookLikeAnOption) {
  EXPECT_EQ(parsed({"reject", "t", "--reason", "--json"})->reason, "--json");
  EXPECT_EQ(parsed({"reject", "t", "--reason="})->reason, "");
}

TEST(Options, BehindBackupAreForThatProgram) {
  const auto options = parsed({"--state", "dir", "backup", "create", "--keep", "3", "--json", "--help"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->state, "dir");
  EXPECT_FALSE(options->json);
  EXPECT_EQ(options->words,
            (std::vector<std::string>{"backup", "create", "--keep", "3", "--json", "--help"}));
  EXPECT_FALSE(parsed({"show", "backup", "--keep", "3"})) << "only where it is the command";
}

TEST(Options, OfGrantsAndSecretsAreTaken) {
  const auto options =
      parsed({"network", "add", "srv", "a.example", "--port=443", "--private", "--method", "GET,HEAD",
              "--path", "/x", "--yes", "--template", "Key {}", "--all", "--exposed"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->port, 443);
  EXPECT_TRUE(options->private_too && options->yes && options->all && options->exposed && !options->json);
  EXPECT_EQ(*options->method + *options->path + *options->form, "GET,HEAD/xKey {}");
  for (const char* port : {"0", "65536", "-1", "https", "443x", ""})
    EXPECT_FALSE(parsed({"--port", port})) << port;
}

TEST(Options, EndAtTwoDashes) {
  const auto options = parsed({"show", "--", "--json"});
  EXPECT_FALSE(options->json);
  EXPECT_EQ(options->words.back(), "--json");
}

TEST(Options, ThatMakeNoSenseAreRefused) {
  for (const std::vector<std::string_view>& arguments :
       std::vector<std::vector<std::string_view>>{{"--nonsense"},
                                                  {"-x"},
                                                  {"--page"},
                                                  {"--page", "0"},
                                                  {"--page", "-1"},
                                                  {"--page", "2x"},
                                                  {"--page", "4294967296"},
                                                  {"--socket"}})
    EXPECT_FALSE(parsed(arguments)) << arguments.front();
}

TEST(Options, ADigestIsAllOfIts64LowerCaseDigits) {
  const std::string whole(64, 'a');
  EXPECT_EQ(parsed({"--digest", whole})->digest, whole);
  EXPECT_FALSE(parsed({"--digest", whole.substr(1)}));
  EXPECT_FALSE(parsed({"--digest", std::string(65, 'a')}));
  EXPECT_FALSE(parsed({"--digest", std::string(64, 'A')}));
  EXPECT_FALSE(parsed({"--digest", std::string(64, 'g')}));
}

TEST(Options, SayWhereSocketAndStateAre) {
  EXPECT_EQ(socket_path(*parsed({"--socket", "/a/b", "--state", "/c"})), "/a/b");
  EXPECT_EQ(socket_path(*parsed({"--state", "/c"})), "/c/control.sock");
  EXPECT_EQ(state_folder(*parsed({"--state", "/c", "--socket", "/a/b"})), "/c");
  EXPECT_EQ(state_folder(*parsed({"--socket", "/a/b"})), "/a");
  EXPECT_EQ(state_folder(*parsed({"--socket", "/b"})), "/");
  EXPECT_EQ(state_folder(*parsed({"--socket", "b"})), ".");
}

TEST(Options, AskingForHelpOverridesTheRest) {
  EXPECT_EQ(parsed({"approve", "--help", "--nonsense"})->words, std::vector<std::string>{"help"});
}

}  // namespace
}  // namespace mcpbox::ctl
