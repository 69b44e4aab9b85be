// Who may ask at all: by Host, Origin, Fetch Metadata and what a token looks like.
#include "admin/site.h"

#include <gtest/gtest.h>

namespace mcpbox::admin {
namespace {

using http::Headers;
using http::Method;
using Lines = std::vector<std::pair<const char*, const char*>>;

constexpr const char* kToken = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kCookie = std::string("mcpbox_session=") + kToken;
const std::string kBearer = std::string("Bearer ") + kToken;

Site direct() {
  Site site({});
  site.listen({"127.0.0.1:3000"});
  return site;
}
Site behind_proxy() {
  Site site({.ui = "",
             .url = "https://box.example/mcpbox",
             .proxies = {"127.0.0.1"},
             .cors = {"https://tools.example"}});
  site.listen({"127.0.0.1:3000"});
  return site;
}

// 0 when it passes, else the status.
int check(const Site& site, Method method, const Lines& lines, const char* host = "127.0.0.1:3000") {
  http::RequestHead head{.method = method, .path = "/api/x"};
  if (host != nullptr) head.headers.add("Host", host);
  for (const auto& [name, value] : lines) head.headers.add(name, value);
  const auto passed = site.check(head);
  return passed ? 0 : passed.error().status;
}

TEST(Site, AnotherHostIsMisdirected) {
  EXPECT_EQ(check(direct(), Method::kGet, {}), 0);
  EXPECT_EQ(check(direct(), Method::kGet, {}, "localhost:3000"), 0);
  EXPECT_EQ(check(direct(), Method::kGet, {}, "evil.example:3000"), 421);
  EXPECT_EQ(check(direct(), Method::kGet, {}, "box.example"), 421);
  EXPECT_EQ(check(direct(), Method::kGet, {}, nullptr), 400);
  EXPECT_EQ(check(behind_proxy(), Method::kGet, {}, "box.example"), 0);
}

TEST(Site, APageOfAnotherOriginCannotAct) {
  const Site site = direct();
  EXPECT_EQ(check(site, Method::kPost, {{"Origin", "http://127.0.0.1:3000"}}), 0);
  for (const char* origin : {"http://127.0.0.1:5173", "http://localhost:3000", "https://127.0.0.1:3000",
                             "https://evil.example", "null"})
    EXPECT_EQ(check(site, Method::kPost, {{"Origin", origin}}), 403) << origin;
  for (const char* from : {"cross-site", "same-site"}) {
    EXPECT_EQ(check(site, Method::kPost, {{"Sec-Fetch-Site", from}}), 403) << from;
    EXPECT_EQ(check(site, Method::kGet, {{"Sec-Fetch-Site", from}, {"Sec-Fetch-Mode", "cors"}}), 403) << from;
    EXPECT_EQ(check(site, Method::kPost, {{"Sec-Fetch-Site", from}, {"Sec-Fetch-Mode", "navigate"}}), 403)
        << from;
    EXPECT_EQ(check(site, Method::kGet, {{"Sec-Fetch-Site", from}, {"Sec-Fetch-Mode", "navigate"}}), 0)
        << from;
  }
  EXPECT_EQ(check(site, Method::kPost, {{"Sec-Fetch-Site", "same-origin"}}), 0);
}

TEST(Site, ACookieActsOnlyForAPageThatIsNamed) {
  const Site site = direct();
  EXPECT_EQ(check(site, Method::kDelete, {{"Cookie", kCookie.c_str()}}), 403);
  EXPECT_EQ(check(site, Method::kDelete, {{"Cookie", kCookie.c_str()}, {"Origin", "http://127.0.0.1:3000"}}),
            0);
  EXPECT_EQ(check(site, Method::kDelete, {{"Authorization", kBearer.c_str()}}), 0);
  EXPECT_EQ(check(site, Method::kGet, {{"Cookie", kCookie.c_str()}}), 0);
}

TEST(Site, AnAllowedOriginNeverUsesTheCookie) {
  const Site site = behind_proxy();
  EXPECT_EQ(
      check(site, Method::kPost, {{"Origin", "https://tools.example"}, {"Authorization", kBearer.c_str()}}),
      0);
  EXPECT_EQ(check(site, Method::kPost, {{"Origin", "https://tools.example"}, {"Cookie", kCookie.c_str()}}),
            403);
  EXPECT_EQ(check(site, Method::kPost, {{"Origin", "https://tools.example.evil.example"}}), 403);
  EXPECT_EQ(check(direct(), Method::kPost, {{"Origin", "https://tools.example"}}), 403) << "none by default";
}

TEST(Site, ForwardedAddressesCountFromTrustedProxiesOnly) {
  Headers headers;
  headers.add("X-Forwarded-For", "6.6.6.6, 198.51.100.7");
  EXPECT_EQ(direct().client_of("127.0.0.1", headers), "127.0.0.1");
  EXPECT_EQ(behind_proxy().client_of("127.0.0.1", headers), "198.51.100.7")
      << "what stands left anybody can write";
  EXPECT_EQ(behind_proxy().client_of("203.0.113.9", headers), "203.0.113.9");
  Headers bad;
  bad.add("X-Forwarded-For", "<script>");
  EXPECT_EQ(behind_proxy().client_of("127.0.0.1", bad), "127.0.0.1");
}

TEST(Site, TheSubPathIsTakenAway) {
  EXPECT_EQ(behind_proxy().below_root("/mcpbox/api/x"), "/api/x");
  EXPECT_EQ(behind_proxy().below_root("/mcpbox"), "/");
  EXPECT_EQ(behind_proxy().below_root("/api/x"), "/api/x");
  EXPECT_EQ(behind_proxy().below_root("/mcpboxes"), "/mcpboxes");
  EXPECT_EQ(direct().below_root("/mcpbox/api"), "/mcpbox/api");
}

TEST(Site, TheCookieIsForThisSiteAloneAndNoScript) {
  EXPECT_EQ(direct().set_cookie("t", 5), "mcpbox_session=t; Path=/; Max-Age=5; HttpOnly; SameSite=Strict");
  EXPECT_EQ(behind_proxy().set_cookie("t", 5),
            "mcpbox_session=t; Path=/mcpbox; Max-Age=5; HttpOnly; SameSite=Strict; Secure");
}

TEST(Token, IsSixtyFourHexadecimalDigits) {
  const auto token = [](const char* name, const std::string& value) {
    Headers headers;
    headers.add(name, value);
    const std::optional<Token> found = token_of(headers);
    return found ? found->text : "";
  };
  EXPECT_EQ(token("Authorization", kBearer), kToken);
  EXPECT_EQ(token("Authorization", "bearer " + std::string(kToken)), kToken);
  EXPECT_EQ(token("Cookie", "a=b; " + kCookie + ";c=d"), kToken);
  EXPECT_EQ(token("Cookie", kCookie + "; " + kCookie), "") << "two of the name are none";
  EXPECT_EQ(token("Cookie", "xmcpbox_session=" + std::string(kToken)), "");
  EXPECT_EQ(token("Authorization", "Basic " + std::string(kToken)), "");
  EXPECT_EQ(token("Authorization", kBearer + "0"), "");
  EXPECT_EQ(token("Authorization", "Bearer " + std::string(64, 'g')), "");
  EXPECT_EQ(token("Authorization", "Bearer"), "");
}

TEST(Token, ABrokenBearerIsNotMadeUpForByACookie) {
  Headers headers;
  headers.add("Authorization", "Bearer nothing");
  headers.add("Cookie", kCookie);
  EXPECT_FALSE(token_of(headers));
}

TEST(Options, AreTheLaunchersWordsAndNoOthers) {
  const auto good = site_options({"--ui", "/x", "--cors", "https://a", "--cors", "https://b"});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->cors.size(), 2u);
  EXPECT_FALSE(site_options({"--ui"}));
  EXPECT_FALSE(site_options({"--what", "x"}));
}

}  // namespace
}  // namespace mcpbox::admin
