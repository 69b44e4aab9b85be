// Runs in admin.  Trusts nothing: keys are a client's, so there are only so many of them.
#include "admin/rates.h"

#include <algorithm>
#include <cmath>

#include "policy/limits.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
constexpr double kPerMs = limits::kAdminRequestsPerMinute / 60'000.0;
constexpr std::size_t kMostAddresses = 4096;  // beyond: all begin anew; a flood of addresses is no person

}  // namespace

std::uint32_t Rates::take(Bucket& bucket, std::int64_t now_ms) {
  const double most = limits::kAdminRequestsPerMinute;
  const auto passed = static_cast<double>(now_ms - bucket.at_ms);
  bucket.left = bucket.fresh ? most : std::min(most, bucket.left + passed * kPerMs);
  bucket.fresh = false;
  bucket.at_ms = now_ms;
  if (bucket.left < 1) return static_cast<std::uint32_t>(std::ceil((1 - bucket.left) / kPerMs / 1000));
  bucket.left -= 1;
  return 0;
}

std::uint32_t Rates::charge(const std::string& session, const std::string& address, std::int64_t now_ms) {
  if (const auto known = sessions_.find(session); known != sessions_.end())
    return take(known->second, now_ms);
  if (addresses_.size() >= kMostAddresses && !addresses_.contains(address)) addresses_.clear();
  return take(addresses_[address], now_ms);
}

void Rates::learn(const std::string& session) {
  if (sessions_.size() >= std::size_t{2} * limits::kAdminSessions && !sessions_.contains(session))
    sessions_.clear();
  sessions_.try_emplace(session);
}

void Rates::forget(const std::string& session) { sessions_.erase(session); }

}  // namespace mcpbox::admin
