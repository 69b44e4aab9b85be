// Run once before the monitor, under a uid of its own, as the database's owner.  Holds no key.  Trusts the
// SQL built into it; nothing from the database is ever put into a statement's text.
#include "privsep/migrate/migrate.h"

#include <chrono>
#include <thread>
#include <vector>

#include "privsep/migrate/schema_files.h"

namespace mcpbox::migrate {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

constexpr const char* kSession =
    "SET search_path = mcpbox, pg_temp; SET client_min_messages = warning; SET TimeZone = 'UTC';"
    "SET lock_timeout = '30s'; SET synchronous_commit = on";

constexpr const char* kBookkeeping =
    "CREATE SCHEMA IF NOT EXISTS mcpbox;"
    "CREATE TABLE IF NOT EXISTS mcpbox.schema_migrations ("
    "  number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,"
    "  applied_at timestamptz NOT NULL DEFAULT now())";

std::string value(const PGresult* result, int row, int column) { return PQgetvalue(result, row, column); }

}  // namespace

bool Migration::run() {
  if (!connect() || !prepare_session() || !apply_files()) return false;
  if (working_role_.empty()) {
    log_.warn("no second database role: the monitor's role owns the schema and could rewrite the audit log");
    return true;
  }
  return ensure_role() && grant();
}

bool Migration::complain(const char* what, std::string says) {
  log_.error(what, {{"says", says.empty() ? PQerrorMessage(connection_.get()) : std::move(says)}});
  return false;
}

Migration::Result Migration::ask(const std::string& sql, std::initializer_list<const char*> params) {
  Result result(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(params.size()), nullptr,
                             params.begin(), nullptr, nullptr, 0));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
  complain("the database refused a statement");
  return nullptr;
}

bool Migration::run_script(const char* sql) {
  const Result result(PQexec(connection_.get(), sql));
  const ExecStatusType status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

// A database that is only starting is waited for; one that refuses us is not.
bool Migration::connect() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kConnectSeconds);
  for (;;) {
    connection_.reset(PQconnectdb(conninfo_.c_str()));
    if (PQstatus(connection_.get()) == CONNECTION_OK) return true;
    const PGPing ping = PQping(conninfo_.c_str());
    const bool starting = ping == PQPING_REJECT || ping == PQPING_NO_RESPONSE;
    if (!starting || std::chrono::steady_clock::now() >= deadline)
      return complain("cannot connect to the database");
    std::this_thread::sleep_for(kPause);
  }
}

bool Migration::prepare_session() {
  if (PQserverVersion(connection_.get()) < kOldestServer)
    return complain("the database server is too old", "PostgreSQL 13 or newer is needed");
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    return complain("the database has the wrong encoding", "create it with ENCODING 'UTF8'");
  if (!run_script(kSession)) return complain("the database refused the session's settings");
  if (!ask("SELECT pg_advisory_lock(1296257122, 2)")) return complain("another migration holds the lock");
  if (!run_script(kBookkeeping))
    return complain("this role may not create the schema `mcpbox`: make it the database's owner");
  return true;
}

// Is what was applied what this build would have applied?
bool Migration::check_applied(int& last) {
  const Result applied = ask("SELECT number, name, sha256 FROM mcpbox.schema_migrations ORDER BY number");
  if (!applied) return false;
  const std::span<const SchemaFile> files = schema_files();
  for (int row = 0; row < PQntuples(applied.get()); ++row) {
    last = row + 1;
    const std::string name = value(applied.get(), row, 1);
    if (static_cast<std::size_t>(row) >= files.size())
      return complain("the database was migrated by a newer MCPbox: install that one", name);
    const SchemaFile& file = files[static_cast<std::size_t>(row)];
    if (value(applied.get(), row, 0) != std::to_string(file.number) ||
        value(applied.get(), row, 2) != file.sha256)
      return complain("an applied migration is not the one in this build", name);
  }
  return true;
}

bool Migration::apply_files() {
  int last = 0;
  if (!check_applied(last)) return false;
  for (const SchemaFile& file : schema_files().subspan(static_cast<std::size_t>(last))) {
    if (!ask("BEGIN")) return false;
    if (!run_script(file.sql)) return complain("a migration failed; nothing of it was kept");
    const std::string number = std::to_string(file.number);
    if (!ask("INSERT INTO mcpbox.schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
             {number.c_str(), file.name, file.sha256}))
      return false;
    if (!ask("COMMIT")) return false;
    log_.info("migration applied", {{"file", file.name}});
  }
  return true;
}

bool Migration::ensure_role() {
  const Result found = ask("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", {working_role_.c_str()});
  if (!found) return false;
  if (PQntuples(found.get()) == 1) return true;
  const std::unique_ptr<char, base::FreeWith<PQfreemem>> quoted(
      PQescapeIdentifier(connection_.get(), working_role_.c_str(), working_role_.size()));
  if (quoted == nullptr) return complain("the working role's name is not usable");
  const Result made(
      PQexec(connection_.get(), (std::string("CREATE ROLE ") + quoted.get() + " LOGIN").c_str()));
  if (PQresultStatus(made.get()) == PGRES_COMMAND_OK) return true;
  return complain(
      "the working role does not exist and this role may not create it: have an administrator create it",
      working_role_);
}

bool Migration::grant() {
  const Result same = ask("SELECT current_user = $1", {working_role_.c_str()});
  if (!same) return false;
  if (value(same.get(), 0, 0) == "t") {
    log_.warn("the working role is the owner: it could rewrite the audit log", {{"role", working_role_}});
    return true;
  }
  if (!ask("BEGIN") || !ask("SELECT set_config('mcpbox.working_role', $1, true)", {working_role_.c_str()}))
    return false;
  if (!run_script(grants_sql())) return complain("the working role's rights could not be set");
  return ask("COMMIT") != nullptr;
}

}  // namespace mcpbox::migrate
