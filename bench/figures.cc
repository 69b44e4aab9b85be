// Linked into every benchmark.
#include "bench/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace mcpbox::bench {

void give_up(const char* literal, int sys_errno) {
  std::fprintf(stderr, "bench: %s (errno %d)\n", literal, sys_errno);
  std::exit(EXIT_FAILURE);
}

double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double Samples::quantile(double part) const {
  if (values_.empty()) give_up("nothing was measured");
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(at));
  const auto above = static_cast<std::size_t>(std::ceil(at));
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

void print(const char* name, const Samples& samples, const char* unit) {
  std::printf(R"({"name": "%s", "value": %.6g, "unit": "%s", "runs": %zu, "spread": %.3g})"
              "\n",
              name, samples.median(), unit, samples.count(), samples.spread());
  std::fflush(stdout);
}

}  // namespace mcpbox::bench
