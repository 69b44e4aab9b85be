// How often each caller may ask: a bucket of tokens per principal, so that a burst is fine and a flood is
// not, and one caller's flood takes nothing from another.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "privsep/base/clock.h"

namespace mcpbox::gateway {

class Rates {
 public:
  explicit Rates(const base::Clock& clock) : clock_(clock) {}

  // Also the most that may come at once.
  void allow(std::uint32_t requests_per_minute) { per_minute_ = requests_per_minute; }

  // Counts one request of `who`.
  //   returns  nothing when it may be answered; else the whole seconds after which the next one may
  [[nodiscard]] std::optional<std::int64_t> take(const std::string& who);
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

  // Callers remembered; beyond: those whose bucket is full again are forgotten, which changes nothing for
  // them, and if there is none, everybody is.
  static constexpr std::size_t kMostCallers = 4096;

 private:
  struct Bucket {
    std::int64_t parts =
        0;  // of a request: 60,000 are one, so that a millisecond gives a whole number of them
    std::int64_t at_ms = 0;
  };
  [[nodiscard]] std::int64_t full() const { return std::int64_t{per_minute_} * kParts; }
  void refill(Bucket& bucket, std::int64_t now) const;
  void make_room(std::int64_t now);

  static constexpr std::int64_t kParts = 60'000;
  const base::Clock& clock_;
  std::uint32_t per_minute_ = 0;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace mcpbox::gateway
