// Stands in for mcpbox-migrate: connects as it would, says who the database thinks it is, and ends.
#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "privsep/base/handles.h"

namespace {
using Connection = std::unique_ptr<PGconn, mcpbox::base::FreeWith<PQfinish>>;
using Answer = std::unique_ptr<PGresult, mcpbox::base::FreeWith<PQclear>>;
}  // namespace

int main(int argc, char** argv) {
  const char* conninfo = argc > 2 ? argv[2] : "";
  const char* password = std::getenv("PGPASSWORD");
  std::fprintf(stderr, "migrate: words=%d password=%s\n", argc, password == nullptr ? "none" : password);
  if (std::strstr(conninfo, "mcpbox_owner") == nullptr)
    return std::strstr(conninfo, "refuse-me") == nullptr ? 0 : 3;
  const Connection connection(PQconnectdb(conninfo));
  const Answer answer(PQexec(connection.get(), "SELECT current_user"));
  if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
    std::fprintf(stderr, "migrate: %s\n", PQerrorMessage(connection.get()));
    return 1;
  }
  std::fprintf(stderr, "migrate: connected as %s\n", PQgetvalue(answer.get(), 0, 0));
  return 0;
}
