// A PostgreSQL of a test program's own: made in a temporary folder, on a Unix socket there, gone at the end.
// Every test gets a database of its own, copied from one that mcpbox-migrate has prepared.
#pragma once

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace mcpbox::monitor {

// Runs a program to its end.
inline int run_program(const std::vector<std::string>& words, const std::string& log = "/dev/null") {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = -1;
  const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + words[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

class PrivateDatabase {
 public:
  PrivateDatabase() {
    std::string name = std::filesystem::temp_directory_path() / "mcpbox-test-database-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    if (geteuid() == 0) as_database_ = {"runuser", "-u", "postgres", "--"};
    if (geteuid() == 0 && run_program({"chown", "postgres:", folder_}) != 0)
      throw std::runtime_error("no account `postgres`");
    chmod(folder_.c_str(), 0755);
    must({kBin + "/initdb", "-D", data(), "-U", "postgres", "-A", "trust", "--encoding=UTF8",
          "--locale=C.UTF-8", "--no-sync", "--no-instructions"});
    must({kBin + "/pg_ctl", "-D", data(), "-w", "-l", folder_ + "/postgres.log", "-o",
          "-c listen_addresses= -c unix_socket_directories=" + folder_ +
              " -c fsync=off -c shared_buffers=16MB -c max_connections=40 -c autovacuum=off -c timezone=UTC",
          "start"});
    sql("CREATE ROLE mcpbox_owner LOGIN");
    sql("CREATE ROLE mcpbox_monitor LOGIN");
  }
  ~PrivateDatabase() {
    try {
      must({kBin + "/pg_ctl", "-D", data(), "-m", "immediate", "-w", "stop"});
    } catch (const std::runtime_error& why) {
      std::fprintf(stderr, "the test's database did not stop: %s\n", why.what());
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PrivateDatabase(const PrivateDatabase&) = delete;
  PrivateDatabase& operator=(const PrivateDatabase&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }

  // An empty database that mcpbox_owner owns.
  std::string make_empty() {
    const std::string name = next_name();
    sql("CREATE DATABASE " + name + " OWNER mcpbox_owner");
    return name;
  }
  // One with the schema and the grants.
  std::string make() {
    if (prepared_.empty()) {
      prepared_ = make_empty();
      if (migrate(prepared_) != 0)
        throw std::runtime_error("mcpbox-migrate failed: " + folder_ + "/migrate.log");
    }
    const std::string name = next_name();
    sql("CREATE DATABASE " + name + " TEMPLATE " + prepared_ + " OWNER mcpbox_owner");
    return name;
  }
  int migrate(const std::string& database, const std::string& role = "mcpbox_monitor") const {
    std::vector<std::string> words = {MCPBOX_MIGRATE, "--database", conninfo(database, "mcpbox_owner")};
    if (!role.empty()) words.insert(words.end(), {"--working-role", role});
    return run_program(words, folder_ + "/migrate.log");
  }
  // As the launcher runs it beside a monitor.
  int maintain(const std::string& database) const {
    return run_program({MCPBOX_MIGRATE, "--database", conninfo(database, "mcpbox_owner"), "--working-role",
                        "mcpbox_monitor", "--maintain"},
                       folder_ + "/migrate.log");
  }

  [[nodiscard]] std::string conninfo(const std::string& database, const std::string& role) const {
    return "host='" + folder_ + "' dbname='" + database + "' user='" + role + "'";
  }

  // One statement as the superuser; the first column of its first row, or "".
  std::string sql(const std::string& statement, const std::string& database = "postgres",
                  const std::string& role = "postgres") const {
    PGconn* connection = PQconnectdb((conninfo(database, role) + " options='-c search_path=mcpbox'").c_str());
    PGresult* result = PQexec(connection, statement.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const std::string problem = PQresultErrorMessage(result);
    std::string first;
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) first = PQgetvalue(result, 0, 0);
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(problem);
    return first;
  }

 private:
  static inline const std::string kBin = "/usr/lib/postgresql/15/bin";
  [[nodiscard]] std::string data() const { return folder_ + "/data"; }
  std::string next_name() { return "test" + std::to_string(++made_); }
  void must(const std::vector<std::string>& words) const {
    std::vector<std::string> all = as_database_;
    all.insert(all.end(), words.begin(), words.end());
    if (run_program(all, "/dev/null") != 0) throw std::runtime_error("failed: " + words[0]);
  }

  std::string folder_;
  std::vector<std::string> as_database_;
  std::string prepared_;
  int made_ = 0;
};

}  // namespace mcpbox::monitor
