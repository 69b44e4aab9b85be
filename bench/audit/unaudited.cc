// Linked into mcpbox-unaudited-monitor instead of privsep/monitor/audit_written.cc: calls leave no record.
#include "privsep/monitor/audit_written.h"

namespace mcpbox::monitor {

bool is_written(AuditKind kind) { return kind != AuditKind::kCallIntent && kind != AuditKind::kCallOutcome; }

}  // namespace mcpbox::monitor
