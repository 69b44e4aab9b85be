// A real Monitor with a fake store, a fake launcher and a fake zygote behind real links.
#pragma once

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <memory>

#include "privsep/audit/actions.h"
#include "privsep/monitor/dispatch.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

class StillClock final : public base::Clock {
 public:
  std::int64_t t = 1'000'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return t; }
};

class FakeStore final : public Store {
 public:
  bool broken = false;
  std::uint64_t sequence = 0;
  std::vector<AuditRecord> records;
  std::vector<std::string> statements;  // names, in order
  std::map<std::string, Rows> answers;  // by statement name
  std::vector<Statement> texts;

  loop::Task<Rows> query(Statement statement) override {
    if (broken) co_return base::fail(base::Why::kBroken, "the database is away");
    co_return answers[statement.sql->name];
  }
  loop::Task<std::uint64_t> append(AuditRecord record) override {
    expect_known(record);
    if (broken) co_return base::fail(base::Why::kBroken, "the database is away");
    records.push_back(std::move(record));
    co_return ++sequence;
  }
  loop::Task<std::uint64_t> commit(AuditRecord record, MakeRows rows) override {
    expect_known(record);
    if (broken) co_return base::fail(base::Why::kBroken, "the database is away");
    for (const Statement& statement : rows(sequence + 1)) statements.emplace_back(statement.sql->name);
    records.push_back(std::move(record));
    co_return ++sequence;
  }
  void write_text(Statement statement) override { texts.push_back(std::move(statement)); }
  [[nodiscard]] bool up() const override { return !broken; }
  [[nodiscard]] std::uint64_t audit_records() const override { return sequence; }
  [[nodiscard]] std::uint64_t trusted_from() const override { return first_trusted; }
  std::uint64_t first_trusted = 0;

  static void expect_known(const AuditRecord& record) {
    EXPECT_TRUE(audit::is_known_action(record.action))
        << record.action << " is not in privsep/audit/actions.h: add a row that says what it means";
  }

  [[nodiscard]] std::size_t count(AuditKind kind) const {
    std::size_t found = 0;
    for (const AuditRecord& record : records) found += record.kind == kind ? 1 : 0;
    return found;
  }
};

struct Pair {
  base::Fd ours, theirs;
};
inline Pair socket_pair(int type) {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
  return {base::Fd(fds[0]), base::Fd(fds[1])};
}

inline Keys test_keys() {
  EXPECT_GE(::sodium_init(), 0);
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe(fds), 0);
  const std::string bytes(32, 'k');
  EXPECT_EQ(::write(fds[1], bytes.data(), bytes.size()), 32);
  ::close(fds[1]);
  base::Result<Keys> keys = Keys::from_fd(fds[0]);
  EXPECT_TRUE(keys.has_value());
  return std::move(*keys);
}

// Refuses to start anything until the test says what starts.
class FakeLauncher final : public LauncherLink {
 public:
  explicit FakeLauncher(loop::Loop& loop)
      : LauncherLink(loop, socket_pair(SOCK_SEQPACKET).ours, {.ended = {}, .stop = [] {}}) {}
  std::function<base::Result<Spawned>(protocol::Role)> on_spawn;

  loop::Task<Spawned> spawn(protocol::Role role) override {
    if (!on_spawn) co_return base::fail(base::Why::kRefused, "the test starts nothing");
    base::Result<Spawned> spawned = on_spawn(role);
    co_return spawned;
  }
  std::function<base::Result<base::Fd>()> on_look;
  loop::Task<base::Fd> look_into(base::Fd /*pidfd*/) override {
    if (!on_look) co_return base::fail(base::Why::kRefused, "the test lets nobody look");
    base::Result<base::Fd> stat = on_look();
    co_return stat;
  }
};

class MonitorTest : public ::testing::Test {
 public:
  MonitorTest() {
    monitor.catalogue.put(Server{.id = server_id, .name = "srv", .running = true});
    Tool tool;
    tool.id = tool_id;
    tool.server = server_id;
    tool.name = "greet";
    tool.code = "async def main(): return 1";
    tool.input_schema = "{}";
    tool.timeout_ms = 30'000;
    monitor.catalogue.put(tool);
  }

  Tool& tool() { return *monitor.catalogue.find_tool(tool_id); }
  void approve_tool() {
    tool().approval = protocol::Approval::kApproved;
    tool().approved[digest_of_tool(tool())] = {.by = "root", .sequence = 1};
  }

  std::shared_ptr<Peer> peer(protocol::Role role, protocol::State state) {
    auto made = std::make_shared<Peer>();
    made->instance = monitor.next_instance();
    made->role = role;
    made->state = state;
    Pair pair = socket_pair(SOCK_STREAM);
    give_link(monitor, made, std::move(pair.ours), {});
    ends.push_back(std::move(pair.theirs));
    return made;
  }

  template <class Request>
  Verdict send(const std::shared_ptr<Peer>& from, Request request) {
    base::Result<wire::Frame> frame = wire::encode(request);
    EXPECT_TRUE(frame.has_value());
    frame->header.op = static_cast<std::uint16_t>(Request::kOp);
    frame->header.kind = wire::FrameKind::kRequest;
    frame->header.serial = 7;
    return dispatch(monitor, from, std::move(*frame));
  }

  // Runs a task to its end, with the loop if it needs it.
  template <class T>
  base::Result<T> finish(loop::Task<T> task) {
    std::optional<base::Result<T>> got;
    loop::TaskSet set;
    set.spawn(keep(std::move(task), got, event_loop));
    if (!got) event_loop.run();
    return std::move(*got);
  }

  // Runs the loop until `done`, which must come to pass.
  void until(const std::function<bool()>& done) {
    for (int tries = 0; tries < 2'000 && !done(); ++tries) {
      loop::Timer soon(event_loop, [this] { event_loop.stop(); });
      soon.start(5);
      event_loop.run();
    }
    EXPECT_TRUE(done());
  }

  wire::Id ticket_for(const std::shared_ptr<Peer>& gateway) {
    return monitor.tickets.issue(gateway->instance, {.who = "unix:alice", .uid = 1000});
  }

  const wire::Id server_id = {1};
  const wire::Id tool_id = {2};
  std::vector<base::Fd> ends;
  loop::Loop event_loop;
  StillClock clock;
  base::Log log{"test"};
  const Machine machine{.cores = 2, .memory_bytes = 64ULL * 1024 * policy::limits::kMiB};
  wire::MonitorSettings settings{.size = sizeof(wire::MonitorSettings), .admin_gid = 0xffffffff, .spares = 1};
  Keys keys = test_keys();
  FakeStore store;
  FakeLauncher launcher{event_loop};
  PeerOwner owner = *PeerOwner::open();
  Monitor monitor{event_loop, clock, log, settings, keys, store, launcher, owner, machine};

 private:
  template <class T>
  static loop::Task<> keep(loop::Task<T> task, std::optional<base::Result<T>>& into, loop::Loop& loop) {
    into = co_await loop::attempt(std::move(task));
    loop.stop();
    co_return loop::Nothing{};
  }
};

}  // namespace mcpbox::monitor
