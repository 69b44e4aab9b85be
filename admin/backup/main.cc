// mcpbox-backup: makes, checks and restores encrypted backups; `mcpboxctl backup` starts it.  Run by root, or
// by the owner of a trial: it reads keys and dumps the database.  Trusts its command line; a backup that it
// reads may be anybody's.
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include "admin/backup/options.h"
#include "privsep/base/visible.h"

namespace {

using namespace mcpbox;

constexpr const char* kUsage =
    "usage: mcpbox-backup create [FOLDER] [--keep N] [--state DIR | --config FILE] [LOCK]\n"
    "       mcpbox-backup verify FILE [--drill [--scratch DIR]] [OPEN]\n"
    "       mcpbox-backup restore FILE --into STATE [OPEN]\n"
    "       mcpbox-backup list [FOLDER]\n"
    "       mcpbox-backup keygen FILE\n"
    "  LOCK  --passphrase-file FILE | --recipient KEY | --locks DIR; else a passphrase is typed\n"
    "  OPEN  --passphrase-file FILE | --identity FILE; else a passphrase is typed\n";

struct Row {
  std::string_view name;
  backup::Outcome<void> (*run)(const backup::Options&);
};
constexpr Row kRows[] = {{"create", backup::create},
                         {"verify", backup::verify},
                         {"restore", backup::restore},
                         {"list", backup::list},
                         {"keygen", backup::keygen}};

int complain(const std::string& sentence, backup::Exit exit) {
  std::fprintf(stderr, "mcpbox-backup: %s\n", base::visible(sentence).c_str());
  if (exit == backup::Exit::kUsage) std::fputs(kUsage, stderr);
  return static_cast<int>(exit);
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_DUMPABLE, 0);  // it holds keys: no core, and no tracer of the same user
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGPIPE, SIG_IGN);
  if (::sodium_init() < 0) return complain("libsodium does not start", backup::Exit::kRefused);
  const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto options = backup::parse_options(arguments);
  if (!options) return complain(options.error(), backup::Exit::kUsage);
  for (const Row& row : kRows)
    if (row.name == options->command)
      if (const auto done = row.run(*options); !done) return complain(done.error(), backup::Exit::kRefused);
  return 0;
}
