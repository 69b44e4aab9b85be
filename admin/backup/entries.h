// The entries of a backup inside its chunks: pieces of `entry 1, length 4 little-endian, bytes`, each entry
// ended by a piece of length 0, in the order of Entry, the manifest last.
#pragma once

#include <sodium.h>

#include <functional>
#include <string>
#include <string_view>

#include "admin/backup/manifest.h"

namespace mcpbox::backup {

// Counts and hashes bytes as they pass.
class Measuring {
 public:
  Measuring() { crypto_generichash_init(&state_, nullptr, 0, sizeof(Measure::hash)); }
  void add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    bytes_ += bytes.size();
  }
  [[nodiscard]] Measure end() {
    Measure measure{.bytes = bytes_};
    crypto_generichash_final(&state_, measure.hash.data(), measure.hash.size());
    return measure;
  }

 private:
  crypto_generichash_state state_{};
  std::uint64_t bytes_ = 0;
};

class EntryWriter {
 public:
  explicit EntryWriter(Writer& to) : to_(to) {}
  // One entry whose bytes are known; for the database, put() for each piece and then end().
  [[nodiscard]] Outcome<void> whole(Entry entry, std::string_view bytes);
  [[nodiscard]] Outcome<void> put(Entry entry, std::string_view bytes);
  [[nodiscard]] Outcome<void> end(Entry entry);
  // Size and hash of what was written of each, for the manifest.
  [[nodiscard]] const std::array<Measure, kDescribed>& measures() const { return measures_; }

 private:
  [[nodiscard]] Outcome<void> piece(Entry entry, std::string_view bytes);
  Writer& to_;
  Measuring measuring_;
  std::array<Measure, kDescribed> measures_{};
};

// The small entries; the database goes elsewhere.
struct Contents {
  Wiped<32> master_key;
  std::string configuration, audit_head;
  Manifest manifest;
};

// Takes a piece of the database's dump; an error ends the reading with it.
using DumpSink = std::function<Outcome<void>(std::string_view)>;

// Reads a backup to its end: every tag, the order of the entries, each size and hash against the manifest.
[[nodiscard]] Outcome<Contents> read_entries(Reader& from, const DumpSink& database);

}  // namespace mcpbox::backup
