// Run by the monitor.  Trusts nothing that the database says about a record until its hash fits.
// Format: docs/audit-format.md.
#include "privsep/monitor/audit_chain.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "policy/limits.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
namespace limits = policy::limits;

constexpr std::size_t kColumns = 12;
static_assert(limits::kAuditPayloadBytes == audit::kPayloadBytes);
static_assert(limits::kAuditRecordBytes == audit::kMostEncodedBytes);
static_assert(limits::kAuditStatementBytes == audit::kStatementBytes);

template <class T>
bool get(const std::optional<std::string>& column, T& number) {
  if (!column) return false;
  const char* end = column->data() + column->size();
  const auto [stopped, error] = std::from_chars(column->data(), end, number);
  return error == std::errc() && stopped == end;
}

template <std::size_t N>
bool get(const std::optional<std::string>& column, std::array<unsigned char, N>& bytes) {
  if (!column || column->size() != N) return false;
  std::memcpy(bytes.data(), column->data(), N);
  return true;
}

bool get(const std::optional<std::string>& column, std::string& text) {
  if (column) text = *column;
  return column.has_value();
}

}  // namespace

base::Result<void> check(const AuditRecord& record) {
  const auto allowed = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
  if (record.actor.size() > audit::kActorBytes)
    return base::fail(Why::kInvalid, "the actor of a record is over its bound");
  if (record.action.empty() || record.action.size() > audit::kActionBytes ||
      !std::ranges::all_of(record.action, allowed))
    return base::fail(Why::kInvalid, "the action of a record is not a short word of a-z and _");
  if (record.payload.size() > limits::kAuditPayloadBytes)
    return base::fail(Why::kInvalid, "the payload of a record is over its bound");
  return {};
}

std::string canonical_encoding(const ChainedRecord& chained) {
  const AuditRecord& record = chained.record;
  return audit::encode({.sequence = chained.sequence,
                        .at_ms = chained.at_ms,
                        .kind = static_cast<std::uint16_t>(record.kind),
                        .number = record.number,
                        .subject = record.subject,
                        .call = record.call,
                        .digest = record.digest,
                        .actor = record.actor,
                        .action = record.action,
                        .payload = record.payload,
                        .previous = chained.previous});
}

ChainedRecord chain(const ChainHead& head, std::int64_t at_ms, AuditRecord record) {
  ChainedRecord chained{.sequence = head.sequence + 1,
                        .at_ms = at_ms,
                        .record = std::move(record),
                        .previous = head.hash,
                        .hash = {}};
  chained.hash = audit::hash_of(canonical_encoding(chained));
  return chained;
}

bool is_intact(const ChainedRecord& record) {
  return record.hash == audit::hash_of(canonical_encoding(record));
}

bool follows(const ChainHead& head, const ChainedRecord& record) {
  return record.sequence == head.sequence + 1 && record.previous == head.hash && is_intact(record);
}

std::vector<Param> audit_params(const ChainedRecord& chained) {
  const AuditRecord& record = chained.record;
  return {Param::integer(static_cast<std::int64_t>(chained.sequence)),
          Param::integer(chained.at_ms),
          Param::integer(static_cast<std::int64_t>(record.kind)),
          Param::raw(record.actor),
          Param::text(record.action),
          Param::uuid(record.subject),
          Param::uuid(record.call),
          Param::digest(record.digest),
          Param::integer(record.number),
          Param::raw(record.payload),
          Param::digest(chained.previous),
          Param::digest(chained.hash)};
}

base::Result<ChainedRecord> audit_record(const std::vector<std::optional<std::string>>& row) {
  ChainedRecord chained;
  AuditRecord& record = chained.record;
  std::uint16_t kind = 0;
  const bool good = row.size() == kColumns && get(row[0], chained.sequence) && get(row[1], chained.at_ms) &&
                    get(row[2], kind) && get(row[3], record.actor) && get(row[4], record.action) &&
                    get(row[5], record.subject) && get(row[6], record.call) && get(row[7], record.digest) &&
                    get(row[8], record.number) && get(row[9], record.payload) &&
                    get(row[10], chained.previous) && get(row[11], chained.hash);
  if (!good) return base::fail(Why::kBroken, "an audit row does not have the form of a record");
  record.kind = static_cast<AuditKind>(kind);
  return chained;
}

}  // namespace mcpbox::monitor
