// Mirrors policy/hosts.cc, modules.h and secrets.h.
#include "policy/hosts.h"

#include <gtest/gtest.h>

#include <expected>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "policy/modules.h"
#include "policy/secrets.h"

namespace mcpbox::policy {
namespace {

std::expected<std::string, const char*> by_caller(std::string_view host) {
  return host_name(host, HostAuthor::kCaller);
}

TEST(Hosts, EachHasOneSpelling) {
  const std::pair<const char*, const char*> cases[] = {{"API.Example.COM", "api.example.com"},
                                                       {"api.example.com.", "api.example.com"},
                                                       {"2001:DB8:0:0::7", "2001:db8::7"},
                                                       {"[2001:db8::7]", "2001:db8::7"},
                                                       {"192.0.2.7", "192.0.2.7"},
                                                       {"nas", "nas"},
                                                       {"my_host-1.lan", "my_host-1.lan"}};
  for (const auto& [given, name] : cases) {
    const auto host = by_caller(given);
    ASSERT_TRUE(host.has_value()) << given << ": " << host.error();
    EXPECT_EQ(*host, name);
  }
}

TEST(Hosts, WhatIsNoneIsRefusedInWordsThatNameTheField) {
  for (const char* host : {"",
                           " ",
                           ".",
                           "https://a.example",
                           "a.example/x",
                           "a.example:443",
                           "user@a.example",
                           "b\xc3\xbc"
                           "cher.example",
                           "a.example\nb",
                           " a.example",
                           "a..example",
                           "a.example..",
                           "-a.example",
                           "1.2.3",
                           "192.0.2.256",
                           "0x7f.1",
                           "2130706433",
                           "127.0.0x1",
                           "1::2::3",
                           "fe80::1%eth0",
                           "localhost",
                           "a.localhost",
                           "localhost.localdomain",
                           "*.example.com",
                           "a*.example.com",
                           "*"}) {
    const auto read = by_caller(host);
    ASSERT_FALSE(read.has_value()) << host;
    EXPECT_TRUE(std::string_view(read.error()).starts_with("host ")) << read.error();
  }
  EXPECT_FALSE(by_caller(std::string(254, 'a')).has_value());
  EXPECT_FALSE(by_caller(std::string(64, 'a') + ".example").has_value());
  EXPECT_NE(std::string_view(by_caller("localhost").error()).find("this machine"), std::string_view::npos);
}

TEST(Hosts, OnlyAnAdministratorWritesAPattern) {
  EXPECT_EQ(host_name("*.Example.com", HostAuthor::kAdmin), "*.example.com");
  for (const char* host : {"*.com", "*", "*.*.com", "a.*.com", "*.192.0.2.7", "*..com", "*.a/b.com",
                           "*.localhost", "*.x.localhost"})
    EXPECT_FALSE(host_name(host, HostAuthor::kAdmin).has_value()) << host;
}

TEST(Hosts, WhatMayBePrivateIsKnownByItsName) {
  for (const char* host :
       {"nas", "nas.lan", "a.local", "192.168.1.1", "1.1.1.1", "fd00::1", "::ffff:1.2.3.4"})
    EXPECT_TRUE(may_be_private(host)) << host;
  for (const char* host : {"example.com", "lan.example.com", "nas.lan.example"})
    EXPECT_FALSE(may_be_private(host)) << host;
}

TEST(Hosts, WhatLeadsNowhereWhoeverApprovesItIsKnownByItsName) {
  for (const char* host : {"169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "fe80::1", "192.0.2.1",
                           "::ffff:1.2.3.4", "localhost", "a.localhost", "", "a b", "2130706433"})
    EXPECT_FALSE(can_be_approved(host)) << host;
  for (const char* host : {"example.com", "nas", "nas.lan", "192.168.1.1", "1.1.1.1", "fd00::1"})
    EXPECT_TRUE(can_be_approved(host)) << host;
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
