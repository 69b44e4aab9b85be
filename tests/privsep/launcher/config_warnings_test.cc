// mirrors privsep/launcher/config_warnings.cc
#include <gtest/gtest.h>

#include "privsep/launcher/config.h"

namespace mcpbox::launcher {
namespace {

std::vector<std::string> warnings_for(std::string_view text) {
  const auto config = parse_config("allow-user = 1000\n" + std::string(text));
  EXPECT_TRUE(config) << config.error().text;
  return config ? config->warnings : std::vector<std::string>{};
}

TEST(ConfigWarnings, ThereAreNoneForTheDefaults) { EXPECT_TRUE(warnings_for("").empty()); }

TEST(ConfigWarnings, EachWeakerChoiceIsNamed) {
  struct Case {
    const char* line;
    const char* says;
  };
  for (const Case& one : {
           Case{"isolation = trial", "trial"},
           Case{"database-remote = yes\ndatabase = postgresql://me@192.0.2.1/x", "not verified"},
           Case{"database-remote = yes\ndatabase = postgresql://me@192.0.2.1/x?sslmode=disable",
                "without encryption"},
           Case{"admin-url = http://box.example", "admin-url"},
           Case{"cors-origin = http://a.example", "cors-origin"},
       }) {
    const std::vector<std::string> all = warnings_for(one.line);
    ASSERT_EQ(all.size(), 1u) << one.line;
    EXPECT_NE(all[0].find(one.says), std::string::npos) << all[0];
  }
}

TEST(ConfigWarnings, PlainHttpOnThisMachineIsNone) {
  EXPECT_TRUE(warnings_for("admin-url = http://127.0.0.1:3000\ncors-origin = http://localhost:5173").empty());
}

TEST(ConfigWarnings, NobodyAllowedIsOne) {
  const auto config = parse_config("");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1u);
  EXPECT_NE(config->warnings[0].find("allow-user"), std::string::npos);
}

}  // namespace
}  // namespace mcpbox::launcher
