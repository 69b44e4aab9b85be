// The real gateway: what every request must pass, whatever it says.
#include <chrono>

#include "policy/limits.h"
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

namespace limits = policy::limits;

using GatewayHttpTest = GatewayTest;

constexpr const char* kPing = R"({"jsonrpc":"2.0","id":7,"method":"ping"})";

std::string with_session(std::uint16_t port, GatewayProcess& gateway) {
  return post(port, kPing, "Mcp-Session-Id: " + gateway.initialize() + "\r\n");
}

TEST_F(GatewayHttpTest, ItSaysWhichLayersOfItsJailAreOn) {
  ASSERT_TRUE(gateway().wait_for("Hello", 1));
  EXPECT_EQ(gateway().layers() & policy::kLayerBits, policy::kGatewayLayers);
}

TEST_F(GatewayHttpTest, HealthNeedsNobodyAndSaysTheVersion) {
  const Answer answer =
      ask(port(), "GET /health HTTP/1.1\r\nHost: localhost:" + std::to_string(port()) + "\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"status":"ok","version":"0.1.0"})");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
}

TEST_F(GatewayHttpTest, UnknownPathsAndMethodsSayWhereToGo) {
  const std::string host = " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n\r\n";
  for (const char* path :
       {"/", "/internal/x", "/mcp/", "/mcp/servers/", "/mcp/servers/Bad", "/mcp/servers/mcpbox", "/x"}) {
    const Answer answer = ask(port(), std::string("GET ") + path + host);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_NE(answer.body.find("/mcp"), std::string::npos);
  }
  for (const char* method : {"PUT", "HEAD", "OPTIONS", "PATCH", "BREW"}) {
    const Answer answer = ask(port(), std::string(method) + " /mcp" + host);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.headers.at("allow"), "POST, GET, DELETE") << method;
  }
}

