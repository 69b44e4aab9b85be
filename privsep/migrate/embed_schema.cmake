# Writes OUT, a C++ file with every numbered file of FOLDER in order, its SHA-256, and the grants.
file(GLOB numbered RELATIVE ${FOLDER} ${FOLDER}/[0-9]*.sql)
list(SORT numbered)
set(expected 1)
set(rows "")
foreach(name ${numbered})
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+\\.sql$")
    message(FATAL_ERROR "${name}: a migration is named NNNN_words.sql")
  endif()
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${name}: the next migration must have number ${expected}")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ ${FOLDER}/${name} text)
  file(SHA256 ${FOLDER}/${name} digest)
  string(APPEND rows "    {${number}, \"${name}\", \"${digest}\", R\"sql(${text})sql\"},\n")
endforeach()
file(READ ${FOLDER}/grants.sql grants)
file(WRITE ${OUT} "// Made from privsep/monitor/schema by embed_schema.cmake.
#include \"privsep/migrate/schema_files.h\"

namespace mcpbox::migrate {
namespace {
constexpr SchemaFile kFiles[] = {
${rows}};
}  // namespace

std::span<const SchemaFile> schema_files() { return kFiles; }
const char* grants_sql() { return R\"sql(${grants})sql\"; }

}  // namespace mcpbox::migrate
")
