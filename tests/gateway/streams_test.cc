#include "gateway/streams.h"

#include <gtest/gtest.h>

#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

TEST(Streams, AnEventIsOneMessageOnOneLine) { EXPECT_EQ(event_of("{}"), "event: message\ndata: {}\n\n"); }

TEST(Streams, NewsAreTaggedForASubscriptionWithItsIdAndType) {
  EXPECT_EQ(list_changed("tools", ""), R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  for (const char* id : {"7", "\"x\""}) {
    const std::string text = list_changed("prompts", id);
    ASSERT_TRUE(check_json(text));
    EXPECT_NE(text.find(std::string("subscriptionId\":") + id + "}"), std::string::npos);
  }
}

}  // namespace
}  // namespace mcpbox::gateway
