// Mirrors privsep/audit/checkpoint.cc.
#include "privsep/audit/checkpoint.h"

#include "tests/privsep/audit/chain_maker.h"

namespace mcpbox::audit {
namespace {

TEST(Checkpoint, WhatWasSignedIsBelievedUnderItsKeyOnly) {
  const Signer signer;
  const Signer other(10);
  const Signed made = signer.sign(chain_of(3).checkpoint(3));
  EXPECT_EQ(made.statement.size(), kStatementBytes);
  EXPECT_EQ(doubt_of(made, signer.key), Doubt::kNone);
  EXPECT_EQ(doubt_of(made, other.key), Doubt::kOtherKey);
  Signed changed = made;
  changed.signature[0] ^= 1;
  EXPECT_EQ(doubt_of(changed, signer.key), Doubt::kBadSignature);
  changed = made;
  changed.statement[40] = static_cast<char>(changed.statement[40] ^ 1);
  EXPECT_EQ(doubt_of(changed, signer.key), Doubt::kBadSignature);
}

TEST(Checkpoint, DecodesToWhatWasEncodedAndRefusesEverythingElse) {
  Checkpoint checkpoint = chain_of(3).checkpoint(3, Purpose::kSegment);
  checkpoint.first = 4;
  const std::string bytes = encode(checkpoint);
  EXPECT_EQ(decode_checkpoint(bytes), checkpoint);
  EXPECT_FALSE(decode_checkpoint(bytes + "x"));
  EXPECT_FALSE(decode_checkpoint(bytes.substr(0, bytes.size() - 1)));
  std::string other = bytes;
  other[20] = 5;  // a purpose that there is not
  EXPECT_FALSE(decode_checkpoint(other));
  checkpoint.first = 5;  // begins behind its own end
  EXPECT_FALSE(decode_checkpoint(encode(checkpoint)));
}

Signed voucher(const Signer& by, const PublicKey& earlier, std::uint64_t last) {
  Checkpoint said = chain_of(1).checkpoint(1, Purpose::kKey);
  said.hash = earlier;
  said.sequence = last;
  return by.sign(said);
}

TEST(KeyRing, AnEarlierKeyIsBelievedAsFarAsALaterOneVouches) {
  const Signer now(10), before(11), first(12);
  const Signed early = first.sign(chain_of(3).checkpoint(3));
  const Signed late = before.sign(chain_of(9).checkpoint(9));
  KeyRing keys(now.key);
  EXPECT_EQ(keys.doubt_of(early), Doubt::kOtherKey);
  EXPECT_EQ(keys.add(voucher(before, first.key, 4)), Doubt::kOtherKey)
      << "of a key that nobody vouched for yet";
  EXPECT_EQ(keys.add(voucher(now, before.key, 8)), Doubt::kNone);
  EXPECT_EQ(keys.add(voucher(before, first.key, 4)), Doubt::kNone);
  EXPECT_EQ(keys.doubt_of(early), Doubt::kNone);
  EXPECT_EQ(keys.doubt_of(late), Doubt::kOtherKey) << "its time was over: it may be stolen";
  EXPECT_EQ(keys.doubt_of(now.sign(chain_of(9).checkpoint(9))), Doubt::kNone);
  Signed forged = early;
  forged.signature[0] ^= 1;
  EXPECT_EQ(keys.doubt_of(forged), Doubt::kBadSignature);
}

TEST(KeyRing, NothingElseVouches) {
  const Signer now(10), before(11);
  KeyRing keys(now.key);
  Checkpoint said = chain_of(3).checkpoint(3, Purpose::kSegment);
  said.hash = before.key;
  EXPECT_EQ(keys.add(now.sign(said)), Doubt::kNotOfForm);
  EXPECT_EQ(keys.doubt_of(before.sign(chain_of(3).checkpoint(3))), Doubt::kOtherKey);
  for (std::size_t i = 0; i < kMostVouchers; ++i)
    EXPECT_EQ(keys.add(voucher(now, before.key, 8)), Doubt::kNone);
  EXPECT_EQ(keys.add(voucher(now, before.key, 8)), Doubt::kNotOfForm) << "bounded";
}

TEST(Checkpoint, APublicKeyIsSixtyFourDigits) {
  const Signer signer;
  const std::string text = hex({reinterpret_cast<const char*>(signer.key.data()), signer.key.size()});
  EXPECT_EQ(public_key_from(text), signer.key);
  EXPECT_FALSE(public_key_from(text.substr(1)));
  EXPECT_FALSE(public_key_from("G" + text.substr(1)));
}

}  // namespace
}  // namespace mcpbox::audit
