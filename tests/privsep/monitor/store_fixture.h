// A store on a real PostgreSQL, in a loop that runs as long as a task needs.
#pragma once

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/mman.h>

#include <filesystem>

#include "privsep/base/clock.h"
#include "privsep/base/fd.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/store_pg.h"
#include "tests/privsep/monitor/private_database.h"

namespace mcpbox::monitor {

inline constexpr std::int64_t kTestGuardMs =
    60'000;  // a task that never ends fails the test instead of hanging it

inline Keys keys_of(unsigned char fill) {
  const base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  const std::string bytes(32, static_cast<char>(fill));
  if (write(memory.get(), bytes.data(), bytes.size()) != 32 || lseek(memory.get(), 0, SEEK_SET) != 0) abort();
  return std::move(*Keys::from_fd(memory.get()));
}

// Runs the loop until the task has ended.
template <class T>
base::Result<T> wait(loop::Loop& loop, loop::Task<T> task) {
  base::Result<T> result = base::fail(base::Why::kTimeout, "the test's guard");
  loop::TaskSet tasks;
  bool ended = false;
  const auto watch = [&](loop::Task<T> inner) -> loop::Task<> {
    result = co_await attempt(std::move(inner));
    ended = true;
    loop.stop();
    co_return loop::Nothing{};
  };
  loop::Timer guard(loop, [&] { loop.stop(); });
  guard.start(kTestGuardMs);
  tasks.spawn(watch(std::move(task)));
  if (!ended) loop.run();
  return result;
}

// A new tool that says no more than it must.
inline Statement insert_tool(const wire::Id& id, const wire::Id& server, const std::string& name) {
  const Param none = Param::text("");
  return {.sql = &sql::kInsertTool,
          .params = {Param::uuid(id), Param::uuid(server), Param::null(), Param::text("tool"),
                     Param::text(name), none, Param::text("code"), Param::text("{}"), none, none, none, none,
                     none, Param::integer(1000), Param::text("[]"), Param::boolean(false),
                     Param::boolean(false), Param::boolean(true), Param::digest({})}};
}

class StoreTest : public testing::Test {
 public:
  // One server for the whole program: making one takes longer than most tests.
  static void SetUpTestSuite() {
    if (!server) server = std::make_unique<PrivateDatabase>();
  }
  static inline std::unique_ptr<PrivateDatabase> server;

  void SetUp() override { database = server->make(); }

  std::unique_ptr<StorePg> make_store(const std::string& conninfo = "") {
    return std::make_unique<StorePg>(
        loop, clock, keys, log, conninfo.empty() ? server->conninfo(database, "mcpbox_monitor") : conninfo,
        head.get());
  }
  std::unique_ptr<StorePg> started() {
    std::unique_ptr<StorePg> store = make_store();
    const base::Result<loop::Nothing> start = wait(loop, store->start());
    EXPECT_TRUE(start.has_value()) << start.error().text;
    return store;
  }
  std::string sql(const std::string& statement) const { return server->sql(statement, database); }
  // A single query through the store, as its rows.
  std::vector<std::vector<std::optional<std::string>>> rows(StorePg& store, const Sql& named,
                                                            std::vector<Param> params = {}) {
    Statement statement{.sql = &named, .params = std::move(params)};
    base::Result<Rows> answer = wait(loop, store.query(std::move(statement)));
    EXPECT_TRUE(answer.has_value()) << answer.error().text;
    return answer ? answer->rows : decltype(answer->rows){};
  }
  base::Result<std::uint64_t> append(StorePg& store, const std::string& action = "call") {
    AuditRecord record{.kind = AuditKind::kCallIntent, .actor = "unix:alice", .action = action};
    return wait(loop, store.append(std::move(record)));
  }
  base::Result<std::uint64_t> commit(StorePg& store, std::vector<Statement> statements) {
    AuditRecord record{.kind = AuditKind::kConfiguration, .actor = "root", .action = "change"};
    Store::MakeRows make = [statements](std::uint64_t) { return statements; };
    return wait(loop, store.commit(std::move(record), std::move(make)));
  }
  // Every stored record continues the one before it.
  void expect_whole_chain(std::uint64_t records) {
    EXPECT_EQ(sql("SELECT count(*) FROM audit"), std::to_string(records));
    EXPECT_EQ(
        sql("SELECT count(*) FROM audit a LEFT JOIN audit b ON b.sequence = a.sequence - 1 WHERE a.previous "
            "<> coalesce(b.hash, decode(repeat('00', 32), 'hex'))"),
        "0");
    EXPECT_EQ(sql("SELECT coalesce(max(sequence), 0) FROM audit"), std::to_string(records));
  }

  loop::Loop loop;
  base::SystemClock clock;
  base::Log log{"test"};
  Keys keys = keys_of(7);
  base::Fd head{memfd_create("audit.head", MFD_CLOEXEC)};
  std::string database;
};

}  // namespace mcpbox::monitor
