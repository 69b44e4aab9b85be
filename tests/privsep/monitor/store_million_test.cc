// A million rows in the execution log: every page, filter, search and statistic within its time.  Takes
// minutes: `make test-long`.  Prints the table of plans and times.
#include <chrono>
#include <cstdio>

#include "privsep/monitor/sql_logs.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

constexpr int kRows = 1'000'000;
constexpr double kMostMs = 100;
constexpr std::int64_t kNewestMs = 1'800'000'000'000;

class StoreMillionTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    fill();
    store = started();
  }

  // Ten servers with ten tools each, five callers, one call in fifty failed; a row every 2.5 s, a month of
  // them.
  void fill() {
    sql("INSERT INTO servers (id, name, description, status) SELECT ('00000000-0000-0000-0000-' || "
        "lpad(s::text, 12, '0'))::uuid, 'server' || s, '', 'running' FROM generate_series(0, 9) s");
    sql("INSERT INTO tools (id, server_id, name, description, code, input_schema, parameters, timeout_ms, "
        "enabled, "
        "digest, current_version, approval_status) SELECT ('00000000-0000-0000-0001-' || lpad(t::text, 12, "
        "'0'))::uuid, ('00000000-0000-0000-0000-' || lpad((t / 10)::text, 12, '0'))::uuid, 'tool' || t % 10, "
        "'', '', "
        "'{}', '[]', 1, true, sha256('x'), 1, 'approved' FROM generate_series(0, 99) t");
    const std::string rows = std::to_string(kRows);
    sql("INSERT INTO executions (call_id, tool_id, server_id, server_name, tool_name, digest, version, "
        "caller, client, "
        "duration_ms, queue_ms, arguments, result, output, error, is_test, success, end_kind, started_at_ms) "
        "SELECT gen_random_uuid(), ('00000000-0000-0000-0001-' || lpad((i % 100)::text, 12, '0'))::uuid, "
        "('00000000-0000-0000-0000-' || lpad((i % 100 / 10)::text, 12, '0'))::uuid, 'server' || i % 100 / "
        "10, 'tool' || "
        "i % 10, sha256('x'), 1, 'unix:user' || i % 5, 'client/1', i % 900, i % 7, "
        "convert_to('{\"city\": \"town' || i % 5000 || '\", \"id\": ' || i || '}', 'UTF8'), "
        "convert_to('weather report number ' || i, 'UTF8'), NULL, CASE WHEN i % 50 = 0 THEN "
        "convert_to('connection refused by host' || i % 300, 'UTF8') END, false, i % 50 <> 0, CASE WHEN i % "
        "50 = 0 THEN "
        "'tool_error' ELSE 'ok' END, " +
        std::to_string(kNewestMs) + " - i * 2500::bigint FROM generate_series(1, " + rows + ") i");
    sql("VACUUM ANALYZE executions");
  }

  struct Question {
    const char* name;
    const Sql* read;
    std::vector<Param> params;
  };

  static std::vector<Param> logs(std::size_t filter, const Param& value, std::int64_t page = 1) {
    std::vector<Param> params{Param::null(), Param::null(),          Param::integer(50), Param::integer(page),
                              Param::null(), Param::null(),          Param::null(),      Param::null(),
                              Param::null(), Param::integer(100'000)};
    if (filter < params.size()) params[filter] = value;
    return params;
  }

  // The best of three, since the first one fills caches.
  double took_ms(const Question& question) {
    double best = 1e9;
    for (int run = 0; run < 3; ++run) {
      const auto began = std::chrono::steady_clock::now();
      EXPECT_EQ(rows(*store, *question.read, question.params).size(), 1U);
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
      best = std::min(best, took.count());
    }
    return best;
  }

  std::unique_ptr<StorePg> store;
};

TEST_F(StoreMillionTest, EveryPageFilterSearchAndStatisticIsWithinItsTime) {
  constexpr std::size_t kNoFilter = 99;
  const std::vector<Param> day{Param::integer(kNewestMs - 86'400'000LL), Param::integer(24),
                               Param::integer(100'000)};
  const std::vector<Param> month{Param::integer(0), Param::integer(720), Param::integer(100'000)};
  const Question questions[] = {
      {"the newest page", &sql::kLogs, logs(kNoFilter, {})},
      {"page 100", &sql::kLogs, logs(kNoFilter, {}, 100)},
      {"one caller", &sql::kLogs, logs(0, Param::text("unix:user3"))},
      {"one tool", &sql::kLogs, logs(1, Param::text("server4__tool7"))},
      {"one server", &sql::kLogs, logs(4, Param::text("server4"))},
      {"one end", &sql::kLogs, logs(5, Param::text("tool_error"))},
      {"failed", &sql::kLogs, logs(5, Param::text("failed"))},
      {"a rare word", &sql::kLogs, logs(6, Param::text("town4321"))},
      {"a phrase in few", &sql::kLogs, logs(6, Param::text("\"refused by host299\""))},
      {"a word in every row", &sql::kLogs, logs(6, Param::text("weather"))},
      {"since an hour", &sql::kLogs, logs(7, Param::integer(kNewestMs - 3'600'000))},
      {"until a week ago", &sql::kLogs, logs(8, Param::integer(kNewestMs - 604'800'000LL))},
      {"statistics of a day", &sql::kStats, day},
      {"statistics of a month", &sql::kStats, month},
  };
  for (const Question& question : questions) {
    const double ms = took_ms(question);
    std::printf("| %-22s | %7.1f ms |\n", question.name, ms);
    EXPECT_LT(ms, kMostMs) << question.name;
  }
}

}  // namespace
}  // namespace mcpbox::monitor
