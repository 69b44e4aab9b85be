// Mirrors privsep/monitor/key_rotation.cc and on_keys.cc, on a real PostgreSQL: what was sealed counts and
// opens under the new key, what was forged does not, and a start after a rotation that was cut anywhere finds
// the key that fits.
#include "privsep/monitor/key_rotation.h"

#include <memory>
#include <utility>

#include "privsep/monitor/audit_retention.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/secret_rules.h"
#include "privsep/monitor/sql_admin.h"
#include "tests/privsep/monitor/life.h"
#include "tests/privsep/monitor/verified_log.h"

namespace mcpbox::monitor {
namespace {

using protocol::Approval;
constexpr unsigned char kOld = 7;
constexpr unsigned char kNew = 8;

base::Fd key_file(unsigned char fill, std::size_t size = 32) {
  base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  const std::string bytes(size, static_cast<char>(fill));
  if (write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
  return memory;
}

// As the launcher gives them after a rotation that was cut.
Keys both(unsigned char first, unsigned char second) {
  const base::Fd memory = key_file(first);
  const std::string bytes(32, static_cast<char>(second));
  if (write(memory.get(), bytes.data(), bytes.size()) != 32 || lseek(memory.get(), 0, SEEK_SET) != 0) abort();
  return std::move(*Keys::from_fd(memory.get()));
}

class KeyRotationTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
    ASSERT_TRUE(commit(*store, {{.sql = &sql::kInsertServer,
                                 .params = {Param::uuid(server_id), Param::text("weather"), Param::text(""),
                                            Param::null()}},
                                insert_tool(tool_id, server_id, "now")})
                    .has_value());
    live();
    fill_every_table();
  }
  void live() {
    life = std::make_unique<Life>(loop, clock, log, keys, *store);
    life->root->owner = true;
    ASSERT_TRUE(wait(loop, life->monitor.load()).has_value());
  }
  // A restart with these keys.
  void restart(Keys with) {
    life.reset();
    store.reset();
    std::destroy_at(&keys);
    std::construct_at(&keys, std::move(with));
    store = started();
    live();
  }
  Monitor& m() { return life->monitor; }