TEST_F(GatewayHttpTest, ForeignHostsOriginsAndProxiesAreRefused) {
  const auto status = [&](const std::string& host, const std::string& lines) {
    return ask(port(),
               "GET /health HTTP/1.1\r\n" + (host.empty() ? "" : "Host: " + host + "\r\n") + lines + "\r\n")
        .status;
  };
  const std::string good = "127.0.0.1:" + std::to_string(port());
  EXPECT_EQ(status(good, ""), 200);
  EXPECT_EQ(status("[::1]:" + std::to_string(port()), ""), 200);
  EXPECT_EQ(status("evil.example", ""), 403);
  EXPECT_EQ(status("localhost:1", ""), 403);
  EXPECT_EQ(status("", ""), 400);
  EXPECT_EQ(status(good, "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(status(good, "Origin: null\r\n"), 403);
  EXPECT_EQ(status(good, "Origin: http://localhost:5173\r\n"), 200);
  for (const char* header : {"Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "Via: 1.1 x", "CF-Ray: 1"})
    EXPECT_EQ(status(good, std::string(header) + "\r\n"), 403) << header;
  EXPECT_EQ(status(good, "Host: " + good + "\r\n"), 400);
  EXPECT_EQ(status(good, "Content-Length : 5\r\n"), 400);
}

TEST_F(GatewayHttpTest, ABodyIsTakenUpToItsLimitAndNoByteFurther) {
  const std::string session = "Mcp-Session-Id: " + gateway().initialize() + "\r\n";
  const auto padded = [&](std::size_t bytes) {
    std::string body = kPing;
    body.resize(bytes, ' ');
    return ask(port(), post(port(), body, session));
  };
  EXPECT_EQ(padded(limits::kBodyBytes - 1).status, 200);
  EXPECT_EQ(padded(limits::kBodyBytes).status, 200);
  const Answer beyond = padded(limits::kBodyBytes + 1);
  EXPECT_EQ(beyond.status, 413);
  EXPECT_EQ(beyond.code(), -32600);
  EXPECT_EQ(beyond.headers.at("connection"), "close");
  EXPECT_EQ(padded(3 * limits::kBodyBytes).status, 413);
}

TEST_F(GatewayHttpTest, AChunkedBodyIsMeasuredToo) {
  const std::string head =
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
      "\r\nContent-Type: application/json\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\n"
      "Mcp-Session-Id: " +
      gateway().initialize() + "\r\n\r\n";
  const Answer good = ask(port(), head + "28\r\n" + kPing + "\r\n0\r\n\r\n");
  EXPECT_EQ(good.status, 200) << good.body;
  RawClient client(port());
  client.send(head);
  const std::string piece = "10000\r\n" + std::string(65536, ' ') + "\r\n";
  for (int i = 0; i < 17; ++i) client.send(piece);
  EXPECT_EQ(client.answer().status, 413);
}

TEST_F(GatewayHttpTest, HeadersAreTakenUpToTheirLimitAndNoByteFurther) {
  const std::string whole = with_session(port(), gateway());
  const std::string body = kPing;
  const auto padded = [&](std::size_t bytes) {
    const std::size_t bare = whole.size() - body.size() + std::string("X-Pad: \r\n").size();
    std::string bytes_of = whole;
    bytes_of.insert(bytes_of.find("Content-Type"), "X-Pad: " + std::string(bytes - bare, 'p') + "\r\n");
    return ask(port(), bytes_of);
  };
  EXPECT_EQ(padded(limits::kHeaderBytes - 1).status, 200);
  EXPECT_EQ(padded(limits::kHeaderBytes).status, 200);
  const Answer beyond = padded(limits::kHeaderBytes + 1);
  EXPECT_EQ(beyond.status, 400);
  EXPECT_EQ(beyond.code(), -32000);
  const Answer far_beyond = padded(20 * limits::kHeaderBytes);
  EXPECT_EQ(far_beyond.status, 400);
  EXPECT_EQ(far_beyond.code(), -32600);
}

TEST_F(GatewayHttpTest, BytesThatAreNotHttpAreRefused) {
  for (const std::string& bytes :
       {std::string("hello\r\n\r\n"), std::string("GET /mcp\r\n\r\n"), std::string(1000, '\0'),
        std::string("GET /mcp HTTP/9.9\r\n\r\n"), std::string("POST /mcp HTTP/1.1\r\nHost\r\n\r\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}) {
    RawClient client(port());
    client.send(bytes);
    client.half_close();
    const Answer answer = client.answer();
    EXPECT_TRUE(answer.status == 0 || answer.status >= 400) << answer.status;
  }
  EXPECT_EQ(ask(port(), "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n").status, 505);
}

TEST_F(GatewayHttpTest, NoSecondRequestHidesInTheBodyOfAFirst) {
  const std::string hidden = with_session(port(), gateway());
  for (const char* framing :
       {"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n"}) {
    RawClient client(port());
    client.send("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
                "\r\nContent-Type: application/json\r\nAccept: */*\r\n" + framing + "\r\n0\r\n\r\n" + hidden);
    client.half_close();
    const std::string all = client.read_all();
    EXPECT_EQ(all.find("HTTP/1.1 200"), std::string::npos) << framing;
    EXPECT_EQ(all.find("\nHTTP/1.1 ", 5), std::string::npos) << framing << all;
  }
}

TEST_F(GatewayHttpTest, RequestsInARowOnOneConnectionAreAnsweredInTheirOrder) {
  const std::string session = "Mcp-Session-Id: " + gateway().initialize() + "\r\n";
  const int authenticated = gateway().asked("Authenticate");
  RawClient client(port());
  std::string three;
  for (const char* id : {"1", "2", "3"})
    three += post(port(), std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"method":"ping"})", session);
  client.send(three);
  for (const char* id : {"1", "2", "3"})
    EXPECT_EQ(client.answer().body, std::string(R"({"jsonrpc":"2.0","id":)") + id + R"(,"result":{}})");
  EXPECT_EQ(gateway().asked("Authenticate"), authenticated + 1) << "asked once per connection";
}

TEST_F(GatewayHttpTest, AClientThatAsksFirstMaySendItsBody) {
  RawClient client(port());
  std::string request = with_session(port(), gateway());
  request.insert(request.find("Content-Type"), "Expect: 100-continue\r\n");
  const std::size_t head = request.find("\r\n\r\n") + 4;
  client.send(request.substr(0, head));
  EXPECT_EQ(client.answer().status, 100);
  client.send(request.substr(head));
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(ask(port(), post(port(), kPing, "Expect: a-miracle\r\n")).status, 417);
}

TEST_F(GatewayHttpTest, ASenderOfSingleBytesIsCutOffAndNobodyElseWaits) {
  const std::string request = with_session(port(), gateway());
  RawClient slow(port());
  const auto began = std::chrono::steady_clock::now();
  std::size_t at = 0;
  while (slow.send(request.substr(at++ % (request.size() - 1), 1)) && !slow.readable_within(300)) {
    EXPECT_EQ(
        ask(port(), "GET /health HTTP/1.1\r\nHost: localhost:" + std::to_string(port()) + "\r\n\r\n").status,
        200);
    ASSERT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3 * limits::kHeaderSeconds));
  }
  EXPECT_TRUE(slow.ends());
}

TEST_F(GatewayHttpTest, AStreamOfOtherBytesIsUnaffectedByAClientThatNeverReads) {
  RawClient deaf(port());
  std::string many;
  for (int i = 0; i < 300; ++i) many += with_session(port(), gateway());
  deaf.send(many);
  EXPECT_EQ(ask(port(), with_session(port(), gateway())).status, 200);
}

class RefusedCallerTest : public testing::Test {};

TEST_F(RefusedCallerTest, AUserWhoIsNotOnTheListIsToldHowToGetThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  GatewayProcess gateway;
  ASSERT_TRUE(gateway.wait_for("Hello", 1));
  gateway.refuse_callers();
  const Answer answer = ask(gateway.port(), post(gateway.port(), kPing));
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("allow-user"), std::string::npos);
  EXPECT_EQ(gateway.asked("FindSession"), 0);
  const std::string health =
      "GET /health HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(gateway.port()) + "\r\n\r\n";
  EXPECT_EQ(ask(gateway.port(), health).status, 200);
  const int status = gateway.end_monitor();
  EXPECT_TRUE(WIFEXITED(status)) << "without its monitor the gateway leaves by itself";
}

TEST(GatewayRate, WhoAsksTooOftenIsToldToWaitAndNobodyElseIsAsked) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: the gateway has no other mode than its jail";
  GatewayProcess gateway(/*requests_per_minute=*/5);
  const std::string ping = post(gateway.port(), R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(ask(gateway.port(), ping).status, 400) << "answered: it has no session";
  const Answer refused = ask(gateway.port(), ping);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), -32000);
  const int wait = std::stoi(refused.headers.at("retry-after"));
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 12);
  EXPECT_EQ(ask(gateway.port(),
                "GET /health HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(gateway.port()) + "\r\n\r\n")
                .status,
            200)
      << "whoever watches it is no caller";
  EXPECT_TRUE(gateway.alive());
}

TEST(GatewayRate, ARateThatChangesHoldsAtOnce) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: the gateway has no other mode than its jail";
  GatewayProcess gateway;
  const std::string ping = post(gateway.port(), R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(gateway.port(), ping).status, 400);
  gateway.rate_changed(3);
  int refused = 0;
  for (int i = 0; i < 20 && refused == 0; ++i) refused += ask(gateway.port(), ping).status == 429 ? 1 : 0;
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace mcpbox::test
