#include "gateway/jsonrpc.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

int code_of(std::string_view body) {
  const auto message = parse_message(body);
  if (message) return 0;
  EXPECT_EQ(message.error().status, 400);
  return message.error().code;
}

TEST(JsonRpc, ARequestHasAnIdAndANotificationHasNone) {
  const auto request = parse_message(R"({"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":1}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, MessageKind::kRequest);
  EXPECT_EQ(request->method, "ping");
  EXPECT_EQ(request->id, "7");
  EXPECT_TRUE(json_is_integer(request->param("a")));
  const auto notification = parse_message(R"({"jsonrpc":"2.0","method":"x"})");
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->kind, MessageKind::kNotification);
  EXPECT_EQ(notification->param("a"), nullptr);
  const auto response = parse_message(R"({"jsonrpc":"2.0","id":1,"error":{}})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->kind, MessageKind::kResponse);
}

TEST(JsonRpc, IdsKeepTheirTypeAndEveryDigit) {
  const auto id = [](const std::string& text) {
    const auto message = parse_message(R"({"jsonrpc":"2.0","id":)" + text + R"(,"method":"m"})");
    return message ? message->id : "refused";
  };
  EXPECT_EQ(id("0"), "0");
  EXPECT_EQ(id("-1"), "-1");
  EXPECT_EQ(id("\"7\""), "\"7\"");
  EXPECT_EQ(id("\"\""), "\"\"");
  EXPECT_EQ(id("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(id("\"\\u0061\""), "\"a\"") << "equal strings compare equal";
  for (const char* bad : {"null", "1.5", "1e3", "true", "{}", "[]"}) EXPECT_EQ(id(bad), "refused") << bad;
}

TEST(JsonRpc, WhatIsNoJsonIsAParseError) {
  for (const char* body : {"", "{", "nul", "{}{}", "{\"a\":1,\"a\":2}", "\"\xff\"", R"({"\u0000":1})"})
    EXPECT_EQ(code_of(body), kParseError) << body;
  EXPECT_EQ(code_of(std::string(100, '[') + std::string(100, ']')), kParseError);
}

TEST(JsonRpc, JsonThatIsNoMessageIsAnInvalidRequest) {
  for (const char* body :
       {"[]", "42", "null", "{}", R"([{"jsonrpc":"2.0","id":7,"method":"m"}])", R"({"id":7,"method":"m"})",
        R"({"jsonrpc":"1.0","id":7,"method":"m"})", R"({"jsonrpc":"2.0","id":7})",
        R"({"jsonrpc":"2.0","id":7,"method":""})", R"({"jsonrpc":"2.0","id":7,"method":42})",
        R"({"jsonrpc":"2.0","id":7,"method":"m","params":[]})", R"({"jsonrpc":"2.0","result":{}})"})
    EXPECT_EQ(code_of(body), kInvalidRequest) << body;
}

TEST(JsonRpc, AnErrorCarriesTheIdWheneverItCouldBeRead) {
  const auto message = parse_message(R"({"id":"x","method":"m"})");
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().id, "\"x\"");
  EXPECT_EQ(error_body(message.error()).substr(0, 26), R"({"jsonrpc":"2.0","id":"x",)");
}

TEST(JsonRpc, NulAndHalfPairsInValuesAreTaken) {
  const auto message =
      parse_message(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"x\u0000\ud800\ud83d\ude00"}})");
  ASSERT_TRUE(message);
  EXPECT_EQ(text_of(message->param("a")), std::string_view("x\0\xef\xbf\xbd\xf0\x9f\x98\x80", 9));
}

}  // namespace
}  // namespace mcpbox::gateway
