// privsep/monitor/schema as it was when this binary was built.
#pragma once

#include <span>

namespace mcpbox::migrate {

struct SchemaFile {
  int number;          // 1, 2, ...: the order, without gaps
  const char* name;    // "0001_init.sql"
  const char* sha256;  // of the file, hexadecimal
  const char* sql;
};

[[nodiscard]] std::span<const SchemaFile> schema_files();
[[nodiscard]] const char* grants_sql();

}  // namespace mcpbox::migrate
