// Titles, on a made-up command line.
#include "privsep/jail/title.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <array>
#include <cstring>
#include <string>

namespace mcpbox {
namespace {

// "daemon\0--role\0x\0" as the kernel lays it out, and a guard behind it.
struct CommandLine {
  std::array<char, 17> bytes{};
  std::array<char*, 4> argv{};
  CommandLine() {
    std::memcpy(bytes.data(), "daemon\0--role\0x\0#", bytes.size());
    argv = {&bytes[0], &bytes[7], &bytes[14], nullptr};
  }
};

std::string short_name() {
  char name[16] = {};
  ::prctl(PR_GET_NAME, name);
  return name;
}

TEST(Title, TakesThePlaceOfTheCommandLine) {
  CommandLine line;
  jail::set_title(3, line.argv.data(), "box: [net]");
  EXPECT_EQ(std::string(line.bytes.data(), 16), std::string("box: [net]\0\0\0\0\0\0", 16));
}

TEST(Title, IsCutToTheRoomThereIs) {
  CommandLine line;
  const std::string exact(15, 'a');
  jail::set_title(3, line.argv.data(), exact);
  EXPECT_STREQ(line.bytes.data(), (exact).c_str());
  CommandLine other;
  jail::set_title(3, other.argv.data(), exact + "b");
  EXPECT_STREQ(other.bytes.data(), exact.c_str());
  EXPECT_EQ(other.bytes[16], '#');
}

TEST(Title, CanBeSetAgainAndLeavesNothingOfTheFormerOne) {
  CommandLine line;
  const jail::Title title(3, line.argv.data());
  title.set("box: [call 42]");
  title.set("box: [x]");
  EXPECT_EQ(std::string(line.bytes.data(), 16), std::string("box: [x]\0\0\0\0\0\0\0\0", 16));
}

TEST(Title, EndsWhereTheCommandLineHasAGap) {
  CommandLine line;
  line.argv[1] = line.argv[2];
  jail::set_title(3, line.argv.data(), "box: [net]");
  EXPECT_STREQ(line.bytes.data(), "box: [");
  EXPECT_STREQ(&line.bytes[7], "--role");
}

TEST(Title, GivesTheShortNameFromTheBracketOn) {
  CommandLine line;
  jail::set_title(3, line.argv.data(), "box: [net-local]");
  EXPECT_EQ(short_name(), "[net-local]");
  jail::set_title(3, line.argv.data(), "no bracket and long");
  EXPECT_EQ(short_name(), "no bracket and ");
}

TEST(Title, SurvivesAnEmptyCommandLine) {
  char* nothing[] = {nullptr};
  jail::set_title(0, nothing, "box: [net]");
  EXPECT_EQ(short_name(), "[net]");
}

}  // namespace
}  // namespace mcpbox
