// The named reads: which statement answers which question.  What comes back is passed on unread.
#pragma once

#include "privsep/loop/task.h"
#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::monitor {

class Catalogue;
class Monitor;

Statement statement_of(const protocol::Read& question);
Statement statement_of(Catalogue& catalogue, const protocol::AdminRead& question, std::int64_t now_ms);
// caller: whose calls; empty for everybody's.
Statement statement_of(const protocol::ReadLogs& question, const std::string& caller);

// The one column of the one row; kNotFound when there is none.
loop::Task<protocol::JsonText> read_json(Monitor& m, Statement statement);

}  // namespace mcpbox::monitor
