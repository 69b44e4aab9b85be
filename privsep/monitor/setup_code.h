// The one-time code that makes the first admin.  It exists in memory only, is shown to whoever owns the
// instance, and is good for ten tries and a day.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

class SetupCode {
 public:
  // A new code of 80 random bits, "XXXX-XXXX-XXXX-XXXX"; the one before is void.
  std::string make(std::int64_t now_ms);
  // Is it this one?  Counts a try.  Case and hyphens do not matter.
  bool fits(std::string_view code, std::int64_t now_ms);
  void forget() { tries_left_ = 0; }

 private:
  wire::Digest hash_{};
  std::int64_t until_ms_ = 0;
  std::uint32_t tries_left_ = 0;
};

}  // namespace mcpbox::monitor
