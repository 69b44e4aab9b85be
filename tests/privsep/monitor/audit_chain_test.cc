// Mirrors privsep/monitor/audit_chain.cc; the vectors are those of docs/audit-format.md.
#include "privsep/monitor/audit_chain.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <functional>

#include "policy/limits.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;

AuditRecord sample() {
  AuditRecord record{.kind = AuditKind::kDecision, .actor = "root", .action = "approve"};
  for (std::size_t i = 0; i < record.subject.size(); ++i) record.subject[i] = static_cast<unsigned char>(i);
  for (std::size_t i = 0; i < record.call.size(); ++i) record.call[i] = static_cast<unsigned char>(0x10 + i);
  for (std::size_t i = 0; i < record.digest.size(); ++i)
    record.digest[i] = static_cast<unsigned char>(0x20 + i);
  record.number = -2;
  record.payload = std::string("a\0b", 3);
  return record;
}

std::string hex(const std::string& bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                 bytes.size());
  text.pop_back();
  return text;
}
std::string hex(const wire::Digest& digest) { return hex(std::string(digest.begin(), digest.end())); }

TEST(AuditChain, TheEncodingIsTheDocumentedOneByteForByte) {
  const ChainedRecord record = chain({}, 1'700'000'000'123, sample());
  EXPECT_EQ(hex(canonical_encoding(record)),
            "6d6370626f782d61756469742d310a"                                    // format
            "0000000000000000000000000000000000000000000000000000000000000000"  // previous
            "0100000000000000"                                                  // sequence
            "7b68e5cf8b010000"                                                  // at_ms
            "0300"                                                              // kind
            "feffffffffffffff"                                                  // number
            "000102030405060708090a0b0c0d0e0f"                                  // subject
            "101112131415161718191a1b1c1d1e1f"                                  // call
            "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"  // digest
            "04000000726f6f74"                                                  // actor
            "07000000617070726f7665"                                            // action
            "03000000610062");                                                  // payload
}

TEST(AuditChain, TheHashesAreTheDocumentedOnes) {
  const ChainedRecord first = chain({}, 1'700'000'000'123, sample());
  EXPECT_EQ(hex(first.hash), "ead2e499219dd276d1cc41d0889d7c80d88e701da8480adbe574482f65cead66");
  const ChainedRecord second = chain(first.head(), 1'700'000'000'124, sample());
  EXPECT_EQ(second.sequence, 2U);
  EXPECT_EQ(second.previous, first.hash);
  EXPECT_EQ(hex(second.hash), "f09032ba7cbf9050bbb43a19f333c2524c452780f710a8c2b7cf708068d966c3");
}

TEST(AuditChain, ARecordFollowsOnlyTheOneItWasChainedTo) {
  const ChainedRecord first = chain({}, 1, sample());
  const ChainedRecord second = chain(first.head(), 2, sample());
  EXPECT_TRUE(follows({}, first));
  EXPECT_TRUE(follows(first.head(), second));
  EXPECT_FALSE(follows({}, second));
  EXPECT_FALSE(follows(second.head(), second));
  ChainHead other = first.head();
  other.hash[31] ^= 1;
  EXPECT_FALSE(follows(other, second));
}

