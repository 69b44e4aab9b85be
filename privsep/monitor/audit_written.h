// Which records reach the chain: all of them.  A function of its own so that `make bench ONLY=audit` can link
// a monitor that records no call, and say what recording costs (bench/audit/unaudited.cc; never installed).
#pragma once

#include "privsep/monitor/audit_record.h"

namespace mcpbox::monitor {

[[nodiscard]] bool is_written(AuditKind kind);

}  // namespace mcpbox::monitor
