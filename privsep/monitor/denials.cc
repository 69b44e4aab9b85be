// Runs in the monitor.  Hosts are what a tool wrote, in egress's one spelling: they are compared and kept,
// not read.
#include "privsep/monitor/denials.h"

#include "policy/limits.h"
#include "privsep/monitor/sql_denials.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

void Denials::note(const wire::Id& tool, const wire::Id& server, const std::string& host, std::uint16_t port,
                   std::int64_t now_ms) {
  const std::tuple key(tool, host, port);
  if (host.empty() || port == 0) return;
  if (counted_.size() >= limits::kDenialsWaiting && !counted_.contains(key)) return;
  if (counted_.empty()) timer_.start(limits::kDenialsWriteMs);
  Counted& counted = counted_[key];
  counted.server = server;
  ++counted.times;
  counted.last_ms = now_ms;
}

void Denials::write() {
  timer_.stop();
  for (const auto& [key, counted] : counted_) {
    const auto& [tool, host, port] = key;
    store_.write_text({.sql = &sql::kPutDenial,
                       .params = {Param::uuid(tool), Param::uuid(counted.server), Param::text(host),
                                  Param::integer(port), Param::integer(counted.times),
                                  Param::integer(counted.last_ms), Param::integer(limits::kDenialsPerTool)}});
  }
  counted_.clear();
}

}  // namespace mcpbox::monitor
