// The real gateway: 2025-06-18 and 2025-11-25.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

using GatewayLegacyTest = GatewayTest;

std::string rpc(const std::string& method, const std::string& params = "", const std::string& id = "7") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + "\"" +
         (params.empty() ? "" : ",\"params\":" + params) + "}";
}

struct Session {
  explicit Session(GatewayProcess& gateway) : port(gateway.port()), id(gateway.initialize()) {}
  [[nodiscard]] std::string bytes(const std::string& body, const std::string& lines = "",
                                  const std::string& path = "/mcp") const {
    return post(port, body, "Mcp-Session-Id: " + id + "\r\n" + lines, path);
  }
  [[nodiscard]] Answer ask(const std::string& body, const std::string& lines = "",
                           const std::string& path = "/mcp") const {
    return test::ask(port, bytes(body, lines, path));
  }
  [[nodiscard]] std::string get(const std::string& lines = "Accept: text/event-stream\r\n") const {
    return "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\nMcp-Session-Id: " + id +
           "\r\n" + lines + "\r\n";
  }
  std::uint16_t port;
  std::string id;
};

std::string initialize_as(const std::string& version) {
  return rpc("initialize", R"({"protocolVersion":")" + version + R"(","capabilities":{}})");
}

TEST_F(GatewayLegacyTest, InitializeAnswersWithAVersionThatWeSpeak) {
  const std::pair<const char*, const char*> cases[] = {{"2025-06-18", "2025-06-18"},
                                                       {"2025-11-25", "2025-11-25"},
                                                       {"2025-03-26", "2025-06-18"},
                                                       {"2026-07-28", "2025-11-25"},
                                                       {"tomorrow", "2025-11-25"}};
  for (const auto& [asked, expected] : cases) {
    const Answer answer = ask(port(), post(port(), initialize_as(asked)));
    EXPECT_EQ(answer.result("protocolVersion"), http::quoted(expected));
    EXPECT_FALSE(answer.headers.at("mcp-session-id").empty());
  }
  EXPECT_EQ(ask(port(), post(port(), rpc("initialize", "{}"))).code(), -32602);
}

TEST_F(GatewayLegacyTest, ASecondInitializeOnASessionIsRefusedAndTheSessionGoesOn) {
  const Session session(gateway());
  const Answer again = session.ask(initialize_as("2025-11-25"));
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.code(), -32600);
  EXPECT_EQ(session.ask(rpc("ping")).body, R"({"jsonrpc":"2.0","id":7,"result":{}})");
}

TEST_F(GatewayLegacyTest, ARequestNeedsASessionOfItsCaller) {
  const Answer without = ask(port(), post(port(), rpc("tools/list")));
  EXPECT_EQ(without.status, 400);
  EXPECT_EQ(without.code(), -32000);
  for (const std::string& id :
       {std::string("nobody"), std::string(64, 'x'), std::string(65, 'x'), std::string("\xff")}) {
    const Answer unknown = ask(port(), post(port(), rpc("tools/list"), "Mcp-Session-Id: " + id + "\r\n"));
    EXPECT_EQ(unknown.status, 404) << id;
    EXPECT_EQ(unknown.code(), -32001) << id;
  }
}

TEST_F(GatewayLegacyTest, ASessionEndsWhenItsClientSaysSo) {
  const Session session(gateway());
  const std::string end = "DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
                          "\r\nMcp-Session-Id: " + session.id + "\r\n\r\n";
  EXPECT_EQ(ask(port(), end).status, 200);
  EXPECT_EQ(session.ask(rpc("ping")).status, 404);
  EXPECT_EQ(ask(port(), end).status, 404);
}

