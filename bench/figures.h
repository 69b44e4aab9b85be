// What every benchmark measures with and prints.  A benchmark that cannot measure ends with a message: a
// figure that is missing must not look like one that is good.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "privsep/base/error.h"

namespace mcpbox::bench {

// "bench: LITERAL (errno N)" on standard error, and exit status 1.
[[noreturn]] void give_up(const char* literal, int sys_errno = 0);

template <class T>
T need(base::Result<T> result) {
  if (!result) give_up(result.error().text, result.error().sys_errno);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

[[nodiscard]] double now_us();

// Values of one kind.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] std::size_t count() const { return values_.size(); }
  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double spread() const { return (quantile(0.75) - quantile(0.25)) / 2; }
  [[nodiscard]] double largest() const { return quantile(1.0); }

 private:
  [[nodiscard]] double quantile(double part) const;

  std::vector<double> values_;
};

// One line for scripts/bench.sh: the median, and half the range between the quartiles.
void print(const char* name, const Samples& samples, const char* unit);

}  // namespace mcpbox::bench
