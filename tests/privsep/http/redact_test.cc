#include "privsep/http/redact.h"

#include <gtest/gtest.h>

#include "policy/limits.h"
#include "privsep/http/json.h"

namespace mcpbox::http {
namespace {

std::string log_of(const std::string& text) { return redacted(parse_object(text).get()); }

TEST(Redact, KeysAreReadWordByWord) {
  for (const char* key :
       {"password", "Password", "user_password", "apiKey", "api-key", "API_KEY", "apikey", "Authorization",
        "client_id", "clientId", "accessToken", "x.secret", "session", "cookies", "key"})
    EXPECT_TRUE(is_secret_key(key)) << key;
  for (const char* key :
       {"monkey", "keyboard", "tokenize", "author", "authored", "secretary", "passage", "", "_", "cookied"})
    EXPECT_FALSE(is_secret_key(key)) << key;
}

TEST(Redact, SecretsAreHiddenAtEveryDepthWhateverTheirType) {
  EXPECT_EQ(log_of(R"({"a":[{"token":{"x":1},"b":2}],"monkey":"m"})"),
            R"({"a":[{"token":"[REDACTED]","b":2}],"monkey":"m"})");
  EXPECT_EQ(redacted(nullptr), "{}");
}

TEST(Redact, LongStringsAreCutWithAMarker) {
  EXPECT_EQ(log_of("{\"a\":\"" + std::string(500, 'x') + "\"}").size(), 508u);
  const std::string cut = log_of("{\"a\":\"" + std::string(501, 'x') + "\"}");
  EXPECT_NE(cut.find("xxx... [cut here: 501 bytes]"), std::string::npos);
  EXPECT_TRUE(parse_object(log_of("{\"a\":\"" + std::string(499, 'x') + "\xc3\xbc\"}")))
      << "never inside a character";
}

TEST(Redact, WhatIsStillTooLargeBecomesAPreview) {
  const auto sized = [](std::size_t bytes) {
    std::string text = "{\"a\":[";
    while (text.size() + 2 < bytes) text += text.size() + 3 == bytes ? "1" : text.back() == '[' ? "1" : ",1";
    return text + "]}";
  };
  const std::string at = sized(policy::limits::kLogArgumentsBytes);
  ASSERT_EQ(at.size(), policy::limits::kLogArgumentsBytes);
  EXPECT_EQ(log_of(at), at);
  const std::string beyond = log_of(sized(policy::limits::kLogArgumentsBytes + 2));
  EXPECT_TRUE(beyond.starts_with(R"({"_truncated":true,"_preview":")"));
  EXPECT_LT(beyond.size(), 2000u);
}

}  // namespace
}  // namespace mcpbox::http
