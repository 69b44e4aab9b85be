// mirrors privsep/launcher/config_environment.cc
#include "privsep/launcher/config_environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "privsep/launcher/config.h"

namespace mcpbox::launcher {
namespace {

std::expected<Config, ConfigError> with(Variable variable, std::string_view text = "") {
  const Variable all[] = {variable};
  return parse_config(text, read_environment(all));
}

TEST(Environment, WhatItNamesTakesThePlaceOfTheFile) {
  const auto database =
      with({"DATABASE_URL", "postgresql+asyncpg://me@127.0.0.1/app"}, "database = embedded");
  ASSERT_TRUE(database) << database.error().text;
  ASSERT_TRUE(database->database);
  EXPECT_EQ(database->database->user, "me");
  const auto rate = with({"RATE_LIMIT_REQUESTS_PER_MINUTE", "60"}, "requests-per-minute = 5");
  ASSERT_TRUE(rate) << rate.error().text;
  EXPECT_EQ(rate->requests_per_minute, 60u);
}

TEST(Environment, SeveralOriginsStandBetweenCommas) {
  const auto config =
      with({"CORS_ORIGINS", "https://a.example, https://b.example:8443,"}, "cors-origin = https://c.example");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example:8443"}));
}

TEST(Environment, AWrongValueIsAnErrorThatNamesTheVariable) {
  for (const Variable wrong : {Variable{"DATABASE_URL", "mysql://localhost/x"}, Variable{"CORS_ORIGINS", "*"},
                               Variable{"RATE_LIMIT_REQUESTS_PER_MINUTE", "none"}}) {
    const auto config = with(wrong);
    ASSERT_FALSE(config) << wrong.name;
    EXPECT_EQ(config.error().line, 0);
    EXPECT_TRUE(config.error().text.starts_with(wrong.name)) << config.error().text;
  }
}

TEST(Environment, AnEmptyVariableIsAsNone) {
  for (const char* name : {"DATABASE_URL", "CORS_ORIGINS", "SANDBOX_API_KEY", "LOG_RETENTION_DAYS"}) {
    const Variable all[] = {{name, ""}, {name, nullptr}};
    const Environment environment = read_environment(all);
    EXPECT_TRUE(environment.overrides.empty()) << name;
    EXPECT_TRUE(environment.warnings.empty()) << name;
  }
}

TEST(Environment, TheSandboxKeyIsNoLongerNeededAndAShortOneIsSaidToBeShort) {
  const Variable short_one[] = {{"SANDBOX_API_KEY", "0123456789012345678901234567890"}};
  const Variable long_one[] = {{"SANDBOX_API_KEY", "01234567890123456789012345678901"}};
  const std::vector<std::string> a = read_environment(short_one).warnings;
  const std::vector<std::string> b = read_environment(long_one).warnings;
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_NE(a[0].find("no longer needed"), std::string::npos);
  EXPECT_NE(a[0].find("shorter than 32"), std::string::npos);
  EXPECT_NE(b[0].find("no longer needed"), std::string::npos);
  EXPECT_EQ(b[0].find("shorter"), std::string::npos);
  EXPECT_EQ(a[0].find("0123456789"), std::string::npos) << "it may be somebody's secret elsewhere";
}

TEST(Environment, RetentionIsAnsweredWithTheCommandThatSetsIt) {
  const Variable good[] = {{"LOG_RETENTION_DAYS", "90"}};
  EXPECT_NE(read_environment(good).warnings.at(0).find("log_retention_days 90"), std::string::npos);
  for (const char* wrong : {"0", "3651", "-1", "9x", "99999999999"}) {
    const Variable bad[] = {{"LOG_RETENTION_DAYS", wrong}};
    EXPECT_NE(read_environment(bad).warnings.at(0).find("from 1 to 3650"), std::string::npos) << wrong;
  }
}

TEST(Environment, IsWipedOnceItWasRead) {
  setenv("DATABASE_URL", "postgresql://me:passw0rd@127.0.0.1/app", 1);
  const char* const where = getenv("DATABASE_URL");
  const Environment environment = take_environment();
  ASSERT_EQ(environment.overrides.size(), 1u);
  EXPECT_EQ(environment.overrides[0].values[0], "postgresql://me:passw0rd@127.0.0.1/app");
  EXPECT_EQ(getenv("DATABASE_URL"), nullptr);
  EXPECT_EQ(*where, '\0');
}

}  // namespace
}  // namespace mcpbox::launcher
