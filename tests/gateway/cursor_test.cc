#include "gateway/cursor.h"

#include <gtest/gtest.h>

#include "privsep/http/base64.h"

namespace mcpbox::gateway {
namespace {

TEST(Cursor, HoldsTheLastNameOfAPage) {
  EXPECT_EQ(name_in_cursor(cursor_after("weather__report")), "weather__report");
  EXPECT_EQ(name_in_cursor(cursor_after("report")), "report");
  EXPECT_EQ(name_in_cursor(""), "") << "the first page";
}

TEST(Cursor, WhatWeDidNotMakeIsRefused) {
  const auto coded = [](std::string_view text) { return base64_encode(text, Alphabet::kUrl); };
  for (const std::string& cursor :
       {std::string("x"), std::string("no cursor of ours"), coded("report"), coded("after:"),
        coded("after:Report"), coded("after:a__b__c"), coded("after:mcpbox__x"),
        coded("after:" + std::string(65, 'a')), cursor_after("report") + "="})
    EXPECT_FALSE(name_in_cursor(cursor)) << cursor;
}

}  // namespace
}  // namespace mcpbox::gateway
