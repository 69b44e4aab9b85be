// Whose proofs fail too often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "privsep/base/clock.h"

namespace mcpbox::gateway {

// Failures by the address that the Worker says it was asked from: whoever guesses waits.
class Failures {
 public:
  explicit Failures(const base::Clock& clock) : clock_(clock) {}
  [[nodiscard]] bool too_many(const std::string& address);
  void count(const std::string& address);

  static constexpr int kMost = 10;  // in a minute; beyond: 429
  static constexpr std::int64_t kWindowMs = 60'000;
  static constexpr std::size_t kMostAddresses = 4096;  // beyond: the window begins anew for everybody

 private:
  struct Window {
    std::int64_t began_ms = 0;
    int failures = 0;
  };
  const base::Clock& clock_;
  std::map<std::string, Window> windows_;
};

}  // namespace mcpbox::gateway
