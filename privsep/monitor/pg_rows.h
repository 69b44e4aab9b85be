// A result of libpq as the rows of store.h.
#pragma once

#include "privsep/monitor/store.h"

struct pg_result;

namespace mcpbox::monitor {

// A value of a result, or none when it is null or not there: a stolen database may send fewer columns than
// asked for.
[[nodiscard]] std::optional<std::string> cell(const Rows& rows, std::size_t row, std::size_t column);

// Columns of type bytea and uuid become raw bytes, all others stay as the server's text.
//   result  of a query in text format, with bytea_output = hex
[[nodiscard]] Rows rows_of(const pg_result* result);

}  // namespace mcpbox::monitor
