// Outside text on its way to a terminal: printable UTF-8 on one line, whatever came.
#include <cstddef>
#include <cstdint>

#include "privsep/base/visible.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mcpbox;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shown = base::visible(text);
  fuzz::require(base::is_utf8(shown) && shown.size() <= 8 * size);
  for (const char c : shown) fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  fuzz::require(base::visible(shown, base::Keep::kNewlines) == shown);
  return 0;
}
