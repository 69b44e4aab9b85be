// Time comes from a clock that is passed in, so that a test can hold it still.
#pragma once

#include <chrono>
#include <cstdint>

namespace mcpbox::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970, for records that people read.  May step.
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;
  // Milliseconds since an arbitrary start, for deadlines.  Never steps back.
  [[nodiscard]] virtual std::int64_t steady_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  [[nodiscard]] std::int64_t steady_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace mcpbox::base
