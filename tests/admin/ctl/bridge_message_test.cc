// Mirrors admin/ctl/bridge_message.cc.
#include "admin/ctl/bridge_message.h"

#include <gmock/gmock.h>

namespace mcpbox::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ReadMessage, TellsTheKindsApart) {
  EXPECT_EQ(read_message(R"({"id":1,"method":"ping"})").kind, Kind::kRequest);
  EXPECT_EQ(read_message(R"({"method":"notifications/initialized"})").kind, Kind::kNotification);
  EXPECT_EQ(read_message(R"({"id":"a","result":{}})").kind, Kind::kResponse);
  for (const char* bad : {"", "[]", "1", "{", R"({"id":null,"method":"ping"})",
                          R"({"id":{},"method":"ping"})", R"({"result":{}})", R"({"method":"a"} x)"})
    EXPECT_EQ(read_message(bad).kind, Kind::kBroken) << bad;
}

TEST(ReadMessage, IdsKeepTheirType) {
  EXPECT_EQ(read_message(R"({"id":1,"method":"a"})").id, "1");
  EXPECT_EQ(read_message(R"({"id":"1","method":"a"})").id, "\"1\"");
  EXPECT_EQ(read_message(R"({"method":"notifications/cancelled","params":{"requestId":"x"}})").cancelled,
            "\"x\"");
}

TEST(HeadersBeside, RepeatWhatTheBodySays) {
  const BridgeMessage call = read_message(R"({"id":1,"method":"tools/call","params":{"name":"a__b","_meta":)"
                                          R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})");
  EXPECT_THAT(headers_beside(call), ElementsAre(Pair("MCP-Protocol-Version", "2026-07-28"),
                                                Pair("Mcp-Method", "tools/call"), Pair("Mcp-Name", "a__b")));
  EXPECT_THAT(headers_beside(read_message(R"({"id":1,"method":"tools/call"})")), IsEmpty());
}

TEST(HeadersBeside, NothingInTheBodyMakesAHeaderOfItsOwn) {
  const BridgeMessage odd =
      read_message(R"({"id":1,"method":"prompts/get","params":{"name":"a\r\nX-Evil: ß","_meta":)"
                   R"({"io.modelcontextprotocol/protocolVersion":"2026\r\n"}}})");
  for (const auto& [name, value] : headers_beside(odd))
    for (const char c : value) EXPECT_TRUE(c > ' ' && c < 0x7f) << name;
  EXPECT_EQ(headers_beside(odd)[0].second, "=?base64?MjAyNg0K?=");
}

TEST(AnswerLine, IsOneLineUnderTheIdThatWasAskedWith) {
  EXPECT_EQ(answer_line("{\"id\":1,\n\"result\":{}}", "1"), "{\"id\":1, \"result\":{}}");
  EXPECT_EQ(answer_line(R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}})", "\"q\""),
            R"({"jsonrpc":"2.0","id":"q","error":{"code":-1,"message":"m"}})");
  EXPECT_EQ(read_message(answer_line("<html>", "7")).id, "7");
}

TEST(ErrorLine, TakesAnyText) {
  const BridgeMessage line = read_message(error_line("\"a\"", -32000, "\"quoted\"\n\x01\xff"));
  EXPECT_EQ(line.id, "\"a\"");
  EXPECT_EQ(error_line("null", -1, "a\nb").find('\n'), std::string::npos);
}

TEST(NegotiatedVersion, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(negotiated_version(R"({"result":{"protocolVersion":"2025-11-25"}})"), "2025-11-25");
  EXPECT_EQ(negotiated_version(R"({"error":{}})"), "");
  EXPECT_EQ(negotiated_version("x"), "");
}

}  // namespace
}  // namespace mcpbox::ctl
