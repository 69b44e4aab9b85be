// Mirrors privsep/monitor/denials.cc.
#include "privsep/monitor/denials.h"

#include "privsep/monitor/sql_denials.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

class DenialsTest : public MonitorTest {
 protected:
  void note(const std::string& host, std::uint16_t port, const wire::Id& tool = {2}) {
    monitor.denials.note(tool, server_id, host, port, ++now_);
  }
  [[nodiscard]] std::string param(std::size_t row, std::size_t at) const {
    return store.texts.at(row).params.at(at).bytes;
  }
  std::int64_t now_ = 5'000;
};

TEST_F(DenialsTest, RepetitionsAreOneRowWithACount) {
  note("nas.lan", 443);
  note("nas.lan", 443);
  note("nas.lan", 80);
  note("nas.lan", 443, {3});
  EXPECT_TRUE(store.texts.empty()) << "gathered first";
  until([this] { return store.texts.size() == 3; });
  EXPECT_STREQ(store.texts[0].sql->name, "put_denial");
  EXPECT_EQ(param(0, 2) + ":" + param(0, 3) + " " + param(0, 4), "nas.lan:80 1");
  EXPECT_EQ(param(1, 2) + ":" + param(1, 3) + " " + param(1, 4), "nas.lan:443 2");
  EXPECT_EQ(param(1, 5), "5002") << "the last time";
  note("nas.lan", 443);
  monitor.denials.write();
  ASSERT_EQ(store.texts.size(), 4U);
  EXPECT_EQ(param(3, 4), "1") << "what was written is not counted again";
}

TEST_F(DenialsTest, AToolThatTriesEverythingCostsSoMuchAndNoMore) {
  for (std::uint32_t i = 0; i < 3 * policy::limits::kDenialsWaiting; ++i) note("h" + std::to_string(i), 443);
  note("h0", 443);
  note("", 443);
  note("x", 0);
  monitor.denials.write();
  EXPECT_EQ(store.texts.size(), policy::limits::kDenialsWaiting);
}

TEST_F(DenialsTest, ASuggestionGrantsNothing) {
  note("nas.lan", 443);
  monitor.denials.write();
  EXPECT_EQ(monitor.grants.count(), 0U);
  EXPECT_EQ(monitor.grants.for_host(server_id, "nas.lan", 443), nullptr);
}

}  // namespace
}  // namespace mcpbox::monitor
