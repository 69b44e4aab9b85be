// Events that may come without end, in the audit chain at most once a minute for each kind and source.
//
// The first of a kind is recorded at once, with number 1.  Those that follow within limits::kRepeatMs are
// counted, and recorded together when that time is over, with their count as the number.  So an attacker who
// is refused a thousand times a second costs one record a minute, and the log still says a thousand.
#pragma once

#include <map>
#include <tuple>

#include "privsep/base/log.h"
#include "privsep/loop/loop.h"
#include "privsep/loop/task_set.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

class Repeats {
 public:
  Repeats(loop::Loop& loop, Store& store, const base::Log& log)
      : store_(store), log_(log), timer_(loop, [this] { end_minute(); }) {}

  // `number` is set here.  Nobody waits for the record: what it is about has no effect.
  void note(AuditRecord record);

  // Records what has been counted so far; ends when that is durable, or cannot be.
  loop::Task<> settle();

 private:
  using Source = std::tuple<AuditKind, std::string, std::string, wire::Id, std::string>;
  struct Counted {
    AuditRecord record;
    std::int64_t since_last = 0;
  };

  void end_minute();
  loop::Task<> write(AuditRecord record);

  Store& store_;
  const base::Log& log_;
  loop::Timer timer_;
  bool counting_ = false;
  std::map<Source, Counted> counted_;
  loop::TaskSet tasks_;  // last: its tasks use everything above
};

}  // namespace mcpbox::monitor
