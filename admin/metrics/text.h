// Prometheus text format 0.0.4 of what GetMetrics answers.  Pure.
#pragma once

#include <string>

#include "privsep/protocol/messages_metrics.h"

namespace mcpbox::metrics {

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

// Every metric of metric_table.h that has a value, with its help and type; a histogram in seconds.  What the
// table does not describe (a stolen monitor's) is left out.
[[nodiscard]] std::string text_of(const protocol::Metrics& metrics);

}  // namespace mcpbox::metrics
