// A million rows in the execution log and as many in the chain: every page, filter, search and statistic
// within its time.  Takes minutes: `make test-long`.  Prints the table of plans and times of
// docs/performance.md.
#include <chrono>
#include <cstdio>
#include <regex>
#include <set>

#include "privsep/monitor/sql_admin_logs.h"
#include "privsep/monitor/sql_logs.h"
#include "privsep/monitor/sql_reads.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

constexpr int kRows = 1'000'000;
constexpr double kMostMs = 100;
const std::int64_t kNewestMs = base::SystemClock().now_ms();

class StoreMillionTest : public StoreTest {
 protected:
  void SetUp() override {
    if (filled.empty()) {
      StoreTest::SetUp();
      filled = database;
      fill();
    }
    database = filled;
    store = started();
  }
  static inline std::string filled;  // made once: it takes minutes

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

  // As many records, two for each call, with names that the pages ask for.  Behind those of the store that
  // runs: nothing but the pages reads them.
  void fill_audit() {
    sql("INSERT INTO audit SELECT 1000 + i, " + std::to_string(kNewestMs) +
        " - (1000000 - i) * 2500::bigint, 1 + i % 2, 'unix:user1', CASE WHEN i % 1000 = 0 THEN 'approve' "
        "WHEN i % 2 = 0 "
        "THEN 'call' ELSE 'admitted' END, ('00000000-0000-0000-0001-' || lpad((i / 2 % 100)::text, 12, "
        "'0'))::uuid, "
        "('00000000-0000-0000-0002-' || lpad((i / 2)::text, 12, '0'))::uuid, sha256('x'), 0, 'payload', "
        "sha256('y'), "
        "sha256('z') FROM generate_series(1, " +
        std::to_string(kRows) + ") i");
    sql("VACUUM ANALYZE audit");
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

  // The parameters of kApiExecutions, with one filter.
  static std::vector<Param> calls(std::size_t filter, const Param& value, std::int64_t page = 1) {
    std::vector<Param> params{Param::text(""),    Param::null(),        Param::null(),
                              Param::text(""),    Param::text(""),      Param::null(),
                              Param::integer(20), Param::integer(page), Param::integer(100'000)};
    if (filter < params.size()) params[filter] = value;
    return params;
  }
  static std::vector<Param> chain(const char* action, const Param& about, std::int64_t page = 1) {
    return {Param::text(action), about, Param::integer(50), Param::integer(page), Param::integer(100'000)};
  }
  static Param id(const std::string& text) {
    wire::Id made{};
    std::string digits;
    for (const char c : text)
      if (c != '-') digits += c;
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = static_cast<unsigned char>(std::stoi(digits.substr(2 * i, 2), nullptr, 16));
    return Param::uuid(made);
  }

  static std::string literal(const Param& param) {
    if (param.type == Param::Type::kNull) return "NULL";
    if (param.type == Param::Type::kUuid) return "'" + audit::hex(param.bytes) + "'::uuid";
    std::string quoted = "'";
    for (const char c : param.bytes) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
  }

  // The indexes that the question is answered with, as the reader would plan it, and what is read without
  // one.
  std::string plan_of(const Question& question) {
    std::string values;
    for (const Param& param : question.params) values += (values.empty() ? "" : ", ") + literal(param);
    const std::string plan =
        sql("SET plan_cache_mode = force_custom_plan; SET work_mem = '16MB'; PREPARE q AS " +
            std::string(question.read->text) + "; EXPLAIN (FORMAT JSON) EXECUTE q(" + values + ")");
    std::set<std::string> used;
    const std::regex index("\"Index Name\": \"([a-z0-9_]+)\"");
    for (std::sregex_iterator at(plan.begin(), plan.end(), index), end; at != end; ++at)
      used.insert((*at)[1].str());
    // Where nearly every row fits, the first rows of the table are as good as any: the count stops at its
    // bound.
    const std::regex rows("\"Seq Scan\"[^{}]*\"Relation Name\": \"((?:executions|audit)[a-z0-9_]*)\"");
    for (std::sregex_iterator at(plan.begin(), plan.end(), rows), end; at != end; ++at)
      used.insert("(" + (*at)[1].str() + ", row by row)");
    std::string names;
    for (const std::string& name : used) names += (names.empty() ? "" : ", ") + name;
    return names;
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

// A total is exact up to 100,000 rows, and then says that there are more.
TEST_F(StoreMillionTest, TotalsAreExactToTheirBoundAndThenMarked) {
  const auto total = [this](std::size_t filter, const Param& value) {
    const std::string json = *rows(*store, sql::kLogs, logs(filter, value)).at(0).at(0);
    const std::size_t at = json.find("\"total\"");
    return json.substr(at, json.find("\"page\"", at) - at);
  };
  EXPECT_EQ(total(1, Param::text("server4__tool7")), "\"total\" : 10000, \"capped\" : false, ");
  EXPECT_EQ(total(4, Param::text("server4")), "\"total\" : 100000, \"capped\" : false, ");
  EXPECT_EQ(total(0, Param::text("unix:user3")), "\"total\" : 100000, \"capped\" : true, ");
}

TEST_F(StoreMillionTest, EveryPageFilterSearchAndStatisticIsWithinItsTime) {
  fill_audit();
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
      {"web: the newest page", &sql::kApiExecutions, calls(kNoFilter, {})},
      {"web: page 100", &sql::kApiExecutions, calls(kNoFilter, {}, 100)},
      {"web: a part of one name", &sql::kApiExecutions, calls(0, Param::text("r4__tool7"))},
      {"web: a part of every name", &sql::kApiExecutions, calls(0, Param::text("TOOL"))},
      {"web: a part of every name, page 50", &sql::kApiExecutions, calls(0, Param::text("tool"), 50)},
      {"web: a part of no name", &sql::kApiExecutions, calls(0, Param::text("nothing"))},
      {"web: one server", &sql::kApiExecutions, calls(1, id("00000000-0000-0000-0000-000000000004"))},
      {"web: one tool", &sql::kApiExecutions, calls(2, id("00000000-0000-0000-0001-000000000047"))},
      {"web: succeeded", &sql::kApiExecutions, calls(3, Param::text("success"))},
      {"web: failed", &sql::kApiExecutions, calls(3, Param::text("failed"))},
      {"web: tests", &sql::kApiExecutions, calls(3, Param::text("test"))},
      {"web: one caller", &sql::kApiExecutions, calls(4, Param::text("unix:user3"))},
      {"web: a rare word", &sql::kApiExecutions, calls(5, Param::text("town4321"))},
      {"web: a word in every row", &sql::kApiExecutions, calls(5, Param::text("weather"))},
      {"web: dashboard of a day",
       &sql::kApiDashboard,
       {Param::integer(86'400), Param::integer(48), Param::integer(100'000)}},
      {"web: dashboard of a week",
       &sql::kApiDashboard,
       {Param::integer(604'800), Param::integer(48), Param::integer(100'000)}},
      {"MCP: one tool's calls",
       &sql::kGetToolLogs,
       {id("00000000-0000-0000-0001-000000000047"), Param::integer(20), Param::integer(1)}},
      {"chain: the newest page", &sql::kApiAudit, chain("", Param::null())},
      {"chain: page 1000", &sql::kApiAudit, chain("", Param::null(), 1000)},
      {"chain: one action", &sql::kApiAudit, chain("call", Param::null())},
      {"chain: a rare action", &sql::kApiAudit, chain("approve", Param::null())},
      {"chain: one subject", &sql::kApiAudit, chain("", id("00000000-0000-0000-0001-000000000047"))},
      {"chain: one call", &sql::kApiAudit, chain("", id("00000000-0000-0000-0002-000000004711"))},
      {"chain: news", &sql::kApiActivity, {Param::integer(-1), Param::integer(100)}},
      {"statistics of a day", &sql::kStats, day},
      {"statistics of a month", &sql::kStats, month},
  };
  for (const Question& question : questions) {
    const double ms = took_ms(question);
    const std::string plan = plan_of(question);
    std::printf("| %s | %.1f ms | %s |\n", question.name, ms, plan.c_str());
    EXPECT_LT(ms, kMostMs) << question.name;
  }
}

}  // namespace
}  // namespace mcpbox::monitor
