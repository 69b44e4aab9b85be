#include "privsep/http/base64.h"

#include <gtest/gtest.h>

namespace mcpbox::http {
namespace {

TEST(Base64, WhatWasEncodedIsDecoded) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    for (const Alphabet alphabet : {Alphabet::kStandard, Alphabet::kUrl})
      EXPECT_EQ(base64_decode(base64_encode(bytes, alphabet), alphabet), bytes);
    bytes += static_cast<char>(i);
  }
  EXPECT_EQ(base64_encode("ab", Alphabet::kStandard), "YWI=");
  EXPECT_EQ(base64_encode("\xff\xfe", Alphabet::kUrl), "__4");
}

TEST(Base64, EverySloppinessIsRefused) {
  for (const char* text : {"YWI", "YWI==", "YWJ=", "Y", "YW I=", "YWI=YWI=", "=", "YW-_", "YWI=\n"})
    EXPECT_FALSE(base64_decode(text, Alphabet::kStandard)) << text;
  for (const char* text : {"YWI=", "__5", "+/", "A"})
    EXPECT_FALSE(base64_decode(text, Alphabet::kUrl)) << text;
}

}  // namespace
}  // namespace mcpbox::http
