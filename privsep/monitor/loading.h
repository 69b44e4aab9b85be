// What the parts of load() share: columns of a row, and the chain's last word on a subject.
#pragma once

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "privsep/base/visible.h"
#include "privsep/monitor/decisions.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor::loading {

using Row = std::vector<std::optional<std::string>>;
// (subject, action or digest)
struct LastDecisions : std::map<std::pair<std::string, std::string>, std::uint64_t> {
  std::uint64_t trusted_from = 0;  // what was decided before it is void (Store::trusted_from)
  [[nodiscard]] bool voids(std::uint64_t sequence) const { return sequence < trusted_from; }
};

inline std::string text(const Row& row, std::size_t column) { return row.at(column).value_or(""); }

inline std::int64_t number(const Row& row, std::size_t column) {
  std::int64_t value = 0;
  const std::string digits = text(row, column);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

template <std::size_t N>
std::array<unsigned char, N> bytes(const Row& row, std::size_t column) {
  return array_of<N>(text(row, column)).value_or(std::array<unsigned char, N>{});
}

inline loop::Task<Rows> read(Monitor& m, const Sql& sql) {
  Statement statement{.sql = &sql};
  Rows rows = co_await m.store.query(std::move(statement));
  co_return rows;
}

// The sequence of the chain's last decision of any of these actions on the subject.
inline std::uint64_t last_of(const LastDecisions& last, const std::string& subject,
                             std::span<const char* const> actions) {
  std::uint64_t sequence = 0;
  for (const char* action : actions) {
    // Else audit.head would not remember it, and whoever writes to the database could take it away.
    if (!gives_or_takes(action)) PANIC("an action that Decisions does not know");
    if (const auto found = last.find({subject, action}); found != last.end())
      sequence = std::max(sequence, found->second);
  }
  return sequence;
}
inline std::uint64_t last_of(const LastDecisions& last, const std::string& subject,
                             std::initializer_list<const char*> actions) {
  return last_of(last, subject, std::span(actions.begin(), actions.size()));
}

// When the chain says that the server, or the tool, was deleted.  What was decided before that went with it:
// its rows keep their seals, and whoever brings them back gives nothing back.
inline std::uint64_t deleted_at(const LastDecisions& last, const wire::Id& server,
                                const wire::Id& tool = kNoId) {
  return std::max(last_of(last, std::string(view_of(server)), {"delete_server"}),
                  last_of(last, std::string(view_of(tool)), {"delete_tool"}));
}

inline void ignore(Monitor& m, const std::string& what, const std::string& why) {
  const std::string sentence = what + " is ignored: " + why;
  m.log.warn("a row is ignored", {{"row", what}, {"why", why}});
  m.warnings.push_back(base::visible(sentence).substr(0, 256));
}

inline constexpr const char* kForgedRow = "its seal does not fit, so the monitor did not write it";
inline constexpr const char* kOldRow = "the audit chain knows a later decision";
inline constexpr const char* kDeletedRow = "the audit chain knows that it was deleted later";

// load_rows.cc: what a row says
Grant grant_of(const Row& row);
StoredSecret secret_of(const Row& row);
AdminSession session_of(const Row& row);
ClientToken client_of(const Row& row);
// The seal that each row must have, under these keys; columns as the statement that loads it has them.  What
// belongs to nothing that the monitor knows has a seal that fits nothing.
using RowSeal = wire::Digest (*)(const Monitor&, const Keys&, const Row&);
wire::Digest seal_of_approval_row(const Monitor& m, const Keys& keys, const Row& row);
wire::Digest seal_of_admin_row(const Monitor& m, const Keys& keys, const Row& row);
wire::Digest seal_of_session_row(const Monitor& m, const Keys& keys, const Row& row);
wire::Digest seal_of_client_row(const Monitor& m, const Keys& keys, const Row& row);
wire::Digest seal_of_setting_row(const Monitor& m, const Keys& keys, const Row& row);
wire::Digest seal_of_grant_row(const Monitor& m, const Keys& keys, const Row& row);

// load_authority.cc
void take_grants(Monitor& m, const Rows& rows, const LastDecisions& last);
void take_secrets(Monitor& m, const Rows& rows, const LastDecisions& last);
// A setting that was decided and whose row is missing, forged or old holds at its strictest.
void take_policy(Monitor& m, const Rows& rows, const LastDecisions& last);
// Remote access is off when its row is missing, forged or old.
void take_remote(Monitor& m, const Rows& rows, const LastDecisions& last);
void take_nonces(Monitor& m, const Rows& rows);

}  // namespace mcpbox::monitor::loading
