// Brings a database to the schema that this build needs, and gives the monitor's role its rights.
//
// Each file of the schema is applied once, in its own transaction, and recorded in mcpbox.schema_migrations
// with its SHA-256.  Everything happens under an advisory lock, so that two of us do not do it twice.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "privsep/base/handles.h"
#include "privsep/base/log.h"

namespace mcpbox::migrate {

inline constexpr int kConnectSeconds = 30;  // for the database to accept connections; then we give up
inline constexpr int kOldestServer = 130000;

class Migration {
 public:
  Migration(std::string conninfo, std::string working_role, const base::Log& log)
      : conninfo_(std::move(conninfo)), working_role_(std::move(working_role)), log_(log) {}

  // True when the schema is what this build needs, and the working role, when one was named, can use it.
  // Otherwise the log says what is wrong and what to do.
  bool run();

  // Beside a running monitor: closes the segments of the audit log that it has sealed, drops those that the
  // chain says may go, and deletes the readable text of calls that is older than that.  maintain.cc
  bool maintain();

 private:
  using Connection = std::unique_ptr<PGconn, base::FreeWith<PQfinish>>;
  using Result = std::unique_ptr<PGresult, base::FreeWith<PQclear>>;

  bool connect();
  bool prepare_session();
  bool apply_files();
  bool check_applied(int& last);
  bool ensure_role();
  bool grant();
  bool drop_texts();

  // One statement with text parameters; an empty pointer, and a line in the log, when it fails.
  Result ask(const std::string& sql, std::initializer_list<const char*> params = {});
  bool run_script(const char* sql);  // several statements, no parameters
  bool complain(const char* what, std::string says = "");

  std::string conninfo_;
  std::string working_role_;
  const base::Log& log_;
  Connection connection_;
};

}  // namespace mcpbox::migrate
