// Mirrors gateway/talk.cc: what a call child says, before it is passed on.
#include "gateway/talk.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

TEST(Talk, ProgressIsRebuiltFromItsOwnMembersOnly) {
  EXPECT_EQ(progress_notification(R"({"progress":1.5,"total":2,"message":"a","progressToken":"evil"})", "7"),
            R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,)"
            R"("progress":1.5,"total":2,"message":"a"}})");
  EXPECT_EQ(
      progress_notification(R"({"progress":1,"total":"2","message":3})", "\"t\""),
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}})");
}

TEST(Talk, WhatIsNoProgressIsNotPassedOn) {
  for (const char* bad : {"", "[]", "{", "{}", R"({"progress":"1"})", "{\"progress\":1}x",
                          R"({"progress":1,"progress":2})", "{\"progress\":1,\"message\":\"\xff\"}"})
    EXPECT_EQ(progress_notification(bad, "1"), "") << bad;
  EXPECT_EQ(progress_notification(R"({"progress":1})", ""), "") << "nobody asked for it";
  EXPECT_EQ(progress_notification("{\"progress\":1,\"message\":\"a\\nb\"\n}", "1").find('\n'),
            std::string::npos)
      << "a line break would end the event";
}

TEST(Talk, ALogMessageHasALevelAndData) {
  EXPECT_EQ(log_notification(R"({"level":"info","data":{"a":[1]},"logger":"db","more":1})"),
            R"({"jsonrpc":"2.0","method":"notifications/message","params":)"
            R"({"level":"info","logger":"db","data":{"a":[1]}}})");
  for (const char* bad : {"", "{}", R"({"level":"loud","data":1})", R"({"level":"info"})", R"({"data":1})"})
    EXPECT_EQ(log_notification(bad), "") << bad;
}

TEST(Talk, AQuestionIsARequestOfOneOfThreeMethods) {
  protocol::CallAsked asked{.kind = protocol::AskKind::kSample, .params = R"({"a":1})"};
  EXPECT_EQ(question_request(asked, "\"q\""),
            R"({"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"a":1}})");
  for (const char* bad : {"", "[]", "{}}", "{\"a\":\n1}"}) {
    asked.params = std::string(bad);
    EXPECT_EQ(question_request(asked, "1"), "") << bad;
  }
}

TEST(Talk, AResultThatAsksMayAskThreeThings) {
  const auto made =
      input_required(R"({"inputRequests":{"a":{"method":"roots/list","params":{}}},"x":1})", "s");
  EXPECT_EQ(made,
            R"({"resultType":"input_required","inputRequests":{"a":{"method":"roots/list","params":{}}},)"
            R"("requestState":"cw"})");
  for (const char* bad : {"", "[]", "{}", R"({"inputRequests":[]})", R"({"inputRequests":{"a":1}})",
                          R"({"inputRequests":{"a":{"method":"tools/call","params":{}}}})",
                          R"({"inputRequests":{"a":{"method":"roots/list"}}})"})
    EXPECT_FALSE(input_required(bad, "s").has_value()) << bad;
}

TEST(Talk, CapabilitiesOfAClient) {
  using protocol::ClientCan;
  const auto can = [](const char* text) { return client_can(parse_value(text).get()); };
  EXPECT_EQ(can("{}"), 0u);
  EXPECT_EQ(can("[]"), 0u);
  EXPECT_EQ(can(R"({"elicitation":{}})"), ClientCan::kElicitForm);
  EXPECT_EQ(can(R"({"elicitation":{"url":{}}})"), ClientCan::kElicitUrl);
  EXPECT_EQ(can(R"({"elicitation":{"url":{},"form":{}}})"), ClientCan::kElicitUrl | ClientCan::kElicitForm);
  EXPECT_EQ(can(R"({"sampling":{"tools":{}},"roots":{}})"),
            ClientCan::kSample | ClientCan::kSampleWithTools | ClientCan::kRoots);
  EXPECT_EQ(can(R"({"sampling":true,"roots":1,"elicitation":[]})"), 0u);
}

TEST(Talk, ATokenIsAStringOrAnInteger) {
  const auto token = [](const std::string& meta) {
    return progress_token_of(R"({"method":"tools/call","params":{"_meta":)" + meta + "}}");
  };
  EXPECT_EQ(token(R"({"progressToken":"a\u0062"})"), "\"ab\"");
  EXPECT_EQ(token(R"({"progressToken":""})"), "\"\"");
  EXPECT_EQ(token(R"({"progressToken":0})"), "0");
  EXPECT_EQ(token(R"({"progressToken":123456789012345678901234567890})"), "123456789012345678901234567890");
  for (const char* none : {"{}", "[]", R"({"progressToken":null})", R"({"progressToken":1.5})"})
    EXPECT_EQ(token(none), "") << none;
  EXPECT_EQ(progress_token_of("{}"), "");
}

TEST(Talk, LevelsByName) {
  EXPECT_EQ(log_level_of("debug"), protocol::LogLevel::kDebug);
  EXPECT_EQ(log_level_of("emergency"), protocol::LogLevel::kEmergency);
  EXPECT_FALSE(log_level_of("Debug").has_value());
  EXPECT_FALSE(log_level_of("").has_value());
}

}  // namespace
}  // namespace mcpbox::gateway
