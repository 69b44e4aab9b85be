#include "gateway/guard.h"

#include <gtest/gtest.h>

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

const HostRules kHosts({"127.0.0.1:8000", "[::1]:8001"});

// 0 when it passes, else the status.
int check(const std::vector<std::pair<const char*, const char*>>& lines,
          const char* host = "localhost:8000") {
  RequestHead head{.method = Method::kPost, .path = "/mcp"};
  if (host != nullptr) head.headers.add("Host", host);
  for (const auto& [name, value] : lines) head.headers.add(name, value);
  const auto passed = check_head(head, kHosts);
  return passed ? 0 : passed.error().status;
}

TEST(Guard, OnlyOurOwnAddressesAreHosts) {
  for (const char* host : {"127.0.0.1:8000", "[::1]:8001", "localhost:8000", "LOCALHOST:8001", "[::1]:8000"})
    EXPECT_EQ(check({}, host), 0) << host;
  for (const char* host :
       {"evil.example", "evil.example:8000", "localhost", "localhost:80", "localhost:9000", "127.0.0.1",
        "127.0.0.1.evil.example:8000", "[::1", "[::1]", "0.0.0.0:8000", "a b", "localhost:8000:8000"})
    EXPECT_EQ(check({}, host), 403) << host;
  EXPECT_EQ(check({}, nullptr), 400);
  EXPECT_EQ(check({}, ""), 400);
}

TEST(Guard, APortThatIsNotNamedIsEighty) {
  const HostRules web({"127.0.0.1:80"});
  EXPECT_TRUE(web.knows("localhost"));
  EXPECT_TRUE(web.knows("[::1]"));
  EXPECT_FALSE(web.knows("localhost:8000"));
}

TEST(Guard, OnlyPagesOfThisMachineAreOrigins) {
  for (const char* origin : {"http://localhost", "http://localhost:5173", "http://127.0.0.1:1",
                             "http://[::1]:9", "HTTP://LOCALHOST:1"})
    EXPECT_EQ(check({{"Origin", origin}}), 0) << origin;
  for (const char* origin :
       {"null", "", "https://evil.example", "http://localhost.evil.example", "http://localhost:", "file://",
        "http://localhost:1/x", "http://127.0.0.1.evil.example", "localhost", "http://user@localhost"})
    EXPECT_EQ(check({{"Origin", origin}}), 403) << origin;
}

TEST(Guard, TracesOfAProxyAreRefused) {
  for (const char* name :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via", "CF-Connecting-IP", "X-Real-IP"})
    EXPECT_EQ(check({{name, "x"}}), 403) << name;
  EXPECT_EQ(check({{"X-Custom", "x"}, {"Cfx", "x"}}), 0);
}

TEST(Guard, AHeaderThatDecidesSomethingComesOnce) {
  for (const char* name :
       {"Host", "Origin", "Content-Type", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"})
    EXPECT_EQ(check({{name, "x"}, {name, "x"}}), 400) << name;
  EXPECT_EQ(check({{"Accept", "a/b"}, {"Accept", "c/d"}}), 0) << "a list may come in parts";
}

TEST(Guard, ABodyHasOneLength) {
  EXPECT_EQ(check({{"Content-Length", "5"}}), 0);
  EXPECT_EQ(check({{"Transfer-Encoding", "Chunked"}}), 0);
  EXPECT_EQ(check({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(check({{"Content-Length", "+5"}}), 400);
  EXPECT_EQ(check({{"Transfer-Encoding", "gzip, chunked"}}), 501);
  EXPECT_EQ(check({{"Content-Length ", "5"}}), 400);
  EXPECT_EQ(check({{"", "5"}}), 400);
}

TEST(Guard, TheHeadHasALimit) {
  RequestHead head{.bytes = policy::limits::kHeaderBytes};
  head.headers.add("Host", "localhost:8000");
  EXPECT_TRUE(check_head(head, kHosts));
  ++head.bytes;
  EXPECT_EQ(check_head(head, kHosts).error().status, 400);
  head.http11 = false;
  EXPECT_EQ(check_head(head, kHosts).error().status, 505);
}

}  // namespace
}  // namespace mcpbox::gateway