  void fill_every_table() {
    m().catalogue.find_tool(tool_id)->approval = Approval::kPendingReview;
    const wire::Digest digest = digest_of_tool(*m().catalogue.find_tool(tool_id));
    const auto approved = wait(loop, on_approve(m(), *life->root, {.tool = tool_id, .digest = digest}));
    ASSERT_TRUE(approved.has_value()) << approved.error().text;
    ASSERT_TRUE(wait(loop, on_add_module(m(), *life->root, {.module = "yaml"})).has_value());
    ASSERT_TRUE(wait(loop, on_apply_profile(m(), *life->root, {.profile = "permissive"})).has_value());
    ASSERT_TRUE(wait(loop, on_create_client_token(m(), *life->root, {.name = "editor"})).has_value());
    const auto session = wait(loop, m().admin_sessions.open(1, "ann", "browser", "127.0.0.1"));
    ASSERT_TRUE(session.has_value());
    token = session->token;
    AuditRecord record{.kind = AuditKind::kDecision, .actor = "root", .action = "set_password"};
    record.subject = subject_of_admin("bob");
    Store::MakeRows admin = [this](std::uint64_t sequence) {
      return std::vector<Statement>{
          {.sql = &sql::kUpsertAdmin,
           .params = {Param::text("bob"), Param::text("hash"),
                      Param::integer(static_cast<std::int64_t>(sequence)),
                      Param::digest(seal_of_admin(keys, "bob", "hash", sequence))}}};
    };
    ASSERT_TRUE(wait(loop, store->commit(std::move(record), std::move(admin))).has_value());
    set_secret("API_KEY", "hunter2");
    live();
    ASSERT_TRUE(m().warnings.empty()) << m().warnings.at(0);
  }
  void set_secret(const std::string& key, const std::string& value) {
    ASSERT_TRUE(wait(loop, on_set_secret(m(), *life->root,
                                         {.server = "weather",
                                          .key = key,
                                          .binding = protocol::SecretBinding{.host = "api.example"},
                                          .value = value}))
                    .has_value());
  }
  std::string value(const std::string& key) {
    const StoredSecret* secret = m().secrets.find(server_id, key);
    if (secret == nullptr) return "(ignored)";
    const base::Result<Plain> plain = value_of(keys, *secret);
    return plain ? std::string(plain->view()) : "(closed)";
  }
  base::Result<protocol::KeyRotated> rotate(unsigned char fill = kNew) {
    return wait(loop, on_rotate_key(m(), *life->root, {.key = key_file(fill)}));
  }
  void expect_all_counts() {
    EXPECT_TRUE(m().warnings.empty()) << m().warnings.at(0);
    EXPECT_TRUE(approved_as_it_is(*m().catalogue.find_tool(tool_id)));
    EXPECT_TRUE(importable(m().grants, "yaml"));
    EXPECT_EQ(m().policy.profile(), "permissive");
    EXPECT_EQ(m().admins["bob"], "hash");
    EXPECT_EQ(value("API_KEY"), "hunter2");
    EXPECT_EQ(sql("SELECT count(*) FROM admin_sessions"), "1");
    EXPECT_EQ(sql("SELECT count(*) FROM client_tokens"), "1");
  }
  std::string seals() {
    return sql(
        "SELECT string_agg(encode(seal, 'hex'), ' ') FROM (SELECT seal FROM approvals UNION ALL SELECT seal "
        "FROM "
        "grants UNION ALL SELECT seal FROM admins UNION ALL SELECT seal FROM admin_sessions UNION ALL SELECT "
        "seal "
        "FROM client_tokens UNION ALL SELECT seal FROM secrets UNION ALL SELECT seal FROM settings WHERE key "
        "<> "
        "'master_key') every");
  }
  std::string head_bytes() {
    std::string bytes(120, '\0');
    EXPECT_EQ(pread(head.get(), bytes.data(), bytes.size(), 0), 120);
    return bytes;
  }

