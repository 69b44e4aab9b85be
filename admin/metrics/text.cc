// Runs in mcpboxctl and in admin.  Trusts the monitor for numbers; labels are escaped all the same.
#include "admin/metrics/text.h"

#include <array>
#include <cstdio>

#include "privsep/base/visible.h"
#include "privsep/protocol/metric_table.h"

namespace mcpbox::metrics {
namespace {

using protocol::MetricRow;
using protocol::MetricType;

std::string_view type_text(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::string label_text(std::string_view value) {
  std::string out;
  for (const char c : base::visible(value)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string seconds(std::uint64_t milliseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%llu.%03llu", static_cast<unsigned long long>(milliseconds / 1000),
                static_cast<unsigned long long>(milliseconds % 1000));
  return text.data();
}

void add_head(std::string& out, const MetricRow& row) {
  out.append("# HELP ").append(row.name).append(" ").append(row.help).append("\n");
  out.append("# TYPE ").append(row.name).append(" ").append(type_text(row.type)).append("\n");
}

void add_sample(std::string& out, const MetricRow& row, const protocol::MetricSample& sample) {
  out.append(row.name);
  if (!row.label.empty())
    out.append("{").append(row.label).append("=\"").append(label_text(sample.label)).append("\"}");
  out.append(" ").append(std::to_string(sample.value)).append("\n");
}

// Buckets are sums in this format: each counts everything up to its bound.
void add_histogram(std::string& out, const MetricRow& row, const protocol::MetricHistogram& histogram) {
  const std::string name(row.name);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
    sum += histogram.buckets[i];
    const bool last = i + 1 == histogram.buckets.size();
    const std::string bound =
        last ? "+Inf" : seconds(static_cast<std::uint64_t>(protocol::kBucketBoundsMs[i]));
    out += name + "_bucket{le=\"" + bound + "\"} " + std::to_string(sum) + "\n";
  }
  out += name + "_sum " + seconds(histogram.sum_ms) + "\n" + name + "_count " + std::to_string(sum) + "\n";
}

std::string values_of(const protocol::Metrics& metrics, const MetricRow& row) {
  std::string values;
  for (const protocol::MetricHistogram& histogram : metrics.histograms)
    if (row.type == MetricType::kHistogram && histogram.metric == row.metric &&
        histogram.buckets.size() == std::size(protocol::kBucketBoundsMs) + 1)
      add_histogram(values, row, histogram);
  for (const protocol::MetricSample& sample : metrics.samples)
    if (row.type != MetricType::kHistogram && sample.metric == row.metric) add_sample(values, row, sample);
  return values;
}

}  // namespace

std::string text_of(const protocol::Metrics& metrics) {
  std::string out;
  for (const MetricRow& row : protocol::kMetrics) {
    const std::string values = values_of(metrics, row);
    if (values.empty()) continue;
    add_head(out, row);
    out += values;
  }
  return out;
}

}  // namespace mcpbox::metrics
