// Mirrors privsep/audit/export_file.cc.  No bit of an export is without a meaning: none can be changed
// unseen.
#include "privsep/audit/export_file.h"

#include <random>

#include "tests/privsep/audit/chain_maker.h"

namespace mcpbox::audit {
namespace {

TEST(ExportFile, NoSingleBitCanBeChangedUnseen) {
  const Signer signer;
  const Chain chain = chain_of(10);
  const std::string file = export_of(chain, chain, signer);
  ASSERT_FALSE(verified(file, signer.key).damage());
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    std::string changed = file;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(verified(changed, signer.key).damage()) << "bit " << bit;
  }
}

TEST(ExportFile, NoHandfulOfRandomBitsCanBeChangedUnseen) {
  const Signer signer;
  const Chain chain = chain_of(40);
  const std::string file = export_of(chain, chain, signer);
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 1'000; ++round) {
    std::string changed = file;
    for (unsigned i = 0; i < 1 + random() % 8; ++i) {
      const std::size_t bit = random() % (8 * file.size());
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    }
    if (changed == file) continue;
    EXPECT_TRUE(verified(changed, signer.key).damage()) << "round " << round;
  }
}

TEST(ExportFile, NoPieceCanBeCutOutOrTwice) {
  const Signer signer;
  const Chain chain = chain_of(12);
  const std::string file = export_of(chain, chain, signer);
  std::mt19937 random(7);
  for (int round = 0; round < 1'000; ++round) {
    const std::size_t from = random() % file.size();
    const std::size_t size = 1 + random() % (file.size() - from);
    std::string without = file;
    without.erase(from, size);
    EXPECT_TRUE(verified(without, signer.key).damage()) << from << " " << size;
    std::string twice = file;
    twice.insert(from, file.substr(from, size));
    EXPECT_TRUE(verified(twice, signer.key).damage()) << from << " " << size;
  }
}

TEST(ExportFile, WhatIsNoExportIsNamedAsSuch) {
  const Signer signer;
  for (const std::string file : {"", "x", "mcpbox-export-2\n and so on"}) {
    const Verifier verifier = verified(file, signer.key);
    ASSERT_TRUE(verifier.damage());
    EXPECT_TRUE(verifier.damage()->damage == Damage::kNotAnExport ||
                verifier.damage()->damage == Damage::kCutEnd);
  }
}

}  // namespace
}  // namespace mcpbox::audit
