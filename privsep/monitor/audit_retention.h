// What is too old goes: segments of the audit chain, whole, and the readable text of calls.  The monitor
// decides, in the chain; mcpbox-migrate, which owns the tables and looks every minute, does.
// docs/audit-format.md, "Retention".
//
//   seal    signs the last record as the end of a segment; mcpbox-migrate closes the segment there
//   prune   records what may be dropped (`audit_prune`); mcpbox-migrate drops it
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "privsep/base/clock.h"
#include "privsep/base/log.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

class AuditRetention {
 public:
  AuditRetention(Store& store, const Keys& keys, const base::Clock& clock, const base::Log& log)
      : store_(store), keys_(keys), clock_(clock), log_(log) {}

  // Seals, when a day has passed or enough was recorded since the last segment.
  loop::Task<> seal_when_due();
  // Seals now.  Signed from memory: the database cannot have anything signed that this monitor did not write.
  loop::Task<> seal();

  struct Prune {
    std::string actor;
    std::int64_t before_ms = 0;    // what is sealed and older may go
    std::uint64_t most_bytes = 0;  // so may what is sealed and beyond this size
    bool asked = false;            // recorded even when no segment goes: texts of calls do
  };
  //   returns  the first record that is left
  loop::Task<std::uint64_t> prune(Prune what);

 private:
  struct Last {
    std::uint64_t sequence = 0;
    std::int64_t at_ms = 0;
  };
  loop::Task<Last> last_segment();
  loop::Task<std::vector<audit::Checkpoint>> sealed_behind(std::uint64_t sequence);
  loop::Task<std::uint64_t> first_within(std::uint64_t most_bytes);

  Store& store_;
  const Keys& keys_;
  const base::Clock& clock_;
  const base::Log& log_;
};

}  // namespace mcpbox::monitor
