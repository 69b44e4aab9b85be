// What a reviewer is told about a tool beside what the approval binds.  Only the state, the digests and what
// it may reach come from the monitor's memory; the rest are aids, and decide nothing.
#pragma once

#include <cstdint>
#include <string>

#include "privsep/loop/task.h"
#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::monitor {

class Monitor;
struct Tool;

// kNotFound when there is no such tool, or no longer.
loop::Task<protocol::ToolDetail> detail_of(Monitor& m, wire::Id tool);

// What was known about it when somebody asked for its review; `sequence` is of the request's record.
Statement review_request_row(const protocol::ToolDetail& known, const std::string& by,
                             const std::string& notes, std::int64_t at_ms, std::uint64_t sequence);

}  // namespace mcpbox::monitor
