// Runs in the gateways.  Trusts the monitor's names of callers; counts what they ask, whatever it is.
#include "gateway/rates.h"

#include <algorithm>

namespace mcpbox::gateway {

std::optional<std::int64_t> Rates::take(const std::string& who) {
  const std::int64_t now = clock_.steady_ms();
  if (buckets_.size() >= kMostCallers && !buckets_.contains(who)) make_room(now);
  const auto [at, is_new] = buckets_.try_emplace(who, Bucket{.parts = full(), .at_ms = now});
  Bucket& bucket = at->second;
  refill(bucket, now);
  if (bucket.parts >= kParts) {
    bucket.parts -= kParts;
    return std::nullopt;
  }
  if (per_minute_ == 0) return 60;
  const std::int64_t wait_ms = (kParts - bucket.parts + per_minute_ - 1) / per_minute_;
  return (wait_ms + 999) / 1000;
}

// per_minute_ parts a millisecond.
void Rates::refill(Bucket& bucket, std::int64_t now) const {
  const std::int64_t passed = std::clamp<std::int64_t>(now - bucket.at_ms, 0, kParts);
  bucket.parts = std::min(full(), bucket.parts + passed * per_minute_);
  bucket.at_ms = now;
}

void Rates::make_room(std::int64_t now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    Bucket bucket = entry.second;
    refill(bucket, now);
    return bucket.parts >= full();
  });
  if (buckets_.size() >= kMostCallers) buckets_.clear();
}

}  // namespace mcpbox::gateway
