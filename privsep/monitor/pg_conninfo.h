// What libpq is told before it connects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "privsep/base/error.h"

namespace mcpbox::monitor {

// Keyword and value of each parameter, for PQconnectStartParams().
using Conninfo = std::vector<std::pair<std::string, std::string>>;

// Reads a connection string and adds what keeps libpq from looking at files, names and the environment, so
// that it works in a jail without any of them.
//   text      libpq's key='value' form
//   name      application_name: tells people (and a second monitor) whose connection it is
//   settings  session settings as the server's -c options, "a=b c=d"
//   returns   the parameters; kInvalid when the text does not parse, names no user, or names a place that is
//             neither a Unix socket's folder, nor loopback, nor given as hostaddr, a numeric address
[[nodiscard]] base::Result<Conninfo> read_conninfo(const std::string& text, std::string_view name,
                                                   std::string_view settings);

}  // namespace mcpbox::monitor