  std::unique_ptr<StorePg> store;
  std::unique_ptr<Life> life;
  std::string token;
  const wire::Id server_id = random_id(), tool_id = random_id();
};

TEST_F(KeyRotationTest, EverySealedRowCountsUnderTheNewKeyAndOnlyUnderIt) {
  const std::string before = seals();
  const auto done = rotate();
  ASSERT_TRUE(done.has_value()) << done.error().text;
  const std::string after = seals();
  for (std::size_t at = 0; at + 64 <= before.size(); at += 65)
    EXPECT_EQ(after.find(before.substr(at, 64)), std::string::npos) << "a row kept its old seal";
  EXPECT_EQ(done->rows, (before.size() + 1) / 65);
  EXPECT_EQ(done->audit_key, keys_of(kNew).audit_key());
  EXPECT_EQ(value("API_KEY"), "hunter2") << "without a restart";
  EXPECT_EQ(sql("SELECT action || ' ' || number FROM audit ORDER BY sequence DESC LIMIT 1"),
            "rotate_key " + std::to_string(done->rows));
  set_secret("API_KEY", "hunter3");
  set_secret("API_KEY", "hunter2");
  restart(keys_of(kNew));
  expect_all_counts();
}

TEST_F(KeyRotationTest, TheOldKeyAloneIsRefusedAtTheNextStart) {
  ASSERT_TRUE(rotate().has_value());
  life.reset();
  store.reset();
  std::destroy_at(&keys);
  std::construct_at(&keys, keys_of(kOld));
  const auto refused = make_store();
  const base::Result<loop::Nothing> start = wait(loop, refused->start());
  ASSERT_FALSE(start.has_value());
  EXPECT_EQ(start.error().why, base::Why::kBroken);
  EXPECT_NE(std::string_view(start.error().text).find("master key"), std::string_view::npos);
}

// Before the transaction, after it, and after it with an audit.head of before.
TEST_F(KeyRotationTest, AStartWithBothKeysTakesTheOneThatFits) {
  restart(both(kOld, kNew));
  EXPECT_EQ(keys.name(), keys_of(kOld).name()) << "nothing was rotated yet";
  EXPECT_EQ(keys.other(), nullptr);
  expect_all_counts();

  const std::string before = head_bytes();
  ASSERT_TRUE(rotate().has_value());
  restart(both(kOld, kNew));
  EXPECT_EQ(keys.name(), keys_of(kNew).name());
  expect_all_counts();

  EXPECT_EQ(pwrite(head.get(), before.data(), before.size(), 0), 120);
  restart(both(kOld, kNew));
  EXPECT_EQ(keys.name(), keys_of(kNew).name());
  expect_all_counts();
  restart(both(kNew, kOld));
  EXPECT_EQ(keys.name(), keys_of(kNew).name());
  restart(both(kNew, 9));
  expect_all_counts();
}

TEST_F(KeyRotationTest, AForgedRowIsNotMadeGood) {
  sql("UPDATE grants SET name = 'socket' WHERE name = 'yaml'; UPDATE settings SET value = 'x' WHERE key IN "
      "(SELECT key "
      "FROM settings LIMIT 1); INSERT INTO admins SELECT 'eve', password_hash, audit_seq, seal FROM admins");
  ASSERT_TRUE(rotate().has_value());
  restart(keys_of(kNew));
  EXPECT_FALSE(importable(m().grants, "socket"));
  EXPECT_FALSE(m().admins.contains("eve"));
  EXPECT_TRUE(m().admins.contains("bob"));
  EXPECT_GE(m().warnings.size(), 3U);
}

TEST_F(KeyRotationTest, OnlyTheOwnerRotatesAndOnlyToAnotherKey) {
  const std::string before = seals();
  life->root->owner = false;
  EXPECT_EQ(rotate().error().why, base::Why::kRefused);
  EXPECT_EQ(wait(loop, on_check_key(m(), *life->root, {.key = key_file(kOld)})).error().why,
            base::Why::kRefused);
  life->root->owner = true;
  EXPECT_EQ(rotate(kOld).error().why, base::Why::kConflict);
  EXPECT_EQ(wait(loop, on_rotate_key(m(), *life->root, {.key = key_file(kNew, 31)})).error().why,
            base::Why::kInvalid);
  EXPECT_EQ(seals(), before);
  EXPECT_EQ(sql("SELECT count(*) FROM audit WHERE action = 'rotate_key'"), "0");
  EXPECT_TRUE(wait(loop, on_check_key(m(), *life->root, {.key = key_file(kOld)}))->in_use);
  EXPECT_FALSE(wait(loop, on_check_key(m(), *life->root, {.key = key_file(kNew)}))->in_use);
}

// Whatever the order in which they are written: nothing is closed with a key that is gone.
TEST_F(KeyRotationTest, SecretsThatAreSetMeanwhileOpenAfterwards) {
  for (unsigned char fill = kNew; fill < kNew + 6; ++fill) {
    loop::TaskSet tasks;
    int running = 2;
    base::Result<protocol::KeyRotated> rotated = base::fail(base::Why::kTimeout, "not yet");
    const auto end = [&] {
      if (--running == 0) loop.stop();
    };
    const auto rotation = [&]() -> loop::Task<> {
      protocol::RotateKey order{.key = key_file(fill)};
      rotated = co_await loop::attempt(on_rotate_key(m(), *life->root, std::move(order)));
      end();
      co_return loop::Nothing{};
    };
    const auto setting = [&]() -> loop::Task<> {
      for (int i = 0; i < 10; ++i) {
        protocol::SetSecret order{.server = "weather", .key = "K" + std::to_string(i), .value = "value"};
        order.binding = protocol::SecretBinding{.host = "api.example"};
        const auto set = co_await loop::attempt(on_set_secret(m(), *life->root, std::move(order)));
        EXPECT_TRUE(set || set.error().why == base::Why::kConflict) << set.error().text;
      }
      end();
      co_return loop::Nothing{};
    };
    tasks.spawn(setting());
    tasks.spawn(rotation());
    if (running > 0) loop.run();
    ASSERT_TRUE(rotated.has_value()) << rotated.error().text;
    restart(keys_of(fill));
    expect_all_counts();
    for (const StoredSecret* secret : m().secrets.of_server(server_id))
      EXPECT_TRUE(value_of(keys, *secret).has_value()) << secret->key;
  }
}

TEST_F(KeyRotationTest, TheLogVerifiesAcrossRotationsAndOldSegmentsCanStillGo) {
  store->make_checkpoint();
  AuditRetention retention(*store, keys, clock, log);
  ASSERT_TRUE(wait(loop, retention.seal()).has_value());
  ASSERT_TRUE(rotate(kNew).has_value());
  ASSERT_TRUE(append(*store).has_value());
  store->make_checkpoint();
  ASSERT_TRUE(rotate(9).has_value());
  ASSERT_TRUE(append(*store).has_value());
  const audit::Verifier verifier = verified_log(*this, *store, 9);
  EXPECT_FALSE(verifier.damage()) << audit::report_of(verifier);
  EXPECT_GE(verifier.checkpoints(), 3U);
  EXPECT_TRUE(verified_log(*this, *store, kNew).damage())
      << "the end is not signed by a key that was replaced";

  AuditRetention::Prune all{.actor = "root", .before_ms = clock.now_ms() + 1, .most_bytes = 1ULL << 60};
  EXPECT_GT(wait(loop, retention.prune(std::move(all))).value_or(0), 1U) << "sealed with the first key";
  sql("DELETE FROM audit_checkpoints WHERE purpose = 4");
  EXPECT_TRUE(verified_log(*this, *store, 9).damage()) << "nobody vouches for the earlier keys";
}

// A store in which other changes are always written first.
class BusyStore final : public Store {
 public:
  loop::Task<Rows> query(Statement /*statement*/) override { co_return Rows{}; }
  loop::Task<std::uint64_t> append(AuditRecord /*record*/) override { co_return 1; }
  loop::Task<std::uint64_t> commit(AuditRecord /*record*/, MakeRows rows) override {
    ++changes_;
    const std::vector<Statement> made = rows(++tries);
    EXPECT_EQ(made.size(), 1U);
    EXPECT_STREQ(made.at(0).sql->name, "changed_meanwhile");
    co_return base::fail(base::Why::kConflict, "changed");
  }
  void write_text(Statement /*statement*/) override {}
  [[nodiscard]] bool up() const override { return true; }
  [[nodiscard]] std::uint64_t audit_records() const override { return 0; }
  [[nodiscard]] std::uint64_t changes() const override { return changes_; }
  std::uint64_t tries = 0;

 private:
  std::uint64_t changes_ = 0;
};

TEST_F(KeyRotationTest, WhatChangesAllTheTimeIsNotRotatedAndTheOldKeyStays) {
  BusyStore busy;
  Life other(loop, clock, log, keys, busy);
  other.root->owner = true;
  const auto done = wait(loop, on_rotate_key(other.monitor, *other.root, {.key = key_file(kNew)}));
  EXPECT_EQ(done.error().why, base::Why::kBusy);
  EXPECT_GT(busy.tries, 5U);
  EXPECT_EQ(keys.name(), keys_of(kOld).name());
  EXPECT_EQ(keys.other(), nullptr);
}

}  // namespace
}  // namespace mcpbox::monitor
