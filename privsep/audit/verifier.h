// Checks a chain as it passes by: records and checkpoints in, the first damage out.  Keeps a few hundred
// bytes, however long the chain is.  The same code in `mcpboxctl audit verify`, which streams the records of
// a running monitor, and in mcpbox-audit-verify, which reads an export.
//
//   Verifier verifier(key, known);
//   verifier.checkpoint(what vouches for an earlier key) ...            first, the newest before the others
//   verifier.checkpoint(head of a segment that retention dropped) ...   before the first record
//   verifier.record(r), verifier.checkpoint(c) ...                      a checkpoint behind the record it
//   names verifier.checkpoint(the signed end);  verifier.finish();
//
// What is sure without a key: every record is what its hash says and continues the one before.  Whoever owns
// the database can compute hashes, too; what they cannot make is a signature, so a chain that was rewritten
// as a whole fails at the next checkpoint, and the records since the last good one are named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "privsep/audit/checkpoint.h"
#include "privsep/audit/record.h"

namespace mcpbox::audit {

// A record as it is stored: the bytes, and the hash that stands beside them.
struct Stored {
  std::string encoded;
  Hash hash{};
};

enum class Damage : std::uint8_t {
  kEdited = 1,        // a record is not what its hash says, or not what its successor continues
  kDeleted,           // records are missing in the middle
  kInserted,          // a record stands there that the monitor did not put there
  kReordered,         // a record stands in another's place
  kCutStart,          // the oldest records are missing, and retention did not take them
  kCutEnd,            // the newest records are missing
  kRolledBack,        // an older state of the log than one that is known
  kRewritten,         // hashes fit, but not what was signed: at least one of the named records is another
  kWrongKey,          // signed with another key than the one given
  kForgedCheckpoint,  // a checkpoint was changed
  kClock,             // a record is older than the one before, and none says that the clock was set back
  kNotAnExport,       // not the form of an export
};
[[nodiscard]] std::string_view name_of(Damage damage);

struct Finding {
  Damage damage = Damage::kEdited;
  std::uint64_t record = 0;  // the first bad one
  std::uint64_t last =
      0;               // for a range (kRewritten, kDeleted, kCut...): its last one; else equal to `record`
  std::string detail;  // a sentence
};

// What somebody knows from elsewhere: the log's line about a checkpoint, or an older export.
struct Known {
  std::uint64_t sequence = 0;
  Hash hash{};
};

// "RECORD:HASH", as `mcpboxctl audit head` prints it.
[[nodiscard]] std::optional<Known> known_from(std::string_view text);

class Verifier {
 public:
  explicit Verifier(const PublicKey& key, std::optional<Known> known = std::nullopt)
      : keys_(key), known_(known) {}

  void record(const Stored& stored);
  void checkpoint(const Signed& checkpoint);
  // A checkpoint that speaks of more records than the log's end: it was rolled back, if the signature holds.
  void later_checkpoint(const Signed& checkpoint);
  void finish();

  // From a reader of files.
  void broken_file(const char* what);
  void cut_file();

  [[nodiscard]] const std::optional<Finding>& damage() const { return finding_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t checkpoints() const { return checkpoints_; }
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] const Hash& hash() const { return hash_; }
  // After finish() without damage: the signed end.
  [[nodiscard]] const std::optional<Checkpoint>& end() const { return end_; }

 private:
  struct Gap {
    std::uint64_t first = 0, last = 0;
  };
  struct Shift {
    std::uint64_t at = 0;  // where it stands
    std::int64_t by = 0;   // its own place minus where it stands
  };

  void begin(const Record& record);
  void accept(const Record& record, const Hash& hash);
  void not_intact(const Record& record, const Stored& stored);
  void out_of_place(const Record& record, const Hash& hash);
  void does_not_follow(const Record& record);
  void settle_shift(std::optional<std::int64_t> next);
  void settle_gap();
  void check_place_of(const Checkpoint& said);
  void check_end();
  void check_start();
  void found(Damage damage, std::uint64_t first, std::uint64_t last, std::string detail);

  KeyRing keys_;
  std::optional<Known> known_;
  std::optional<Finding> finding_;
  std::optional<Checkpoint> head_;  // the last one before the first record
  std::optional<Checkpoint> end_;
  std::optional<Gap> gap_;
  std::optional<Shift> shift_;
  bool started_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t confirmed_ = 0;  // the last record that a good checkpoint named
  std::int64_t at_ms_ = 0;
  Hash before_{};  // what the first record says of the one before it
  Hash hash_{};
};

// What to tell a person: one paragraph, ends with a newline.  Holds no text from a record.
[[nodiscard]] std::string report_of(const Verifier& verifier);

}  // namespace mcpbox::audit
