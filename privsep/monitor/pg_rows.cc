// Run by the monitor.  Trusts the database to send the type that it names; a byte that is not hexadecimal
// becomes 0.
#include "privsep/monitor/pg_rows.h"

#include <libpq-fe.h>

namespace mcpbox::monitor {
namespace {

constexpr Oid kByteaOid = 17;  // pg_type.dat; fixed for all versions
constexpr Oid kUuidOid = 2950;

unsigned nibble(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  return 0;
}

// Hexadecimal digits in pairs; `-` (in a uuid) is skipped.
std::string from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size();) {
    if (text[i] == '-') {
      ++i;
      continue;
    }
    bytes += static_cast<char>(nibble(text[i]) << 4 | nibble(text[i + 1]));
    i += 2;
  }
  return bytes;
}

std::optional<std::string> value_of(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) == 1) return std::nullopt;
  const std::string_view text(PQgetvalue(result, row, column),
                              static_cast<std::size_t>(PQgetlength(result, row, column)));
  const Oid type = PQftype(result, column);
  if (type == kByteaOid) return from_hex(text.substr(text.starts_with("\\x") ? 2 : 0));
  if (type == kUuidOid) return from_hex(text);
  return std::string(text);
}

}  // namespace

std::optional<std::string> cell(const Rows& rows, std::size_t row, std::size_t column) {
  if (row >= rows.rows.size() || column >= rows.rows[row].size()) return std::nullopt;
  return rows.rows[row][column];
}

Rows rows_of(const PGresult* result) {
  Rows all;
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& columns = all.rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column)
      columns.push_back(value_of(result, row, column));
  }
  return all;
}

}  // namespace mcpbox::monitor
