// Mirrors policy/requests.cc.
#include "policy/requests.h"

#include <gtest/gtest.h>

#include <vector>

namespace mcpbox::policy {
namespace {

HostRule rule(const char* host, std::uint16_t port, const char* methods = "", const char* path = "") {
  return {.pattern = read_host_pattern(host).value(),
          .port = port,
          .private_too = true,
          .methods = methods,
          .path_prefix = path};
}

RequestLine line(const char* method, const char* host, std::uint16_t port, const char* target) {
  return {.method = method, .host = read_host(host).value(), .port = port, .target = target};
}

bool covered(const std::vector<HostRule>& rules, const RequestLine& request, Overrides overrides = {}) {
  return cover(rules, request, overrides).covered;
}

TEST(Requests, AreCoveredByHostAndPort) {
  const std::vector<HostRule> rules{rule("api.example.com", 443), rule("nas.lan", 0)};
  EXPECT_TRUE(covered(rules, line("GET", "API.example.com.", 443, "/")));
  EXPECT_TRUE(covered(rules, line("PUT", "nas.lan", 5000, "/any")));
  EXPECT_FALSE(covered(rules, line("GET", "api.example.com", 80, "/")));
  EXPECT_FALSE(covered(rules, line("GET", "example.com", 443, "/")));
  EXPECT_FALSE(covered({}, line("GET", "api.example.com", 443, "/")));
}

TEST(Requests, OnlyAnExactHostWithItsPortOpensPrivateAddresses) {
  const Host nas = read_host("nas.lan").value();
  EXPECT_EQ(cover(std::vector{rule("nas.lan", 443)}, nas, 443).approved, Approved::kHostAndPort);
  EXPECT_EQ(cover(std::vector{rule("nas.lan", 0)}, nas, 443).approved, Approved::kHost);
  const Host deep = read_host("x.nas.lan").value();
  EXPECT_EQ(cover(std::vector{rule("*.nas.lan", 443)}, deep, 443).approved, Approved::kHost);
  EXPECT_EQ(cover(std::vector{rule("nas.lan", 0), rule("nas.lan", 443)}, nas, 443).approved,
            Approved::kHostAndPort);
}

TEST(Requests, WithoutAnAdminsWordPrivateAddressesStayClosed) {
  HostRule given = rule("nas.lan", 443);
  given.private_too = false;
  EXPECT_EQ(cover(std::vector{given}, read_host("nas.lan").value(), 443).approved, Approved::kHost);
}

TEST(Requests, EveryPublicHostIsARuleOfItsOwnAndOpensNoPrivateAddress) {
  std::optional<HostRule> any = read_host_rule(kAnyPublicHost);
  ASSERT_TRUE(any && any->any_public);
  any->private_too = true;  // nobody can mean that
  any->port = 443;
  EXPECT_TRUE(covered({*any}, line("GET", "api.example.com", 443, "/")));
  EXPECT_FALSE(covered({*any}, line("GET", "api.example.com", 80, "/")));
  EXPECT_EQ(cover(std::vector{*any}, read_host("nas.lan").value(), 443).approved, Approved::kHost);
  EXPECT_FALSE(read_host_rule("*.com").has_value());
  EXPECT_FALSE(read_host_rule("").has_value());
  EXPECT_FALSE(read_host_rule("nas.lan")->any_public);
}

TEST(Requests, SeveralMethodsCoverEachOfThem) {
  const std::vector<HostRule> rules{rule("a.example", 443, "GET, HEAD, POST")};
  for (const char* method : {"GET", "HEAD", "POST"})
    EXPECT_TRUE(covered(rules, line(method, "a.example", 443, "/")));
  for (const char* method : {"PUT", "EAD", "GET,", "OST", "get"})
    EXPECT_FALSE(covered(rules, line(method, "a.example", 443, "/"))) << method;
}

TEST(Requests, AMethodCoversItselfOnlyAndNoOverride) {
  const std::vector<HostRule> rules{rule("a.example", 443, "GET")};
  EXPECT_TRUE(covered(rules, line("GET", "a.example", 443, "/")));
  for (const char* method : {"POST", "get", "HEAD", "GETX"})
    EXPECT_FALSE(covered(rules, line(method, "a.example", 443, "/"))) << method;
  const Coverage overridden = cover(rules, line("GET", "a.example", 443, "/"), {.method = true});
  EXPECT_FALSE(overridden.covered);
  EXPECT_NE(overridden.problem, nullptr);
  for (const char* name :
       {"X-HTTP-Method-OVERRIDE", "x_http_method_override", "X-HTTP_Method", "x-method_override"})
    EXPECT_TRUE(overrides_method(name)) << name;
  EXPECT_FALSE(overrides_method("X-Method"));
}

TEST(Requests, APathCoversNoHeaderThatNamesAnother) {
  const std::vector<HostRule> rules{rule("a.example", 443, "", "/v1")};
  EXPECT_TRUE(cover(rules, line("GET", "a.example", 443, "/v1"), {.method = true}).covered);
  const Coverage overridden = cover(rules, line("GET", "a.example", 443, "/v1"), {.target = true});
  EXPECT_FALSE(overridden.covered);
  EXPECT_NE(overridden.problem, nullptr);
  EXPECT_TRUE(
      cover(std::vector{rule("a.example", 443)}, line("GET", "a.example", 443, "/v1"), {.target = true})
          .covered);
  for (const char* name : {"X-Original-URL", "x_original_url", "X-Rewrite-Url", "X_REWRITE-URL"})
    EXPECT_TRUE(overrides_target(name)) << name;
  EXPECT_FALSE(overrides_target("X-URL"));
}

TEST(Requests, APathCoversWhatIsUnderIt) {
  const std::vector<HostRule> rules{rule("a.example", 443, "", "/v1/items")};
  for (const char* target :
       {"/v1/items", "/v1/items/", "/v1/items/7", "/v1/items?x=/../y", "/v1/items/a.b/..c"})
    EXPECT_TRUE(covered(rules, line("GET", "a.example", 443, target))) << target;
  for (const char* target : {"/",
                             "/v1",
                             "/v1/item",
                             "/v1/itemsx",
                             "/V1/items",
                             "/v1/items/../secret",
                             "/v1/items/..",
                             "/v1/items/./x",
                             "/v1/items/.",
                             "/v1/items//x",
                             "//v1/items",
                             "/v1/items/%2e%2e/x",
                             "/v1/items/%2E./x",
                             "/v1/items%2f..",
                             "/v1/items/%2F",
                             "/v1/items/%5c..%5c",
                             "/v1/items/\\..\\x",
                             "/v1/items/..;/x",
                             "/v1/items;x=1",
                             "/v1/items/%252e",
                             "/v1/items/%00",
                             "*"})
    EXPECT_FALSE(covered(rules, line("GET", "a.example", 443, target))) << target;
}

TEST(Requests, ARuleThatCoversWinsOverOneThatDoesNot) {
  const std::vector<HostRule> rules{rule("a.example", 443, "GET", "/x"), rule("a.example", 443, "POST")};
  const Coverage post = cover(rules, line("POST", "a.example", 443, "/y/../z"), {});
  EXPECT_TRUE(post.covered);
  EXPECT_EQ(post.problem, nullptr);
  EXPECT_NE(cover(rules, line("PUT", "a.example", 443, "/x"), {}).problem, nullptr);
  EXPECT_EQ(cover(rules, line("PUT", "b.example", 443, "/x"), {}).problem, nullptr);
}

TEST(Requests, MethodsAreTokensAndDoNotChangeTheConnection) {
  for (const char* good : {"GET", "PATCH", "PROPFIND", "M-SEARCH"})
    EXPECT_EQ(method_problem(good), nullptr) << good;
  for (const char* bad : {"", "GET ", "G T", "GET\r\n", "GET\t/", "CONNECT", "TRACE", "PRI", "connect",
                          "Trace", "pri", "G\xc3\xa9T", "GET/", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"})
    EXPECT_NE(method_problem(bad), nullptr) << bad;
}

TEST(Requests, TargetsAreVisibleAscii) {
  for (const char* good : {"/", "/a?b=c&d=%20", "*", "/a;b", "/~x/(1)"})
    EXPECT_EQ(target_problem(good), nullptr) << good;
  for (const char* bad :
       {"", "a", "http://x/", "/a b", "/a\r\nX: y", "/a\n", "/\x7f", "/\xc3\xa9", "/a#b", "?a", "**"})
    EXPECT_NE(target_problem(bad), nullptr) << bad;
  EXPECT_NE(target_problem(std::string_view("/a\0b", 4)), nullptr);
}

TEST(Requests, HeadersCannotFrameNorSplit) {
  EXPECT_EQ(header_problem("Accept", "text/html, \xc3\xa9"), nullptr);
  EXPECT_EQ(header_problem("X-Tab", "a\tb"), nullptr);
  for (const char* name : {"Host",
                           "content-length",
                           "Transfer-Encoding",
                           "CONNECTION",
                           "TE",
                           "Upgrade",
                           "Expect",
                           "Keep-Alive",
                           "Trailer",
                           "Proxy-Authorization",
                           "proxy-connection",
                           "Proxy-X",
                           "Proxy",
                           "PROXY_X",
                           "content_length",
                           "Transfer_Encoding",
                           "",
                           "A B",
                           "A:",
                           "A\r",
                           "\xc3\xa9",
                           ":path",
                           "A\n"})
    EXPECT_NE(header_problem(name, "x"), nullptr) << name;
  for (const char* value : {"a\r\nB: c", "a\n", "\r", "a\x01", "a\x7f"})
    EXPECT_NE(header_problem("A", value), nullptr);
  EXPECT_NE(header_problem("A", std::string_view("a\0b", 3)), nullptr);
}

}  // namespace
}  // namespace mcpbox::policy
