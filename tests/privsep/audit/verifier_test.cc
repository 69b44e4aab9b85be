// Mirrors privsep/audit/verifier.cc: every kind of damage is found, named, and placed.
#include "privsep/audit/verifier.h"

#include "tests/privsep/audit/chain_maker.h"

namespace mcpbox::audit {
namespace {

class VerifierTest : public ::testing::Test {
 protected:
  Signer signer;
  Chain whole = chain_of(30);
  Chain chain = whole;

  Stored& record(std::uint64_t sequence) { return chain.records.at(sequence - 1); }
  auto place(std::uint64_t sequence) {
    return chain.records.begin() + static_cast<std::ptrdiff_t>(sequence - 1);
  }
  // Gives a record another number in its stored fields, as an UPDATE would.
  static void renumber(Stored& stored, std::uint64_t sequence) {
    Record changed = *decode(stored.encoded);
    changed.sequence = sequence;
    stored.encoded = encode(changed);
  }
  void expect(Damage damage, std::uint64_t at) {
    expect(verified(export_of(chain, whole, signer), signer.key), damage, at);
  }
  static void expect(const Verifier& verifier, Damage damage, std::uint64_t at) {
    ASSERT_TRUE(verifier.damage()) << report_of(verifier);
    EXPECT_EQ(name_of(verifier.damage()->damage), name_of(damage)) << report_of(verifier);
    EXPECT_EQ(verifier.damage()->record, at) << report_of(verifier);
  }
};

TEST_F(VerifierTest, AWholeExportPassesAndSaysWhatItHolds) {
  const Verifier verifier = verified(export_of(chain, whole, signer), signer.key);
  ASSERT_FALSE(verifier.damage()) << report_of(verifier);
  EXPECT_EQ(verifier.records(), 30U);
  EXPECT_EQ(verifier.checkpoints(), 4U);
  EXPECT_NE(report_of(verifier).find("records 1 to 30: whole"), std::string::npos) << report_of(verifier);
}

TEST_F(VerifierTest, AnEmptyLogWithASignedEndPasses) {
  const Chain empty = chain_of(0);
  EXPECT_FALSE(verified(export_of(empty, empty, signer), signer.key).damage());
}

TEST_F(VerifierTest, AnEditIsNamedByItsRecord) {
  Record changed = *decode(record(17).encoded);
  changed.actor = "unix:mallory";
  record(17).encoded = encode(changed);
  expect(Damage::kEdited, 17);
}

TEST_F(VerifierTest, AnEditedHashIsNamedByItsRecord) {
  record(17).hash[3] ^= 1;
  expect(Damage::kEdited, 17);
}

TEST_F(VerifierTest, AnEditWithAFittingHashIsNamedByItsRecord) {
  Record changed = *decode(record(17).encoded);
  changed.payload = "other";
  record(17).encoded = encode(changed);
  record(17).hash = hash_of(record(17).encoded);
  expect(Damage::kEdited, 17);
}

TEST_F(VerifierTest, AChainThatWasRewrittenFromARecordOnFailsAtTheNextCheckpoint) {
  chain.rewrite(17, "other");
  const Verifier verifier = verified(export_of(chain, whole, signer), signer.key);
  expect(verifier, Damage::kRewritten, 11);
  EXPECT_EQ(verifier.damage()->last, 20U);
}

TEST_F(VerifierTest, ADeletedRecordIsNamed) {
  chain.records.erase(place(17));
  expect(Damage::kDeleted, 17);
}

TEST_F(VerifierTest, ADeletionHiddenByNewNumbersIsNamed) {
  chain.records.erase(place(17));
  for (std::uint64_t at = 17; at <= 29; ++at) renumber(record(at), at);
  expect(Damage::kDeleted, 17);
}

TEST_F(VerifierTest, AnInsertedCopyIsNamed) {
  const Stored copy = record(17);
  chain.records.insert(place(18), copy);
  expect(Damage::kInserted, 17);
}

TEST_F(VerifierTest, AnInsertionThatMovedTheOthersIsNamed) {
  for (std::uint64_t at = 30; at >= 17; --at) renumber(record(at), at + 1);
  Record forged = *decode(record(16).encoded);
  forged.sequence = 17;
  forged.previous = record(16).hash;
  Stored stored{.encoded = encode(forged), .hash = {}};
  stored.hash = hash_of(stored.encoded);
  chain.records.insert(place(17), stored);
  expect(Damage::kInserted, 17);
}

TEST_F(VerifierTest, RecordsBehindTheSignedEndAreAnInsertion) {
  chain.add(2'000);
  expect(Damage::kInserted, 31);
}

TEST_F(VerifierTest, SwappedRecordsAreAReordering) {
  std::swap(record(17), record(18));
  expect(Damage::kReordered, 17);
}

TEST_F(VerifierTest, RecordsThatSwappedTheirNumbersAreAReordering) {
  std::swap(record(17), record(18));
  renumber(record(17), 17);
  renumber(record(18), 18);
  expect(Damage::kReordered, 17);
}

TEST_F(VerifierTest, ACutStartIsNamed) {
  chain.records.erase(place(1), place(6));
  expect(Damage::kCutStart, 1);
}

TEST_F(VerifierTest, ACutEndIsNamed) {
  chain.records.resize(27);
  expect(Damage::kCutEnd, 28);
}

TEST_F(VerifierTest, AFileWithoutItsSignedEndIsCut) {
  std::string file = export_of(chain, whole, signer);
  file.resize(file.size() - 60);
  expect(verified(file, signer.key), Damage::kCutEnd, 31);
}

TEST_F(VerifierTest, AnotherKeyIsNamedAsSuch) {
  const Signer other(10);
  expect(verified(export_of(chain, whole, signer), other.key), Damage::kWrongKey, 10);
}

TEST_F(VerifierTest, AForgedCheckpointIsNamedAsSuch) {
  std::string file = export_of(chain, whole, signer);
  file[file.size() - 1] ^= 1;
  expect(verified(file, signer.key), Damage::kForgedCheckpoint, 30);
}

TEST_F(VerifierTest, AnOlderExportIsRolledBackWhenALaterRecordIsKnown) {
  const Known known{.sequence = 31, .hash = {}};
  expect(verified(export_of(chain, whole, signer), signer.key, known), Damage::kRolledBack, 31);
}

TEST_F(VerifierTest, AnotherHistoryThanTheKnownOneIsRolledBack) {
  const Known known{.sequence = 17, .hash = {1}};
  expect(verified(export_of(chain, whole, signer), signer.key, known), Damage::kRolledBack, 17);
  const Known right{.sequence = 17, .hash = whole.hash_at(17)};
  EXPECT_FALSE(verified(export_of(chain, whole, signer), signer.key, right).damage());
}

TEST_F(VerifierTest, AStoredCheckpointBeyondTheEndIsARollBack) {
  Verifier verifier(signer.key);
  for (const Stored& stored : chain_of(20).records) verifier.record(stored);
  verifier.later_checkpoint(signer.sign(whole.checkpoint(30)));
  expect(verifier, Damage::kRolledBack, 21);
}

TEST_F(VerifierTest, AClockThatGoesBackwardsIsDamageUnlessTheLogSaysSo) {
  Chain said = chain_of(3);
  said.add(500, "clock_stepped");
  said.add(501);
  EXPECT_FALSE(verified(export_of(said, said, signer), signer.key).damage());
  Chain unsaid = chain_of(3);
  unsaid.add(500);
  expect(verified(export_of(unsaid, unsaid, signer), signer.key), Damage::kClock, 4);
}

// What retention left: the head of the dropped segment, then the records behind it.
TEST_F(VerifierTest, APrunedLogPassesAndSaysWhatIsMissingByDesign) {
  Chain pruned = whole;
  pruned.before = whole.hash_at(10);
  pruned.first = 11;
  pruned.records.erase(pruned.records.begin(), pruned.records.begin() + 10);
  std::string file(export_header());
  file += export_item(signer.sign(whole.checkpoint(10, Purpose::kSegment)));
  for (const Stored& stored : pruned.records) file += export_item(stored);
  file += export_item(signer.sign(pruned.checkpoint(30, Purpose::kEnd)));
  const Verifier verifier = verified(file, signer.key);
  ASSERT_FALSE(verifier.damage()) << report_of(verifier);
  EXPECT_NE(report_of(verifier).find("Records 1 to 10 are missing by design"), std::string::npos);
}

TEST_F(VerifierTest, APrunedLogThatLostMoreThanThatIsCut) {
  Chain pruned = whole;
  pruned.before = whole.hash_at(10);
  pruned.first = 11;
  pruned.records.erase(pruned.records.begin(), pruned.records.begin() + 12);
  std::string file(export_header());
  for (const Stored& stored : pruned.records) file += export_item(stored);
  pruned.records.insert(pruned.records.begin(), whole.records.begin() + 10, whole.records.begin() + 12);
  file += export_item(signer.sign(pruned.checkpoint(30, Purpose::kEnd)));
  expect(verified(file, signer.key), Damage::kCutStart, 11);
}

}  // namespace
}  // namespace mcpbox::audit
