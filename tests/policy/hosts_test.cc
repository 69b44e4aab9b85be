// Mirrors policy/hosts.cc, modules.h and secrets.h.
#include "policy/hosts.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "policy/modules.h"
#include "policy/secrets.h"

namespace mcpbox::policy {
namespace {

HostName by_caller(std::string_view host) { return host_name(host, HostAuthor::kCaller); }

TEST(Hosts, EachHasOneSpelling) {
  EXPECT_EQ(by_caller("API.Example.COM").name, "api.example.com");
  EXPECT_EQ(by_caller(" api.example.com.. ").name, "api.example.com");
  EXPECT_EQ(by_caller("2001:DB8:0:0::7").name, "2001:db8::7");
  EXPECT_EQ(by_caller("[2001:db8::7]").name, "2001:db8::7");
  EXPECT_EQ(by_caller("192.0.2.7").name, "192.0.2.7");
  EXPECT_EQ(by_caller("nas").name, "nas");
  EXPECT_EQ(by_caller("my_host-1.lan").name, "my_host-1.lan");
}

TEST(Hosts, EachRuleHasItsOwnWords) {
  const std::pair<const char*, HostProblem> cases[] = {
      {"", HostProblem::kEmpty},
      {" ", HostProblem::kEmpty},
      {".", HostProblem::kLabel},
      {"https://a.example", HostProblem::kCharacter},
      {"a.example/x", HostProblem::kCharacter},
      {"a.example:443", HostProblem::kCharacter},
      {"user@a.example", HostProblem::kCharacter},
      {"b\xc3\xbc"
       "cher.example",
       HostProblem::kCharacter},
      {"a.example\nb", HostProblem::kCharacter},
      {"a..example", HostProblem::kLabel},
      {"-a.example", HostProblem::kLabel},
      {"1.2.3", HostProblem::kAddress},
      {"192.0.2.256", HostProblem::kAddress},
      {"0x7f.1", HostProblem::kAddress},
      {"2130706433", HostProblem::kAddress},
      {"127.0.0x1", HostProblem::kAddress},
      {"1::2::3", HostProblem::kAddress},
      {"fe80::1%eth0", HostProblem::kAddress},
      {"localhost", HostProblem::kSelf},
      {"a.localhost", HostProblem::kSelf},
      {"localhost.localdomain", HostProblem::kSelf},
      {"*.example.com", HostProblem::kWildcard},
      {"a*.example.com", HostProblem::kWildcard},
  };
  for (const auto& [host, problem] : cases) {
    EXPECT_EQ(by_caller(host).problem, problem) << host;
    EXPECT_STRNE(reason_of(problem), "") << host;
  }
  EXPECT_EQ(by_caller(std::string(254, 'a')).problem, HostProblem::kTooLong);
  EXPECT_EQ(by_caller(std::string(64, 'a') + ".example").problem, HostProblem::kLabel);
}

TEST(Hosts, OnlyAnAdministratorWritesAPattern) {
  EXPECT_EQ(host_name("*.Example.com", HostAuthor::kAdmin).name, "*.example.com");
  for (const char* host : {"*.com", "*", "*.*.com", "a.*.com", "*.192.0.2.7", "*..com", "*.a/b.com"})
    EXPECT_NE(host_name(host, HostAuthor::kAdmin).problem, HostProblem::kNone) << host;
}

static_assert(covers_host("a.example", "a.example") && !covers_host("a.example", "b.a.example"));
static_assert(covers_host("*.example.com", "a.b.example.com") &&
              !covers_host("*.example.com", "example.com"));
static_assert(!covers_host("*.example.com", "evilexample.com"));
static_assert(!covers_host("*.example.com", ".example.com") && !covers_host("a.example", "*.a.example"));
static_assert(covers_method(0, 4) && covers_method(5, 4) && !covers_method(1, 4) && !covers_method(1, 0));
static_assert(covers_path("", "/x") && covers_path("/api", "/api") && covers_path("/api", "/api/x"));
static_assert(!covers_path("/api", "/apis") && !covers_path("/api", "/x/api") && covers_path("/a/", "/a/b"));

TEST(Hosts, PathsAndMethodsAreSpelledOut) {
  for (const char* path : {"/", "/api", "/api/v1/"}) EXPECT_TRUE(is_path_prefix(path)) << path;
  for (const char* path :
       {"", "api", "/a b", "/a?x", "/a#x", "/%2e", "/a/../b", "/a/..", "/./a", "//a", "/a\\b"})
    EXPECT_FALSE(is_path_prefix(path)) << path;
  EXPECT_FALSE(is_path_prefix("/" + std::string(300, 'a')));
  EXPECT_EQ(methods_text(0), "any");
  EXPECT_EQ(methods_text(5), "GET, POST");
  EXPECT_EQ(method_of("PATCH"), 16);
  EXPECT_FALSE(method_of("get").has_value());
}

TEST(Modules, TheDefaultListIsTheRuntimes) {
  std::ifstream file(std::string(MCPBOX_SOURCE_DIR) + "/executor/runtime/imports.py");
  const std::string source{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = source.find("\"\"\"", source.find("DEFAULT_MODULES")) + 3;
  std::istringstream words(source.substr(begin, source.find("\"\"\"", begin) - begin));
  std::set<std::string> runtime{std::istream_iterator<std::string>(words), {}};
  runtime.erase("__future__");
  EXPECT_EQ(runtime, std::set<std::string>(std::begin(kDefaultModules), std::end(kDefaultModules)));
  EXPECT_TRUE(std::ranges::is_sorted(kDefaultModules));
}

static_assert(is_default_module("json") && is_default_module("json.decoder") && !is_default_module("jsonx"));
static_assert(is_default_module("urllib.parse") && !is_default_module("urllib") &&
              !is_default_module("urllib.request"));
static_assert(is_standard_library("sqlite3") && is_standard_library("xml.sax") && is_standard_library("abc"));
static_assert(is_standard_library("zoneinfo") && !is_standard_library("yaml") && !is_standard_library(""));
static_assert(is_module_path("a.b_1.C") && !is_module_path("a.") && !is_module_path("a-b") &&
              !is_module_path(""));

static_assert(is_secret_key("API_KEY2") && !is_secret_key("_A") && !is_secret_key("a") && !is_secret_key(""));
static_assert(is_secret_value("p\xc3\xa4ss") && !is_secret_value("") && !is_secret_value("a\nb"));
static_assert(!is_secret_value("\xc2\x85") && is_secret_value("\xc2\xa0"));
static_assert(is_secret_form("Bearer {}") && is_secret_form("{}") && !is_secret_form("{") &&
              !is_secret_form("{}{}"));
static_assert(!is_secret_form("}{}") && !is_secret_form("x") && is_place_name("X-Api-Key") &&
              !is_place_name("a b"));
static_assert(!is_header_for_secrets("host") && is_header_for_secrets("authorization"));

}  // namespace
}  // namespace mcpbox::policy
