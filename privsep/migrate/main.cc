// mcpbox-migrate: run by the launcher before the monitor, under its own uid, as the database's owner.  Trusts
// its command line; reads nothing else (libpq takes PGPASSWORD from the environment).
#include <csignal>
#include <cstring>

#include "privsep/migrate/migrate.h"

namespace {

constexpr const char* kUsage =
    "usage: mcpbox-migrate --database CONNINFO [--working-role ROLE] [--maintain]\n";
constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

}  // namespace

int main(int argc, char** argv) {
  std::string conninfo, working_role;
  bool maintain = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (i + 1 < argc && option == "--database") {
      conninfo = argv[++i];
    } else if (i + 1 < argc && option == "--working-role") {
      working_role = argv[++i];
    } else if (option == "--maintain") {
      maintain = true;
    } else {
      std::fputs(kUsage, stderr);
      return kWrongUse;
    }
  }
  if (conninfo.empty()) {
    std::fputs(kUsage, stderr);
    return kWrongUse;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const mcpbox::base::Log log("migrate");
  mcpbox::migrate::Migration migration(conninfo, working_role, log);
  return (maintain ? migration.maintain() : migration.run()) ? 0 : kFailed;
}
