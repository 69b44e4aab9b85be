// Runs in the monitor.  Pure: what is stored, and what the database says, come from the store.
#include "privsep/monitor/decisions.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mcpbox::monitor {
namespace {

// On a tool, each digest for itself: the last of these is what counts.
constexpr std::string_view kOnTools[] = {"approve", "reject", "revoke"};
constexpr std::string_view kOnOthers[] = {"start_server",
                                          "stop_server",
                                          "delete_server",
                                          "delete_tool",
                                          "freeze",
                                          "thaw",
                                          "set_password",
                                          "end_session",
                                          "request_grant",
                                          "add_grant",
                                          "approve_grant",
                                          "reject_grant",
                                          "revoke_grant",
                                          "delete_grant",
                                          "create_secret",
                                          "set_secret",
                                          "delete_secret",
                                          "set_setting",
                                          "set_remote",
                                          "create_client_token",
                                          "revoke_client_token"};

std::string subject_of(std::string_view id, std::string_view rest) {
  return std::string(id) + std::string(rest);
}

std::string_view view(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t number(const std::optional<std::string>& digits) {
  std::uint64_t value = 0;
  if (digits) std::from_chars(digits->data(), digits->data() + digits->size(), value);
  return value;
}

}  // namespace

bool gives_or_takes(std::string_view action) {
  return std::ranges::find(kOnOthers, action) != std::end(kOnOthers);
}

Decisions::Lanes Decisions::lanes_of(const Keys& keys, const std::string& subject, std::uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  const wire::Digest seal = keys.seal("audit.decision", {subject, digits});
  Lanes lanes{};
  static_assert(sizeof(lanes) == sizeof(seal));
  std::memcpy(lanes.data(), seal.data(), sizeof(lanes));
  return lanes;
}

void Decisions::put(const Keys& keys, std::string subject, std::uint64_t sequence) {
  const auto [at, is_new] = last_.try_emplace(std::move(subject), sequence);
  if (!is_new) {
    const Lanes before = lanes_of(keys, at->first, at->second);
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] -= before[i];
    at->second = std::max(at->second, sequence);
  }
  const Lanes now = lanes_of(keys, at->first, at->second);
  for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += now[i];
}

void Decisions::note(const Keys& keys, const AuditRecord& record, std::uint64_t sequence) {
  const bool decided = record.kind == AuditKind::kDecision;
  if (decided && std::ranges::find(kOnTools, record.action) != std::end(kOnTools))
    put(keys, subject_of(view(record.subject), view(record.digest)), sequence);
  else if ((decided || record.kind == AuditKind::kConfiguration) && gives_or_takes(record.action))
    put(keys, subject_of(view(record.subject), record.action), sequence);
}

void Decisions::take(const Keys& keys, const Rows& last, const Rows& of_tools) {
  for (const auto& row : last.rows)
    if (gives_or_takes(row.at(1).value_or("")))
      put(keys, subject_of(row[0].value_or(""), *row[1]), number(row.at(2)));
  for (const auto& row : of_tools.rows)
    put(keys, subject_of(row.at(0).value_or(""), row.at(1).value_or("")), number(row.at(2)));
}

wire::Digest Decisions::sum() const {
  wire::Digest bytes{};
  std::memcpy(bytes.data(), sum_.data(), bytes.size());
  return bytes;
}

void Decisions::sum_anew(const Keys& keys) {
  sum_ = {};
  for (const auto& [subject, sequence] : last_) {
    const Lanes lanes = lanes_of(keys, subject, sequence);
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += lanes[i];
  }
}

}  // namespace mcpbox::monitor
