// An export to verify, as a monitor would have written it.
#pragma once

#include <cstdint>
#include <string>

#include "privsep/audit/export_file.h"

namespace mcpbox::bench {

struct MadeExport {
  std::string file;
  audit::PublicKey key{};
};

// Intents, and a checkpoint every thousand records.
[[nodiscard]] MadeExport make_export(std::uint64_t records);

}  // namespace mcpbox::bench
