#include "gateway/era.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

constexpr const char* kVersionKey = "\"io.modelcontextprotocol/protocolVersion\"";
constexpr const char* kCapabilitiesKey = "\"io.modelcontextprotocol/clientCapabilities\"";

std::string meta(const std::string& version, bool capabilities = true) {
  return std::string("\"_meta\":{") + kVersionKey + ":\"" + version + "\"" +
         (capabilities ? std::string(",") + kCapabilitiesKey + ":{}" : "") + "}";
}

std::string request(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":{)" + params + "}}";
}

struct Lines : std::vector<std::pair<const char*, const char*>> {
  using vector::vector;
};

// 0: legacy; 1: modern; else the error's code.
int decide(const std::string& body, const Lines& lines) {
  Headers headers;
  for (const auto& [name, value] : lines) headers.add(name, value);
  const auto message = parse_message(body);
  EXPECT_TRUE(message) << body;
  const auto era = decide_era(headers, *message);
  if (era) return *era == Era::kModern ? 1 : 0;
  EXPECT_EQ(era.error().status, 400);
  EXPECT_EQ(era.error().id, message->id);
  return era.error().code;
}

const Lines kGood = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}};

TEST(Era, IsDecidedFromTheBody) {
  EXPECT_EQ(decide(request("tools/list", ""), {}), 0);
  EXPECT_EQ(decide(request("initialize", R"("protocolVersion":"2026-07-28")"), {}), 0);
  EXPECT_EQ(decide(request("tools/list", ""), {{"MCP-Protocol-Version", "2025-11-25"}}), 0);
  EXPECT_EQ(decide(request("tools/list", ""), {{"MCP-Protocol-Version", "v999.0.0"}}), 0)
      << "refused later, as legacy";
  EXPECT_EQ(decide(request("tools/list", meta("2026-07-28")), kGood), 1);
}

TEST(Era, AModernHeaderWithoutAClaimNamesWhatIsMissing) {
  EXPECT_EQ(decide(request("tools/list", ""), kGood), kInvalidParams);
  EXPECT_EQ(decide(request("tools/list", R"("_meta":{})"), kGood), kInvalidParams);
  EXPECT_EQ(decide(request("tools/list", R"("_meta":7)"), kGood), kInvalidParams);
  EXPECT_EQ(decide(request("tools/list", meta("2026-07-28", false)), kGood), kInvalidParams);
  EXPECT_EQ(decide(request("tools/list", std::string("\"_meta\":{") + kVersionKey + ":7}"), kGood),
            kInvalidParams);
}

TEST(Era, MismatchComesBeforeUnknownVersionAndThatBeforeMissingHeaders) {
  EXPECT_EQ(decide(request("tools/list", meta("v999.0.0")), kGood), kHeaderMismatch);
  EXPECT_EQ(decide(request("tools/list", meta("v999.0.0")), {{"MCP-Protocol-Version", "v999.0.0"}}),
            kUnsupportedVersion);
  EXPECT_EQ(decide(request("tools/list", meta("v999.0.0")), {}), kUnsupportedVersion);
  EXPECT_EQ(decide(request("tools/list", meta("2026-07-28")), {}), kHeaderMismatch);
  EXPECT_EQ(decide(request("tools/list", meta("2026-07-28")), {{"MCP-Protocol-Version", "2026-07-28"}}),
            kHeaderMismatch);
}

TEST(Era, AnUnknownVersionIsAnsweredWithTheKnownOnes) {
  const auto message = parse_message(request("tools/list", meta("2099-01-01")));
  const auto era = decide_era({}, *message);
  ASSERT_FALSE(era);
  EXPECT_EQ(era.error().data, R"({"supported":["2026-07-28"],"requested":"2099-01-01"})");
}

TEST(Era, MethodAndNameAreComparedToTheLetter) {
  const auto call = [](const char* method, const char* name) {
    Lines lines = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}};
    if (name != nullptr) lines.emplace_back("MCP-NAME", name);
    return decide(request("tools/call", "\"name\":\"a b\"," + meta("2026-07-28")), lines);
  };
  EXPECT_EQ(call("tools/call", "a b"), 1);
  EXPECT_EQ(call("  tools/call\t", " a b "), 1);
  EXPECT_EQ(call("tools/call", "=?base64?YSBi?="), 1);
  EXPECT_EQ(call("TOOLS/CALL", "a b"), kHeaderMismatch);
  EXPECT_EQ(call("tools/call", "A b"), kHeaderMismatch);
  EXPECT_EQ(call("tools/call", nullptr), kHeaderMismatch);
  for (const char* bad :
       {"=?base64?YSBi=?=", "=?base64?YSB?=", "=?base64?YS Bi?=", "=?base64?YSBj?=", "=?BASE64?YSBi?="})
    EXPECT_EQ(call("tools/call", bad), kHeaderMismatch) << bad;
}

TEST(Era, NotificationsAreAcceptedAndResponsesAreNotModern) {
  EXPECT_EQ(decide(R"({"jsonrpc":"2.0","method":"notifications/x"})", kGood), 1);
  EXPECT_EQ(decide(R"({"jsonrpc":"2.0","id":1,"result":{}})", kGood), kInvalidRequest);
  EXPECT_EQ(decide(R"({"jsonrpc":"2.0","id":1,"result":{}})", {}), 0);
}

TEST(Era, NegotiationGivesTheRevisionAskedForOrTheLatest) {
  EXPECT_EQ(negotiate("2025-06-18"), "2025-06-18");
  EXPECT_EQ(negotiate("2025-11-25"), "2025-11-25");
  EXPECT_EQ(negotiate("2025-03-26"), "2025-06-18");
  EXPECT_EQ(negotiate("2026-07-28"), "2025-11-25");
  EXPECT_EQ(negotiate(""), "2025-11-25");
}

}  // namespace
}  // namespace mcpbox::gateway
