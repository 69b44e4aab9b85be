// mirrors privsep/launcher/config.cc
#include "privsep/launcher/config.h"

#include <gtest/gtest.h>

namespace mcpbox::launcher {
namespace {

Config good(std::string_view text) {
  std::expected<Config, ConfigError> config = parse_config(text);
  if (config) return std::move(*config);
  ADD_FAILURE() << "line " << config.error().line << ": " << config.error().text;
  return {};
}

ConfigError bad(std::string_view text) {
  std::expected<Config, ConfigError> config = parse_config(text);
  if (!config) return std::move(config.error());
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

TEST(Config, AnEmptyFileIsAFullyIsolatedInstanceOnBothLoopbackAddresses) {
  const Config config = good("");
  EXPECT_EQ(config.isolation, Isolation::kFull);
  EXPECT_EQ(config.missing, 0u);
  EXPECT_EQ(config.listening, Listening::kDefault);
  ASSERT_EQ(config.listen.size(), 2u);
  EXPECT_EQ(config.listen[0].text, "127.0.0.1:8000");
  EXPECT_EQ(config.listen[1].text, "[::1]:8000");
  EXPECT_FALSE(config.database);
  EXPECT_FALSE(config.admin_group);
  EXPECT_EQ(config.log, "log/mcpbox.log");
}

TEST(Config, EveryKeyIsUnderstood) {
  const Config config = good(
      "# an instance\n"
      "state = /var/lib/mcpbox\n"
      "listen=127.0.0.2:9000\n"
      "  listen = [::1]:9001  \n"
      "isolation = trial\n"
      "missing-layers = own-uid , landlock\n"
      "database = postgresql://u@192.0.2.1/app\n"
      "database-owner = postgresql://o@192.0.2.1/app\n"
      "database-remote = yes\n"
      "admin-group = wheel\n"
      "spares = 3\r\n"
      "requests-per-minute = 1000000\n"
      "calls-memory = 1024\n"
      "log = stderr");
  EXPECT_EQ(config.state, "/var/lib/mcpbox");
  ASSERT_EQ(config.listen.size(), 2u);
  EXPECT_EQ(config.listen[0].text, "127.0.0.2:9000");
  EXPECT_EQ(config.listen[1].family, AF_INET6);
  EXPECT_EQ(config.isolation, Isolation::kTrial);
  EXPECT_EQ(config.missing, policy::Layer::kOwnUid | policy::Layer::kLandlock);
  EXPECT_TRUE(config.database && config.database_owner);
  EXPECT_EQ(config.admin_group, "wheel");
  EXPECT_EQ(config.spares, 3u);
  EXPECT_EQ(config.requests_per_minute, 1'000'000u);
  EXPECT_EQ(config.calls_memory_mb, 1024u);
  EXPECT_FALSE(config.log);
}

TEST(Config, TheAdminProcessListensOnLoopbackUnlessSwitchedOff) {
  const Config standard = good("");
  ASSERT_EQ(standard.admin_listen.size(), 1u);
  EXPECT_EQ(standard.admin_listen[0].text, "127.0.0.1:3000");
  EXPECT_TRUE(good("admin-listen = off").admin_listen.empty());
  EXPECT_TRUE(standard.tunnel_listen.empty()) << "nobody comes from elsewhere unless somebody wrote so";
  EXPECT_EQ(good("tunnel-listen = 127.0.0.2:8002").tunnel_listen[0].text, "127.0.0.2:8002");
  EXPECT_EQ(good("admin-listen = [::1]:3001").admin_listen[0].text, "[::1]:3001");
}

TEST(Config, HowBrowsersReachTheAdminProcess) {
  const Config config = good(
      "admin-url = https://box.example/mcpbox/\n"
      "admin-proxy = 127.0.0.1\nadmin-proxy = ::1\n"
      "cors-origin = https://tools.example:8443\n"
      "ui = /usr/share/mcpbox/ui\n");
  EXPECT_EQ(config.admin_url, "https://box.example/mcpbox");
  EXPECT_EQ(config.admin_proxies.size(), 2u);
  EXPECT_EQ(config.cors_origins[0], "https://tools.example:8443");
  EXPECT_EQ(config.ui, "/usr/share/mcpbox/ui");
}

TEST(Config, EmbeddedIsTheDatabaseThatIsOurs) { EXPECT_FALSE(good("database = embedded").database); }

TEST(Config, AnUnknownKeyIsAnErrorThatNamesItAndItsLine) {
  const ConfigError error = bad("# one\n\nlisen = 127.0.0.1:1\n");
  EXPECT_EQ(error.line, 3);
  EXPECT_EQ(error.text, "unknown key `lisen`");
}

TEST(Config, TheMemoryOfAllCallsHoldsOneCallAtLeast) {
  EXPECT_EQ(good("").calls_memory_mb, 0u) << "half of the machine's";
  EXPECT_EQ(good("calls-memory = 256\n").calls_memory_mb, 256u);
  for (const char* wrong : {"255", "0", "-1", "1g", "16777217", "99999999999999999999"})
    EXPECT_NE(bad("calls-memory = " + std::string(wrong)).text.find("at least 256"), std::string::npos)
        << wrong;
}

TEST(Config, AKeyGivenTwiceIsAnErrorThatNamesTheFirstLine) {
  const ConfigError error = bad("spares = 1\nlog = stderr\nspares = 1\n");
  EXPECT_EQ(error.line, 3);
  EXPECT_NE(error.text.find("line 1"), std::string::npos);
}

TEST(Config, TheSameListenerTwiceIsAnError) {
  EXPECT_EQ(bad("listen = 127.0.0.1:1\nlisten = 127.0.0.1:1").line, 2);
}

TEST(Config, EightListenersAreTheMost) {
  std::string text;
  for (int port = 1; port <= 8; ++port) text += "listen = 127.0.0.1:" + std::to_string(port) + "\n";
  EXPECT_EQ(good(text).listen.size(), 8u);
  EXPECT_EQ(bad(text + "listen = 127.0.0.1:9\n").line, 9);
}

struct BadLine {
  const char* name;
  std::string_view line;
};
class BadValue : public testing::TestWithParam<BadLine> {};

TEST_P(BadValue, IsAnErrorWithItsLineNumber) {
  const std::string text = "# first line\n" + std::string(GetParam().line) + "\nadmin-group = wheel\n";
  const ConfigError error = bad(text);
  EXPECT_EQ(error.line, 2);
  EXPECT_FALSE(error.text.empty());
}

INSTANTIATE_TEST_SUITE_P(
    EachKey, BadValue,
    testing::Values(
        BadLine{"NoEquals", "isolation full"}, BadLine{"NoValue", "isolation ="}, BadLine{"NoKey", "= full"},
        BadLine{"Isolation", "isolation = none"}, BadLine{"IsolationCase", "isolation = Full"},
        BadLine{"Layer", "missing-layers = own-uid, seatbelt"},
        BadLine{"EmptyLayer", "missing-layers = own-uid,,landlock"},
        BadLine{"MissingWithoutTrial", "missing-layers = landlock"},
        BadLine{"PublicAdmin", "admin-listen = 0.0.0.0:3000"}, BadLine{"AdminWord", "admin-listen = on"},
        BadLine{"RelativeUi", "ui = dist"}, BadLine{"UrlScheme", "admin-url = ftp://box.example"},
        BadLine{"UrlUpperCase", "admin-url = https://Box.example"},
        BadLine{"UrlQuery", "admin-url = https://box.example/?x"},
        BadLine{"ProxyName", "admin-proxy = localhost"}, BadLine{"CorsStar", "cors-origin = *"},
        BadLine{"CorsPath", "cors-origin = https://a.example/x"},
        BadLine{"PublicListener", "listen = 0.0.0.0:8000"},
        BadLine{"LanListener", "listen = 192.168.1.2:8000"},
        BadLine{"ListenerWithoutPort", "listen = 127.0.0.1"},
        BadLine{"ListenerPortZero", "listen = 127.0.0.1:0"},
        BadLine{"ListenerPortTooLarge", "listen = 127.0.0.1:65536"},
        BadLine{"ListenerPortSigned", "listen = 127.0.0.1:+80"},
        BadLine{"ListenerName", "listen = localhost:8000"}, BadLine{"ListenerBareV6", "listen = ::1:8000"},
        BadLine{"ListenerMappedV6", "listen = [::ffff:127.0.0.1]:8000"}, BadLine{"SparesZero", "spares = 0"},
        BadLine{"SparesTooMany", "spares = 65"}, BadLine{"SparesText", "spares = 2x"},
        BadLine{"RateZero", "requests-per-minute = 0"},
        BadLine{"RateTooHigh", "requests-per-minute = 1000001"},
        BadLine{"RateUnit", "requests-per-minute = 300/min"}, BadLine{"Group", "admin-group = a b"},
        BadLine{"GroupPath", "admin-group = ../x"}, BadLine{"Remote", "database-remote = maybe"},
        BadLine{"DatabaseScheme", "database = mysql://localhost/x"},
        BadLine{"DatabaseRemote", "database = postgresql://me@192.0.2.1/x"},
        BadLine{"OwnerAlone", "database-owner = postgresql://o@/x"}, BadLine{"Escape", "log = \x1b[31mred"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Config, ALineAtItsLimitIsReadAndOneByteMoreIsNot) {
  const std::string key = "state = /";
  const std::string longest = key + std::string(4096 - key.size(), 'a');
  EXPECT_EQ(good(longest).state.size(), 4096 - key.size() + 1);
  EXPECT_EQ(bad(longest + "a").line, 1);
}

TEST(Config, TheRemoteSettingCountsWhereverItStands) {
  EXPECT_TRUE(good("database-remote = yes\ndatabase = postgresql://me@192.0.2.1/x").database);
  EXPECT_TRUE(good("database = postgresql://me@192.0.2.1/x\ndatabase-remote = yes").database);
  EXPECT_EQ(bad("database-remote = yes\ndatabase = postgresql://me@db.example/x").line, 2);
  EXPECT_EQ(bad("database-remote = no\ndatabase = postgresql://me@192.0.2.1/x").line, 2);
}

TEST(Config, AZeroByteDoesNotEndTheFileEarly) {
  EXPECT_EQ(bad(std::string_view("log = stderr\0isolation = none\n", 30)).line, 1);
}

}  // namespace
}  // namespace mcpbox::launcher
