// A chain with signed checkpoints, made without a monitor: what the verifier's tests damage.
#pragma once

#include <gtest/gtest.h>
#include <sodium.h>

#include <vector>

#include "privsep/audit/export_file.h"

namespace mcpbox::audit {

class Signer {
 public:
  explicit Signer(unsigned char fill = 9) {
    EXPECT_GE(::sodium_init(), 0);
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    seed.fill(fill);
    crypto_sign_seed_keypair(key.data(), secret_.data(), seed.data());
  }
  [[nodiscard]] Signed sign(Checkpoint checkpoint) const {
    checkpoint.key = name_of_key(key);
    Signed made{.statement = encode(checkpoint), .signature = {}};
    crypto_sign_detached(made.signature.data(), nullptr,
                         reinterpret_cast<const unsigned char*>(made.statement.data()), made.statement.size(),
                         secret_.data());
    return made;
  }
  PublicKey key{};

 private:
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_{};
};

struct Chain {
  std::vector<Stored> records;  // records[i] has sequence first + i
  std::uint64_t first = 1;
  Hash before{};

  [[nodiscard]] Hash hash_at(std::uint64_t sequence) const {
    return sequence < first ? before : records.at(sequence - first).hash;
  }
  [[nodiscard]] std::uint64_t last() const { return first + records.size() - 1; }

  void add(std::int64_t at_ms, std::string action = "call") {
    Record record{.sequence = last() + 1, .at_ms = at_ms, .kind = 1, .number = -1, .actor = "unix:alice"};
    record.action = std::move(action);
    record.payload = "payload of " + std::to_string(record.sequence);
    record.subject[0] = static_cast<unsigned char>(record.sequence);
    record.previous = hash_at(last());
    push(record);
  }
  void push(const Record& record) {
    Stored stored{.encoded = encode(record), .hash = {}};
    stored.hash = hash_of(stored.encoded);
    records.push_back(std::move(stored));
  }
  // Changes a record and makes all hashes from there fit again, as the database's owner could.
  void rewrite(std::uint64_t sequence, const std::string& payload) {
    std::vector<Stored> old(records.begin() + static_cast<std::ptrdiff_t>(sequence - first), records.end());
    records.resize(sequence - first);
    for (std::size_t i = 0; i < old.size(); ++i) {
      Record record = *decode(old[i].encoded);
      record.previous = hash_at(last());
      if (i == 0) record.payload = payload;
      push(record);
    }
  }
  [[nodiscard]] Checkpoint checkpoint(std::uint64_t sequence, Purpose purpose = Purpose::kPeriodic) const {
    return {.purpose = purpose,
            .key = {},
            .sequence = sequence,
            .hash = hash_at(sequence),
            .at_ms = 5'000,
            .first = first,
            .before = before};
  }
};

inline Chain chain_of(std::uint64_t length) {
  Chain chain;
  for (std::uint64_t i = 1; i <= length; ++i) chain.add(1'000 + static_cast<std::int64_t>(i));
  return chain;
}

// The chain with a checkpoint behind every tenth record, and the end of `whole`.
inline std::string export_of(const Chain& chain, const Chain& whole, const Signer& signer) {
  std::string file(export_header());
  for (const Stored& record : chain.records) {
    file += export_item(record);
    const std::optional<Record> decoded = decode(record.encoded);
    if (decoded && decoded->sequence % 10 == 0 && decoded->sequence <= whole.last())
      file += export_item(signer.sign(whole.checkpoint(decoded->sequence)));
  }
  return file + export_item(signer.sign(whole.checkpoint(whole.last(), Purpose::kEnd)));
}

inline Verifier verified(const std::string& file, const PublicKey& key, std::optional<Known> known = {}) {
  Verifier verifier(key, known);
  ExportReader reader(verifier);
  for (std::size_t at = 0; at < file.size(); at += 777)
    if (!reader.feed(std::string_view(file).substr(at, 777))) break;
  reader.finish();
  return verifier;
}

}  // namespace mcpbox::audit
