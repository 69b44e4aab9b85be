// Mcp-Param-NAME: arguments that a tool's schema wants repeated in headers (`x-mcp-header`), so that what
// stands before a server can route by them.  A header that says something else than the body is how such a
// thing is fooled. 2026-07-28 basic/transports/streamable-http, "Custom Headers from Tool Parameters".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/using_http.h"
#include "privsep/http/headers.h"
#include "privsep/http/json.h"

namespace mcpbox::gateway {

// One annotated parameter.
struct ParamHeader {
  std::string header;             // "Region": the header is Mcp-Param-Region
  std::vector<std::string> path;  // from the arguments: {"target", "region"}
};

// The annotated parameters of a schema (JSON text): strings, integers and booleans that `properties` alone
// lead to. None at all when an annotation breaks the rules: clients drop such a tool, and nobody sends its
// headers.
[[nodiscard]] std::vector<ParamHeader> param_headers(std::string_view schema);

// What is wrong with the headers of a call with these arguments (null: none); nothing when they say the same.
[[nodiscard]] std::optional<std::string> header_problem(const std::vector<ParamHeader>& wanted,
                                                        const Headers& headers, const json_t* arguments);

// What is known of the published tools, by server.  Forgotten when the monitor says that they changed.
class ParamHeaders {
 public:
  using Tools =
      std::map<std::string, std::vector<ParamHeader>, std::less<>>;  // those with annotations, by name
  // Null: not known.
  [[nodiscard]] const Tools* find(const std::string& server) const;
  // `age`: what age() was before the tools were asked for.  Ignored when they changed since.
  void keep(const std::string& server, Tools tools, std::uint64_t age);
  [[nodiscard]] std::uint64_t age() const { return age_; }
  void forget() {
    ++age_;
    servers_.clear();
  }

 private:
  std::map<std::string, Tools> servers_;
  std::uint64_t age_ = 0;
};

}  // namespace mcpbox::gateway
