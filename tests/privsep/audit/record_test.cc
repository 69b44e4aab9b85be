// Mirrors privsep/audit/record.cc.
#include "privsep/audit/record.h"

#include "privsep/audit/actions.h"
#include "tests/privsep/audit/chain_maker.h"

namespace mcpbox::audit {
namespace {

Record sample() {
  Record record{.sequence = 5, .at_ms = -7, .kind = 3, .number = -2};
  record.subject[1] = 1;
  record.call[2] = 2;
  record.digest[3] = 3;
  record.actor = std::string("a\0\xff", 3);
  record.action = "approve";
  record.payload = std::string(kPayloadBytes, '\n');
  record.previous[4] = 4;
  return record;
}

TEST(AuditRecordBytes, WhatWasEncodedDecodesToTheSame) {
  const std::string bytes = encode(sample());
  const std::optional<Record> decoded = decode(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode(*decoded), bytes);
  EXPECT_EQ(decoded->at_ms, -7);
  EXPECT_EQ(decoded->number, -2);
  EXPECT_EQ(decoded->actor, std::string("a\0\xff", 3));
}

TEST(AuditRecordBytes, TruncatedLongerAndOversizedOnesAreRefused) {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); size += 13) EXPECT_FALSE(decode(bytes.substr(0, size)));
  EXPECT_FALSE(decode(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(decode(bytes + "x"));
  Record big = sample();
  big.payload += "x";
  EXPECT_FALSE(decode(encode(big)));
  big = sample();
  big.actor = std::string(kActorBytes + 1, 'a');
  EXPECT_FALSE(decode(encode(big)));
}

TEST(AuditRecordBytes, TheLongestRecordIsAsLongAsItIsSaidToBe) {
  Record record = sample();
  record.actor = std::string(kActorBytes, 'a');
  record.action = std::string(kActionBytes, 'a');
  EXPECT_EQ(encode(record).size(), kMostEncodedBytes);
}

TEST(AuditActions, AreKnownByTheirNames) {
  EXPECT_TRUE(is_known_action("call_unknown"));
  EXPECT_FALSE(is_known_action("change"));
  EXPECT_EQ(name_of_kind(5), "authentication");
  EXPECT_EQ(name_of_kind(0), "unknown");
}

}  // namespace
}  // namespace mcpbox::audit
