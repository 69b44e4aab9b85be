// Mirrors admin/metrics/text.cc.  Where promtool is installed (Debian: prometheus), it has the last word.
#include "admin/metrics/text.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "privsep/protocol/metric_table.h"

namespace mcpbox::metrics {
namespace {

using protocol::Metric;

// Every metric of the table, with values.
protocol::Metrics everything() {
  protocol::Metrics metrics;
  for (const protocol::MetricRow& row : protocol::kMetrics) {
    if (row.type == protocol::MetricType::kHistogram) {
      protocol::MetricHistogram histogram{.metric = row.metric, .buckets = {}, .sum_ms = 1'234'567};
      for (std::size_t i = 0; i <= std::size(protocol::kBucketBoundsMs); ++i) histogram.buckets.push_back(i);
      metrics.histograms.push_back(histogram);
    } else {
      metrics.samples.push_back({.metric = row.metric, .label = row.label.empty() ? "" : "a", .value = 7});
      if (!row.label.empty()) metrics.samples.push_back({.metric = row.metric, .label = "b", .value = 8});
    }
  }
  return metrics;
}

TEST(MetricsText, HasHelpTypeAndValueOfEveryMetric) {
  const std::string text = text_of(everything());
  for (const protocol::MetricRow& row : protocol::kMetrics) {
    EXPECT_NE(text.find("# HELP " + std::string(row.name) + " "), std::string::npos) << row.name;
    EXPECT_NE(text.find("\n" + std::string(row.name)), std::string::npos) << row.name;
  }
  EXPECT_NE(text.find("mcpbox_calls_total{end=\"b\"} 8\n"), std::string::npos) << text;
}

TEST(MetricsText, AHistogramsBucketsAreSumsInSeconds) {
  const std::string text = text_of(everything());
  EXPECT_NE(text.find("mcpbox_call_duration_seconds_bucket{le=\"0.001\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mcpbox_call_duration_seconds_bucket{le=\"0.005\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mcpbox_call_duration_seconds_sum 1234.567\n"), std::string::npos) << text;
}

TEST(MetricsText, ALabelCannotAddALine) {
  protocol::Metrics metrics;
  metrics.samples.push_back({.metric = Metric::kCalls, .label = "a\"} 1\nevil_total 9\n", .value = 1});
  const std::string text = text_of(metrics);
  EXPECT_EQ(text.find("\nevil"), std::string::npos) << text;
  EXPECT_NE(text.find("a\\\"}"), std::string::npos) << text;
}

TEST(MetricsText, AHistogramOfAnotherFormIsLeftOut) {
  protocol::Metrics metrics;
  protocol::MetricHistogram odd{.metric = Metric::kCallDuration, .buckets = {}, .sum_ms = 1};
  odd.buckets.push_back(1);
  metrics.histograms.push_back(odd);
  EXPECT_EQ(text_of(metrics), "");
}

TEST(MetricsText, PromtoolAcceptsIt) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  std::FILE* promtool = popen("promtool check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = text_of(everything());
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(pclose(promtool), 0);
}

}  // namespace
}  // namespace mcpbox::metrics
