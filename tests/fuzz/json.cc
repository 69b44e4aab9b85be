// JSON of anybody's: what the validator accepts is one value on one line that every parser reads alike.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/jsonrpc.h"
#include "gateway/using_http.h"
#include "privsep/http/json.h"
#include "privsep/http/json_check.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mcpbox;
  using namespace mcpbox::http;
  using fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto embedded = check_json(text, JsonUse::kEmbed);
  const auto read = check_json(text, JsonUse::kRead);
  if (embedded) {
    require(read == embedded);
    require(text.find_first_of("\r\n") == std::string_view::npos);
    // It may stand inside anything else.
    const std::string around = R"({"a":[)" + std::string(text) + "]}";
    require(check_json(around) == JsonKind::kObject || !check_json("[[" + std::string(text) + "]]"));
  }
  if (read == JsonKind::kObject)
    for (const char* name : {"id", "params", "_meta", ""})
      if (const auto member = find_member(text, name)) {
        require(member->data() >= text.data() && member->data() + member->size() <= text.data() + size);
        require(check_json(*member, JsonUse::kRead).has_value());
      }
  std::string why;
  const Json value = parse_value(text, &why);
  require(value != nullptr || !why.empty());
  if (value) {
    require(read.has_value());
    require(check_json(compact(value.get())).has_value());
  }
  if (!read) return 0;
  if (const auto id = gateway::id_text(text)) require(check_json(*id).has_value());
  return 0;
}