TEST(AuditChain, NoFieldCanBeChangedUnseen) {
  const std::vector<std::function<void(ChainedRecord&)>> changes = {
      [](ChainedRecord& r) { ++r.sequence; },
      [](ChainedRecord& r) { ++r.at_ms; },
      [](ChainedRecord& r) { r.record.kind = AuditKind::kLifecycle; },
      [](ChainedRecord& r) { r.record.actor += 'x'; },
      [](ChainedRecord& r) { r.record.action = "reject"; },
      [](ChainedRecord& r) { r.record.subject[0] ^= 1; },
      [](ChainedRecord& r) { r.record.call[15] ^= 1; },
      [](ChainedRecord& r) { r.record.digest[31] ^= 1; },
      [](ChainedRecord& r) { ++r.record.number; },
      [](ChainedRecord& r) { r.record.payload.back() ^= 1; },
      [](ChainedRecord& r) { r.previous[0] ^= 1; },
      [](ChainedRecord& r) { r.hash[0] ^= 1; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    ChainedRecord record = chain({}, 1, sample());
    ASSERT_TRUE(is_intact(record));
    changes[i](record);
    EXPECT_FALSE(is_intact(record)) << "change " << i;
  }
}

TEST(AuditChain, BytesCannotMoveFromOneTextIntoTheNext) {
  AuditRecord one{.actor = "ab", .action = "c"};
  AuditRecord other{.actor = "a", .action = "bc"};
  EXPECT_NE(chain({}, 1, one).hash, chain({}, 1, other).hash);
}

TEST(AuditChain, BoundsAreCheckedOneBelowAtAndOneAbove) {
  const auto accepted = [](const std::function<void(AuditRecord&)>& change) {
    AuditRecord record = sample();
    change(record);
    return check(record).has_value();
  };
  EXPECT_TRUE(accepted([](AuditRecord& r) { r.actor = std::string(127, '\xff'); }));
  EXPECT_TRUE(accepted([](AuditRecord& r) { r.actor = std::string(128, '\0'); }));
  EXPECT_FALSE(accepted([](AuditRecord& r) { r.actor = std::string(129, 'a'); }));
  EXPECT_TRUE(
      accepted([](AuditRecord& r) { r.payload = std::string(limits::kAuditPayloadBytes - 1, '\0'); }));
  EXPECT_TRUE(accepted([](AuditRecord& r) { r.payload = std::string(limits::kAuditPayloadBytes, '\0'); }));
  EXPECT_FALSE(
      accepted([](AuditRecord& r) { r.payload = std::string(limits::kAuditPayloadBytes + 1, '\0'); }));
  EXPECT_TRUE(accepted([](AuditRecord& r) { r.action = std::string(31, 'a'); }));
  EXPECT_TRUE(accepted([](AuditRecord& r) { r.action = std::string(32, '_'); }));
  EXPECT_FALSE(accepted([](AuditRecord& r) { r.action = std::string(33, 'z'); }));
  for (const std::string bad : {"", "Approve", "a b", "a1", "caf\xc3\xa9"})
    EXPECT_FALSE(accepted([&](AuditRecord& r) { r.action = bad; })) << bad;
}

std::vector<std::optional<std::string>> row_of(const ChainedRecord& record) {
  std::vector<std::optional<std::string>> row;
  for (const Param& param : audit_params(record)) row.emplace_back(param.bytes);
  return row;
}

TEST(AuditChain, ARowComesBackAsTheRecordThatItWas) {
  const ChainedRecord record = chain({}, -5, sample());
  const base::Result<ChainedRecord> back = audit_record(row_of(record));
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(follows({}, *back));
  EXPECT_EQ(back->at_ms, -5);
  EXPECT_EQ(back->record.payload, record.record.payload);
}

TEST(AuditChain, ARowThatIsNoRecordIsRefused) {
  const auto good = row_of(chain({}, 1, sample()));
  for (std::size_t column = 0; column < good.size(); ++column) {
    auto row = good;
    row[column] = std::nullopt;
    EXPECT_FALSE(audit_record(row).has_value()) << "null in column " << column;
  }
  for (const std::size_t column : {0U, 1U, 2U, 8U}) {
    for (const std::string bad : {"", "x", "1x", " 1", "99999999999999999999"}) {
      auto row = good;
      row[column] = bad;
      EXPECT_FALSE(audit_record(row).has_value()) << "column " << column << ": " << bad;
    }
  }
  for (const std::size_t column : {5U, 6U, 7U, 10U, 11U}) {
    auto row = good;
    row[column]->pop_back();
    EXPECT_FALSE(audit_record(row).has_value()) << "column " << column;
  }
  auto shorter = good;
  shorter.pop_back();
  EXPECT_FALSE(audit_record(shorter).has_value());
  auto longer = good;
  longer.emplace_back("1");
  EXPECT_FALSE(audit_record(longer).has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
