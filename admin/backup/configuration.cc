// Runs in mcpbox-backup: the configuration of a restored instance.  Pure.
#include <algorithm>

#include "admin/backup/restore.h"

namespace mcpbox::backup {
namespace {

constexpr std::string_view kServiceState = "/var/lib/mcpbox";
constexpr std::string_view kServiceDatabase = "host=/run/mcpbox-db";
constexpr std::string_view kSpace = " \t\r";

// What the line says the value of; empty for a comment.
std::string_view key_of(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(kSpace);
  if (begin == std::string_view::npos || line[begin] == '#') return {};
  const std::string_view key = line.substr(begin, line.find('=', begin) - begin);
  return key.substr(0, key.find_last_not_of(kSpace) + 1);
}

bool is_database(std::string_view key) {
  return key == "database" || key == "database-owner" || key == "database-remote";
}

}  // namespace

std::string configuration_for(std::string_view text, const std::string& into) {
  const bool own_unit = into == kServiceState && text.find(kServiceDatabase) != std::string_view::npos;
  std::string made;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view key = key_of(line);
    if (key == "state") {
      made += "state = " + into + "\n";
    } else if (own_unit || !is_database(key)) {
      made += std::string(line) + "\n";
    } else if (key == "database") {
      made += "database = embedded\n";
    }
  }
  return made;
}

}  // namespace mcpbox::backup
