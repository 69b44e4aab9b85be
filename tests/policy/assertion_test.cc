#include "policy/assertion.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mcpbox::policy {
namespace {

Assertion some() {
  return {.key_id = "k1",
          .issuer = "https://w.example",
          .audience = "mcpbox:1",
          .issued_at = 7,
          .expires_at = 67};
}

TEST(Assertion, IsSeventeenLinesWithoutOneAtTheEnd) {
  const std::string text = text_of(some()).value();
  EXPECT_TRUE(text.starts_with("mcpbox-assertion-v1\nk1\nhttps://w.example\nmcpbox:1\n7\n67\n"));
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1, assertion::kFields);
}

TEST(Assertion, BytesAreBase64UrlWithoutPadding) {
  Assertion a = some();
  a.nonce.fill(0xff);
  EXPECT_NE(text_of(a).value().find("\n_____________________w\n"), std::string::npos);
}

TEST(Assertion, AFieldThatCouldBeTwoIsNone) {
  for (const char* hostile : {"a\nb", "a\rb", "a\tb", "a\x7f", "a\xc2\x85", "a\xc2\x9f"}) {
    Assertion a = some();
    a.email = hostile;
    EXPECT_FALSE(text_of(a).has_value()) << hostile;
  }
  EXPECT_TRUE(has_controls(std::string_view("a\0b", 3)));
  EXPECT_FALSE(has_controls("\xc2\xa0 \xd0\x90\xd0\xb4\xd0\xb0 \xf0\x9f\x90\x8d"));
}

}  // namespace
}  // namespace mcpbox::policy
