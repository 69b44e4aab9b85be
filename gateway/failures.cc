// Runs in the gateway of the tunnel.  The address is the Worker's word, or a liar's: it slows guessing, no
// more.
#include "gateway/failures.h"

namespace mcpbox::gateway {

bool Failures::too_many(const std::string& address) {
  const auto found = windows_.find(address);
  if (found == windows_.end()) return false;
  if (clock_.steady_ms() - found->second.began_ms < kWindowMs) return found->second.failures >= kMost;
  windows_.erase(found);
  return false;
}

void Failures::count(const std::string& address) {
  if (windows_.size() >= kMostAddresses && !windows_.contains(address)) windows_.clear();
  const auto [found, first] = windows_.try_emplace(address, Window{.began_ms = clock_.steady_ms()});
  static_cast<void>(first);
  ++found->second.failures;
}

}  // namespace mcpbox::gateway
