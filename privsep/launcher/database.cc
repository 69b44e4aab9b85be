// Run by the launcher (root).  Trusts the database with its own rows only; the one file of its that is read
// here is opened so that a stolen database cannot make it a link, a pipe or large.
#include "privsep/launcher/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "policy/database_url.h"

#include "policy/oom_order.h"

namespace mcpbox::launcher {
namespace {

struct Setting {
  const char* assignment;
  const char* why;
};
// clang-format off
constexpr Setting kSettings[] = {
    { "listen_addresses=",               "no network at all"                                                     },
    { "unix_socket_permissions=0777",    "pg_hba.conf asks the kernel who it is; as root the folder is ours"     },
    { "shared_buffers=32MB",             "the working set of a home server"                                      },
    { "max_connections=20",              "the monitor has two, a migration one; the rest is for an administrator" },
    { "superuser_reserved_connections=1", "no superuser can log in; the setting must be below max_connections"    },
    { "work_mem=4MB",                    "no query of ours sorts more"                                           },
    { "maintenance_work_mem=16MB",       "vacuum of small tables"                                                },
    { "max_wal_size=256MB",              "bounds the log of changes on disk"                                     },
    { "min_wal_size=32MB",               "and does not keep it when idle"                                        },
    { "wal_level=minimal",               "nothing replicates from here"                                          },
    { "max_wal_senders=0",               "as above"                                                              },
    { "max_worker_processes=2",          "no parallel queries: their start costs more than they save"            },
    { "max_parallel_workers_per_gather=0", "as above"                                                            },
    { "autovacuum_max_workers=1",        "one core is enough"                                                    },
    { "huge_pages=off",                  "32 MB do not need them"                                                },
    { "jit=off",                         "loads LLVM for queries that take microseconds"                         },
    { "ssl=off",                         "a Unix socket needs none"                                              },
    { "timezone=UTC",                    "times mean the same on every machine"                                  },
    { "log_timezone=UTC",                "as above"                                                              },
    { "logging_collector=off",           "its lines go to our log"                                               },
    { "log_line_prefix=%m postgres ",    "so that they can be told from ours"                                    },
    { "log_error_verbosity=terse",       "details of errors quote rows"                                          },
    { "log_min_error_statement=panic",   "statements may quote what tools were given"                            },
    { "log_checkpoints=off",             "not news"                                                              },
    { "max_logical_replication_workers=0", "as above"                                                           },
    { "shared_preload_libraries=",       "nothing is loaded into it"                                             },
};
// clang-format on

constexpr int kLockInDatabase = 3;

}  // namespace

std::vector<std::string> database_command(const View& view) {
  std::vector<std::string> command = {kPostgres, "-D", view.data};  // it looks for its folder in argv[0]
  const auto set = [&](std::string assignment) {
    command.emplace_back("-c");
    command.push_back(std::move(assignment));
  };
  set("unix_socket_directories=" + view.socket);
  set("hba_file=" + view.etc + "/pg_hba.conf");
  set("ident_file=" + view.etc + "/pg_ident.conf");
  for (const Setting& setting : kSettings) set(setting.assignment);
  return command;
}

base::Result<jail::Spawned> start_database(const View& view, const Member& who, int lock) {
  const std::vector<std::string> command = database_command(view);
  std::vector<const char*> argv;
  for (const std::string& word : command) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  const jail::DescriptorMove descriptors[] = {
      {STDERR_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}, {lock, kLockInDatabase}};
  return jail::spawn({.path = kPostgres,
                      .argv = argv.data(),
                      .uid = who.identity.uid,
                      .gid = who.identity.gid,
                      .descriptors = descriptors,
                      .parent_death_signal = SIGQUIT,  // its children end with it, unlike after SIGKILL
                      .oom_score_adj = policy::kOomDatabase});
}

bool database_is_ready(const View& view, pid_t pid) {
  const base::Fd file(
      open((view.data + "/postmaster.pid").c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return false;
  std::array<char, 1024> bytes{};
  const ssize_t length = read(file.get(), bytes.data(), bytes.size());
  if (length <= 0) return false;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(length));
  // The first line tells a file of this start from one that a killed database left behind.
  return text.starts_with(std::to_string(pid) + "\n") && text.find("\nready") != std::string_view::npos;
}

std::string embedded_conninfo(const View& view, std::string_view role) {
  return policy::conninfo_pair("host", view.socket) + " " + policy::conninfo_pair("dbname", "mcpbox") + " " +
         policy::conninfo_pair("user", role);
}

}  // namespace mcpbox::launcher