TEST_F(GatewayLegacyTest, HeadersOfTheTransportAreChecked) {
  const Session session(gateway());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string bytes = session.bytes(rpc("ping"));
    bytes.replace(bytes.find(from), from.size(), to);
    return ask(port(), bytes);
  };
  EXPECT_EQ(with("Accept: application/json, text/event-stream", "Accept: application/json").status, 406);
  EXPECT_EQ(with("Content-Type: application/json", "Content-Type: text/plain").status, 415);
  EXPECT_EQ(with("Content-Type: application/json", "Content-Type: application/json; charset=utf-8").status,
            200);
  const Answer old = session.ask(rpc("ping"), "MCP-Protocol-Version: 1999-01-01\r\n");
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.code(), -32000);
  EXPECT_EQ(session.ask(rpc("ping"), "MCP-Protocol-Version: 2025-06-18\r\n").status, 200);
}

TEST_F(GatewayLegacyTest, NotificationsAndResponsesAreAcceptedWithoutABody) {
  const Session session(gateway());
  for (const char* body :
       {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}})",
        R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    const Answer answer = session.ask(body);
    EXPECT_EQ(answer.status, 202) << body;
    EXPECT_EQ(answer.body, "");
  }
}

TEST_F(GatewayLegacyTest, UnknownMethodsAreNamedInBand) {
  const Session session(gateway());
  const Answer answer = session.ask(rpc("no/such"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.code(), -32601);
}

TEST_F(GatewayLegacyTest, TheListComesInPagesAndEndsWithTheManagementTools) {
  const Session session(gateway());
  std::string names, cursor;
  int pages = 0;
  do {
    const Answer page =
        session.ask(rpc("tools/list", cursor.empty() ? "{}" : R"({"cursor":)" + cursor + "}"));
    const http::Json root = page.json();
    const json_t* tools = json_object_get(json_object_get(root.get(), "result"), "tools");
    for (std::size_t i = 0; i < json_array_size(tools); ++i)
      names += std::string(http::text_of(json_object_get(json_array_get(tools, i), "name"))) + " ";
    cursor = page.result("nextCursor");
  } while (!cursor.empty() && ++pages < 10);
  EXPECT_EQ(pages, 1);
  EXPECT_TRUE(names.starts_with("demo__bad demo__busy demo__echo ")) << names;
  EXPECT_NE(names.find("demo__unsaid mcpbox_list_servers mcpbox_get_server "), std::string::npos) << names;
  EXPECT_EQ(session.ask(rpc("tools/list", R"({"cursor":"x"})")).code(), -32602);
  EXPECT_EQ(session.ask(rpc("tools/list", R"({"cursor":7})")).code(), -32602);
}

TEST_F(GatewayLegacyTest, AServersOwnEndpointHasItsToolsAndNothingElse) {
  const Session session(gateway());
  const Answer list = session.ask(rpc("tools/list"), "", "/mcp/servers/demo");
  EXPECT_NE(list.body.find(R"("name":"echo")"), std::string::npos);
  EXPECT_EQ(list.body.find("mcpbox_"), std::string::npos);
  EXPECT_EQ(session.ask(rpc("tools/list"), "", "/mcp/servers/other").code(), -32602);
  const Answer call = session.ask(rpc("tools/call", R"({"name":"echo"})"), "", "/mcp/servers/demo");
  EXPECT_NE(call.body.find("\"hi\""), std::string::npos) << call.body;
  EXPECT_EQ(gateway().last_call().server, "demo");
  EXPECT_EQ(
      session.ask(rpc("tools/call", R"({"name":"mcpbox_list_servers"})"), "", "/mcp/servers/demo").code(),
      -32602);
}

TEST_F(GatewayLegacyTest, AnEventStreamTellsOnceThatToolsChanged) {
  const Session session(gateway());
  RawClient stream(port());
  stream.send(session.get());
  EXPECT_TRUE(stream.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  stream.read_until(": open\n\n\r\n");
  for (int i = 0; i < 10; ++i) gateway().tools_changed("demo");
  const std::string event = stream.read_until("list_changed\"}\n\n\r\n");
  EXPECT_NE(event.find("event: message\ndata: {\"jsonrpc\":\"2.0\""), std::string::npos) << event;
  EXPECT_FALSE(stream.readable_within(500)) << "ten changes in a row are one piece of news";
  gateway().tools_changed("demo", protocol::kAllLists);
  for (const char* noun : {"tools", "prompts", "resources"})
    EXPECT_NE(stream.read_until("list_changed\"}\n\n\r\n").find(std::string("notifications/") + noun),
              std::string::npos);
}

TEST_F(GatewayLegacyTest, ANewStreamOfASessionReplacesTheOneBefore) {
  const Session session(gateway());
  RawClient first(port());
  first.send(session.get());
  first.read_until(": open\n\n");
  RawClient second(port());
  second.send(session.get());
  second.read_until(": open\n\n");
  EXPECT_FALSE(first.read_until("0\r\n\r\n").empty());
}

TEST_F(GatewayLegacyTest, AStreamNeedsASessionAndTheRightHeaders) {
  const Session session(gateway());
  const std::string host = "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n";
  EXPECT_EQ(ask(port(), host + "Accept: text/event-stream\r\n\r\n").status, 400);
  EXPECT_EQ(ask(port(), host + "Accept: text/event-stream\r\nMcp-Session-Id: x\r\n\r\n").status, 404);
  EXPECT_EQ(ask(port(), session.get("Accept: application/json\r\n")).status, 406);
  EXPECT_EQ(
      ask(port(), session.get("Accept: text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n")).status,
      405);
}

TEST_F(GatewayLegacyTest, StreamsAreGivenOutUpToTheirNumber) {
  std::vector<std::unique_ptr<RawClient>> streams;
  int refused = 0;
  for (std::uint32_t i = 0; i < policy::limits::kStreams + 1; ++i) {
    const Session session(gateway());
    auto stream = std::make_unique<RawClient>(port());
    stream->send(session.get());
    const std::string head = stream->read_until("\r\n\r\n");
    const bool good = head.starts_with("HTTP/1.1 200");
    refused += good ? 0 : 1;
    EXPECT_TRUE(good || head.starts_with("HTTP/1.1 503")) << head;
    streams.push_back(std::move(stream));
  }
  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 3) << "streams of tests before that are still being closed";
}

TEST_F(GatewayLegacyTest, ACallThatIsWithdrawnGetsNoAnswer) {
  const Session session(gateway());
  const int cancelled = gateway().asked("CancelCall");
  for (const char* id : {"\"a\\u0062\"", "123456789012345678901234567890"}) {
    const int opened = gateway().asked("OpenCall");
    RawClient caller(port());
    caller.send(session.bytes(rpc("tools/call", R"({"name":"demo__slow"})", id)));
    ASSERT_TRUE(gateway().wait_for("OpenCall", opened + 1));
    const std::string same = std::string(id) == "\"a\\u0062\"" ? "\"ab\"" : id;
    const Answer note = session.ask(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + same + "}}");
    EXPECT_EQ(note.status, 202);
    const Answer answer = caller.answer();
    EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream");
    EXPECT_EQ(answer.body.find("data:"), std::string::npos);
    caller.send(session.bytes(rpc("ping")));
    EXPECT_EQ(caller.answer().status, 200) << "the connection goes on";
  }
  EXPECT_EQ(gateway().asked("CancelCall"), cancelled + 2);
}

TEST_F(GatewayLegacyTest, AnotherSessionCannotWithdrawACall) {
  const Session mine(gateway());
  const Session other(gateway());
  const int opened = gateway().asked("OpenCall");
  const int cancelled = gateway().asked("CancelCall");
  RawClient caller(port());
  caller.send(mine.bytes(rpc("tools/call", R"({"name":"demo__slow"})")));
  ASSERT_TRUE(gateway().wait_for("OpenCall", opened + 1));
  const char* note = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})";
  EXPECT_EQ(other.ask(note).status, 202);
  EXPECT_EQ(gateway().asked("CancelCall"), cancelled);
  caller.hang_up();
  EXPECT_EQ(mine.ask(rpc("ping")).status, 200);
  EXPECT_EQ(gateway().asked("CancelCall"), cancelled) << "hanging up does not cancel in this era";
  EXPECT_EQ(mine.ask(note).status, 202);
  EXPECT_TRUE(gateway().wait_for("CancelCall", cancelled + 1)) << "but its session still can";
}

}  // namespace
}  // namespace mcpbox::test
