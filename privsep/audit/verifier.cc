// Runs in mcpboxctl and in mcpbox-audit-verify.  Trusts the public key that it was given, and nothing else.
#include "privsep/audit/verifier.h"

#include <algorithm>
#include <utility>

namespace mcpbox::audit {
namespace {

// How far a record may have been moved and still be recognised by its hash.
constexpr std::int64_t kFarthest = 64;
constexpr std::size_t kSequenceAt = 15 + 32;  // in the encoding
constexpr std::string_view kClockStepped = "clock_stepped";

// By how many places the record was moved: found by trying which sequence number its hash is of.
std::optional<std::int64_t> shift_of(const Record& record, const Stored& stored) {
  std::string bytes = stored.encoded;
  const auto fits = [&](std::int64_t by) {
    const std::uint64_t sequence = record.sequence + static_cast<std::uint64_t>(by);
    for (std::size_t i = 0; i < 8; ++i) bytes[kSequenceAt + i] = static_cast<char>(sequence >> (8 * i));
    return hash_of(bytes) == stored.hash;
  };
  for (std::int64_t by = 1; by <= kFarthest; ++by) {
    if (fits(by)) return by;
    if (fits(-by)) return -by;
  }
  return std::nullopt;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

void Verifier::found(Damage damage, std::uint64_t first, std::uint64_t last, std::string detail) {
  if (!finding_)
    finding_ = Finding{
        .damage = damage, .record = first, .last = std::max(first, last), .detail = std::move(detail)};
}

void Verifier::begin(const Record& record) {
  started_ = true;
  first_ = record.sequence;
  last_ = record.sequence - 1;
  before_ = record.previous;
  hash_ = record.previous;
  at_ms_ = record.at_ms;
  confirmed_ = last_;
  if (head_ && head_->sequence == last_ && head_->hash != record.previous)
    found(Damage::kEdited, first_, first_, "it does not continue the signed head of the segment before it");
}

void Verifier::record(const Stored& stored) {
  if (finding_) return;
  const std::optional<Record> record = decode(stored.encoded);
  if (!record) return found(Damage::kEdited, last_ + 1, last_ + 1, "it does not have the form of a record");
  if (!started_) begin(*record);
  if (finding_) return;
  const bool intact = hash_of(stored.encoded) == stored.hash;
  if (shift_) return settle_shift(intact ? std::nullopt : shift_of(*record, stored));
  if (!intact) return not_intact(*record, stored);
  if (record->sequence != last_ + 1) return out_of_place(*record, stored.hash);
  if (record->previous != hash_) return does_not_follow(*record);
  accept(*record, stored.hash);
}

void Verifier::accept(const Record& record, const Hash& hash) {
  if (record.at_ms < at_ms_ && record.action != kClockStepped)
    return found(
        Damage::kClock, record.sequence, record.sequence,
        "its time is before that of the record before it, and it does not say that the clock was set");
  if (known_ && known_->sequence == record.sequence && known_->hash != hash)
    return found(Damage::kRolledBack, record.sequence, record.sequence,
                 "it is not the record that is known by this number");
  ++records_;
  last_ = record.sequence;
  hash_ = hash;
  at_ms_ = record.at_ms;
}

// Its content was changed, or it was carried to another place with its number changed to fit.
void Verifier::not_intact(const Record& record, const Stored& stored) {
  const std::uint64_t place = last_ + 1;
  if (gap_) return settle_gap();
  const std::optional<std::int64_t> by = shift_of(record, stored);
  if (!by) return found(Damage::kEdited, place, place, "it is not what its hash says");
  shift_ = Shift{.at = place, .by = *by};
}

// The record behind the first one that stands in a wrong place tells whether everything was moved.
void Verifier::settle_shift(std::optional<std::int64_t> next) {
  const Shift shift = *std::exchange(shift_, std::nullopt);
  const auto distance = static_cast<std::uint64_t>(shift.by > 0 ? shift.by : -shift.by);
  if (next && *next != shift.by)
    found(Damage::kReordered, shift.at, shift.at,
          "record " + number(shift.at + static_cast<std::uint64_t>(shift.by)) + " stands in its place");
  else if (shift.by > 0)
    found(Damage::kDeleted, shift.at, shift.at + distance - 1,
          "it is missing, and the numbers behind it were changed to hide that");
  else
    found(Damage::kInserted, shift.at - distance, shift.at - 1,
          "the monitor did not write it; the numbers behind it were changed to make room");
}

void Verifier::out_of_place(const Record& record, const Hash& hash) {
  if (record.sequence <= last_) {
    const bool missed = gap_ && record.sequence >= gap_->first && record.sequence <= gap_->last;
    if (missed)
      found(Damage::kReordered, gap_->first, gap_->first,
            "record " + number(gap_->last + 1) + " stands in its place");
    else if (gap_)
      settle_gap();
    else
      found(Damage::kInserted, record.sequence, record.sequence, "a second record of this number follows it");
    return;
  }
  if (gap_) return settle_gap();
  gap_ = Gap{.first = last_ + 1, .last = record.sequence - 1};
  last_ = record.sequence;
  hash_ = hash;
  at_ms_ = record.at_ms;
}

void Verifier::settle_gap() {
  const Gap gap = *std::exchange(gap_, std::nullopt);
  found(Damage::kDeleted, gap.first, gap.last,
        gap.first == gap.last ? "it is missing" : "they are missing, up to record " + number(gap.last));
}

// Both are intact: one of the two is not what the monitor wrote.  Which one, a checkpoint may know.
void Verifier::does_not_follow(const Record& record) {
  if (gap_) return settle_gap();
  if (last_ >= first_ && last_ != confirmed_)
    found(Damage::kEdited, last_, last_, "its successor continues another record than this");
  else
    found(Damage::kEdited, record.sequence, record.sequence, "it does not continue the record before it");
}

void Verifier::checkpoint(const Signed& checkpoint) {
  if (finding_) return;
  if (shift_) settle_shift(std::nullopt);
  const std::optional<Checkpoint> said = decode_checkpoint(checkpoint.statement);
  const std::uint64_t about = said ? said->sequence : last_;
  const bool vouches = said && said->purpose == Purpose::kKey;
  switch (vouches ? keys_.add(checkpoint) : keys_.doubt_of(checkpoint)) {
    case Doubt::kNone:
      break;
    case Doubt::kNotOfForm:
      return found(Damage::kForgedCheckpoint, about, about, "a checkpoint does not have the form of one");
    case Doubt::kOtherKey:
      return found(Damage::kWrongKey, about, about,
                   "its checkpoint was signed with another key: take the public key from `mcpboxctl audit "
                   "head` of the machine that wrote the log");
    case Doubt::kBadSignature:
      return found(Damage::kForgedCheckpoint, about, about, "the signature of its checkpoint does not hold");
  }
  if (vouches) return;
  ++checkpoints_;
  if (said->purpose == Purpose::kEnd) {
    end_ = *said;
  } else if (!started_) {
    if (head_ && said->sequence < head_->sequence)
      found(Damage::kReordered, about, about, "the heads of dropped segments are not in order");
    head_ = *said;
  } else {
    check_place_of(*said);
  }
}

void Verifier::check_place_of(const Checkpoint& said) {
  if (said.sequence > last_) {
    if (gap_) return settle_gap();
    return found(Damage::kDeleted, last_ + 1, said.sequence, "they are missing: a checkpoint knows them");
  }
  if (said.sequence < last_)
    return found(Damage::kReordered, said.sequence, said.sequence,
                 "its checkpoint stands behind a later record");
  if (said.hash != hash_ && !gap_)
    return found(Damage::kRewritten, confirmed_ + 1, said.sequence,
                 "the chain is whole, but it is not the one that was signed");
  confirmed_ = said.sequence;
}

void Verifier::later_checkpoint(const Signed& checkpoint) {
  if (finding_) return;
  const std::optional<Checkpoint> said = decode_checkpoint(checkpoint.statement);
  if (!said || keys_.doubt_of(checkpoint) != Doubt::kNone) return this->checkpoint(checkpoint);
  found(Damage::kRolledBack, last_ + 1, said->sequence,
        "a checkpoint of record " + number(said->sequence) + " exists, but the log ends before it");
}

void Verifier::finish() {
  if (finding_) return;
  if (shift_) settle_shift(std::nullopt);
  if (gap_) settle_gap();
  if (finding_) return;
  if (!end_) return cut_file();
  check_start();
  check_end();
}

void Verifier::check_start() {
  if (head_ && head_->sequence + 1 == end_->first && head_->hash != end_->before)
    found(Damage::kRewritten, head_->sequence, head_->sequence,
          "the head of the last dropped segment is not the one that the log continues");
  if (!started_) {
    if (end_->sequence >= end_->first)
      found(Damage::kCutStart, end_->first, end_->sequence, "no record is left of those that were signed");
    return;
  }
  if (first_ > end_->first)
    found(Damage::kCutStart, end_->first, first_ - 1, "the log begins later than what was signed");
  else if (first_ == end_->first && before_ != end_->before)
    found(Damage::kEdited, first_, first_, "it does not continue what retention dropped");
}

void Verifier::check_end() {
  if (end_->sequence > last_ && started_)
    found(Damage::kCutEnd, last_ + 1, end_->sequence, "they are missing: the signed end knows them");
  else if (started_ && end_->sequence < last_)
    found(Damage::kInserted, end_->sequence + 1, last_, "they stand behind the signed end");
  else if (started_ && end_->hash != hash_)
    found(Damage::kRewritten, confirmed_ + 1, last_,
          "the chain is whole, but it is not the one that was signed");
  if (known_ && known_->sequence > end_->sequence)
    found(Damage::kRolledBack, end_->sequence + 1, known_->sequence,
          "record " + number(known_->sequence) + " is known, but the log ends before it");
}

void Verifier::broken_file(const char* what) {
  if (gap_) return settle_gap();
  found(Damage::kNotAnExport, last_ + 1, last_ + 1, what);
}

void Verifier::cut_file() {
  if (gap_) return settle_gap();
  found(Damage::kCutEnd, last_ + 1, last_ + 1,
        "the signed end is missing: the log was cut behind the record before");
}

}  // namespace mcpbox::audit
