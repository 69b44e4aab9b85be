// How many requests a session, or an address without one, may make: limits::kAdminRequestsPerMinute, refilled
// evenly.  A token counts as a session only once the monitor has said that it is one, so inventing tokens
// buys nobody another bucket.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace mcpbox::admin {

class Rates {
 public:
  // Seconds to wait; 0: go ahead, and one request is counted.
  std::uint32_t charge(const std::string& session, const std::string& address, std::int64_t now_ms);
  void learn(const std::string& session);
  void forget(const std::string& session);
  [[nodiscard]] std::size_t size() const { return addresses_.size() + sessions_.size(); }

 private:
  struct Bucket {
    double left = 0;
    std::int64_t at_ms = 0;
    bool fresh = true;
  };
  static std::uint32_t take(Bucket& bucket, std::int64_t now_ms);
  std::map<std::string, Bucket> addresses_;
  std::map<std::string, Bucket> sessions_;
};

}  // namespace mcpbox::admin
