// Runs in mcpboxctl and in mcpbox-audit-verify: what the verifier found, in words.

#include <charconv>

#include "privsep/audit/verifier.h"

namespace mcpbox::audit {
namespace {

std::string range(std::uint64_t first, std::uint64_t last) {
  if (first >= last) return "record " + std::to_string(first);
  return "records " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

std::string_view name_of(Damage damage) {
  using enum Damage;
  switch (damage) {
    case kEdited:
      return "edit";
    case kDeleted:
      return "deletion";
    case kInserted:
      return "insertion";
    case kReordered:
      return "reordering";
    case kCutStart:
      return "truncation at the start";
    case kCutEnd:
      return "truncation at the end";
    case kRolledBack:
      return "rolled back";
    case kRewritten:
      return "rewritten";
    case kWrongKey:
      return "wrong key";
    case kForgedCheckpoint:
      return "forged checkpoint";
    case kClock:
      return "clock going backwards";
    case kNotAnExport:
      return "not an export";
  }
  return "unknown";
}

std::optional<Known> known_from(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Known known;
  const std::string_view number = text.substr(0, colon);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), known.sequence);
  const std::optional<PublicKey> hash = public_key_from(text.substr(colon + 1));  // 32 bytes as well
  if (error != std::errc() || end != number.data() + number.size() || !hash) return std::nullopt;
  known.hash = *hash;
  return known;
}

std::string report_of(const Verifier& verifier) {
  if (const std::optional<Finding>& finding = verifier.damage())
    return "DAMAGED: " + std::string(name_of(finding->damage)) + ", " +
           range(finding->record, finding->last) + ": " + finding->detail + ".\n";
  const Checkpoint end = verifier.end().value_or(Checkpoint{});
  std::string text = verifier.records() == 0 ? "No record" : range(verifier.first(), verifier.last());
  text += ": whole, and signed (" + std::to_string(verifier.checkpoints()) + " checkpoints).\n";
  if (end.first > 1)
    text += "Records 1 to " + std::to_string(end.first - 1) +
            " are missing by design: retention dropped them, and their heads are signed.\n";
  return text + "End: record " + std::to_string(end.sequence) + ", hash " + hex(end.hash) + "\n";
}

}  // namespace mcpbox::audit
