// A request as the gateway takes it apart: header lines, an empty line, a body.  Whatever comes, the answer
// is well-formed JSON that carries the request's own id.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/era.h"
#include "gateway/guard.h"
#include "gateway/jsonrpc.h"
#include "gateway/param_headers.h"
#include "privsep/http/json_check.h"
#include "privsep/http/redact.h"
#include "tests/fuzz/require.h"

namespace {

using namespace mcpbox;
using namespace mcpbox::gateway;
using fuzz::require;

constexpr std::string_view kSchema =
    R"({"properties":{"region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"N"}}})";

RequestHead head_of(std::string_view lines) {
  RequestHead head{.method = http::Method::kPost, .path = "/mcp"};
  head.bytes = lines.size();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t colon = std::min(line.find(':'), line.size());
    head.headers.add(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  return head;
}

void check_answer(const RpcError& error) {
  const std::string body = error_body(error);
  require(check_json(body) == JsonKind::kObject);
  require(find_member(body, "id") == std::string_view(error.id));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find("\n\n"), text.size());
  const RequestHead head = head_of(text.substr(0, end));
  const std::string_view body = text.substr(std::min(end + 2, text.size()));
  static const HostRules hosts({"127.0.0.1:8000", "[::1]:8000"});
  if (const auto passed = check_head(head, hosts); !passed) require(passed.error().status >= 400);
  (void)is_json_type(head.headers.find("Content-Type").value_or(""));
  (void)accepts(head.headers.joined("Accept"), "text/event-stream");
  const auto message = parse_message(body);
  if (!message) {
    check_answer(message.error());
    return 0;
  }
  require(message->id.empty() || check_json(message->id).has_value());
  require((message->kind == MessageKind::kNotification) == message->id.empty());
  const auto era = decide_era(head.headers, *message);
  if (!era) check_answer(era.error());
  if (const auto session = head.headers.find("MCP-Protocol-Version")) (void)is_legacy_version(*session);
  const std::string_view asked = text_of(message->param("protocolVersion"));
  require(is_legacy_version(negotiate(asked)));
  const json_t* arguments = message->param("arguments");
  require(check_json(redacted(arguments)).has_value());
  static const std::vector<ParamHeader> wanted = param_headers(kSchema);
  (void)header_problem(wanted, head.headers, arguments);
  return 0;
}
