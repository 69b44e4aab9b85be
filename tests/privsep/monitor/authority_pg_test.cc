// Grants, secrets and settings on a real PostgreSQL: what was decided is there after a restart, and what the
// database's owner writes is not.
#include "privsep/monitor/granting.h"
#include "privsep/monitor/secret_rules.h"
#include "privsep/monitor/sql.h"
#include "tests/privsep/monitor/life.h"

namespace mcpbox::monitor {
namespace {

using protocol::GrantVerdict;

class AuthorityPgTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
    const base::Result<std::uint64_t> made = commit(
        *store, {{.sql = &sql::kInsertServer,
                  .params = {Param::uuid(server_id), Param::text("weather"), Param::text(""), Param::null()}},
                 insert_tool(tool_id, server_id, "now")});
    ASSERT_TRUE(made.has_value()) << made.error().text;
    live();
  }
  // A restart.
  void live() {
    life = std::make_unique<Life>(loop, clock, log, keys, *store);
    ASSERT_TRUE(wait(loop, life->monitor.load()).has_value());
  }
  Monitor& m() { return life->monitor; }

  protocol::GrantInfo ask(const std::string& host, std::uint16_t port) {
    const auto asked = wait(loop, on_request_host(m(), *life->gateway,
                                                  {.ticket = life->ticket,
                                                   .tool = tool_id,
                                                   .host = host,
                                                   .port = port,
                                                   .justification = "it asks the service"}));
    EXPECT_TRUE(asked.has_value()) << asked.error().text;
    return asked->grant;
  }
  protocol::GrantInfo decide(const protocol::GrantInfo& grant, GrantVerdict verdict) {
    const auto decided = wait(
        loop, on_decide_grant(
                  m(), *life->root,
                  {.grant = grant.id, .sequence = grant.sequence, .verdict = verdict, .reason = "because"}));
    EXPECT_TRUE(decided.has_value()) << decided.error().text;
    return decided ? *decided : grant;
  }
  void set_secret(const std::string& key, const std::string& value) {
    const auto set = wait(loop, on_set_secret(m(), *life->root,
                                              {.server = "weather",
                                               .key = key,
                                               .binding = protocol::SecretBinding{.host = "api.example"},
                                               .value = value}));
    EXPECT_TRUE(set.has_value()) << set.error().text;
  }
  bool reaches(const std::string& host, std::uint16_t port) {
    return m().grants.for_host(server_id, host, port) != nullptr;
  }
  std::string value(const std::string& key) {
    const StoredSecret* secret = m().secrets.find(server_id, key);
    if (secret == nullptr) return "(ignored)";
    const base::Result<Plain> plain = value_of(keys, *secret);
    return plain ? std::string(plain->view()) : "(closed)";
  }

  // Rows as they were, from a copy: as a database's owner can put them back.
  void put_back_grants(const std::string& copy) {
    const std::string columns =
        "id, kind, state, server_id, tool_id, name, port, methods, path, private_too, from_admin, "
        "justification, requested_by, requested_at_ms, decided_by, reason, decided_at_ms, audit_seq, seal";
    sql("INSERT INTO grants (" + columns + ") SELECT " + columns + " FROM " + copy);
  }

  std::unique_ptr<StorePg> store;
  std::unique_ptr<Life> life;
  const wire::Id server_id = random_id(), tool_id = random_id();
};

TEST_F(AuthorityPgTest, WhatWasDecidedIsThereAfterARestart) {
  const auto host = ask("api.example", 443);
  decide(host, GrantVerdict::kApprove);
  const auto rejected = ask("other.example", 0);
  decide(rejected, GrantVerdict::kReject);
  const auto module = wait(
      loop, on_add_module(m(), *life->root, {.module = "yaml", .justification = "\"quotes\" \xe2\x9c\x93"}));
  ASSERT_TRUE(module.has_value());
  set_secret("API_KEY", "hunter2");
  const auto applied = wait(loop, on_apply_profile(m(), *life->root, {.profile = "permissive"}));
  ASSERT_TRUE(applied.has_value());
  live();
  EXPECT_TRUE(m().warnings.empty()) << m().warnings.at(0);
  EXPECT_TRUE(reaches("api.example", 443));
  EXPECT_FALSE(reaches("other.example", 443));
  EXPECT_EQ(m().grants.find(rejected.id)->reason, "because");
  EXPECT_TRUE(importable(m().grants, "yaml"));
  EXPECT_EQ(m().grants.find(module->grant.id)->justification, "\"quotes\" \xe2\x9c\x93");
  EXPECT_EQ(value("API_KEY"), "hunter2");
  EXPECT_EQ(m().policy.profile(), "permissive");
  EXPECT_EQ(sql("SELECT count(*) FROM secrets WHERE position('hunter2'::bytea IN value) > 0"), "0");
}

TEST_F(AuthorityPgTest, NothingThatTheOwnerWritesIsAllowed) {
  const auto host = ask("api.example", 443);
  decide(host, GrantVerdict::kApprove);
  set_secret("API_KEY", "hunter2");
  const std::vector<std::string> edits = {
      "UPDATE grants SET name = 'evil.example'",
      "UPDATE grants SET port = 0",
      "UPDATE grants SET private_too = true",
      "UPDATE grants SET methods = 1",
      "UPDATE grants SET path = '/x'",
      "UPDATE grants SET kind = 'module'",
      "UPDATE grants SET server_id = NULL",
      "UPDATE grants SET justification = 'harmless'",
      "UPDATE grants SET requested_by = 'root'",
      "UPDATE grants SET audit_seq = audit_seq + 1000",
      "UPDATE grants SET seal = decode(repeat('00', 32), 'hex')",
      "UPDATE secrets SET host = 'evil.example'",
      "UPDATE secrets SET mode = 'exposed'",
      "UPDATE secrets SET place = 'query', place_name = 'q'",
      "UPDATE secrets SET value = value || '\\x00'::bytea",
      "UPDATE secrets SET key = 'OTHER'",
  };
  for (const std::string& edit : edits) {
    sql("CREATE TABLE saved_grants AS SELECT * FROM grants; CREATE TABLE saved_secrets AS SELECT * FROM "
        "secrets");
    sql(edit);
    live();
    EXPECT_EQ(m().warnings.size(), 1U) << edit;
    const bool grants = edit.starts_with("UPDATE grants");
    EXPECT_EQ(reaches("api.example", 443), !grants) << edit;
    EXPECT_FALSE(reaches("evil.example", 443)) << edit;
    EXPECT_EQ(value("API_KEY"), grants ? "hunter2" : "(ignored)") << edit;
    EXPECT_EQ(value("OTHER"), "(ignored)");
    sql("DELETE FROM grants; DELETE FROM secrets");
    put_back_grants("saved_grants");
    sql("INSERT INTO secrets TABLE saved_secrets; DROP TABLE saved_grants; DROP TABLE saved_secrets");
  }
  live();
  EXPECT_TRUE(m().warnings.empty());
  EXPECT_TRUE(reaches("api.example", 443));
}

TEST_F(AuthorityPgTest, AnInventedApprovalIsIgnored) {
  ask("api.example", 443);
  sql("UPDATE grants SET state = 'approved', decided_by = 'root'");
  live();
  EXPECT_FALSE(reaches("api.example", 443));
  EXPECT_EQ(m().warnings.size(), 1U);
}

// Every row keeps its seal: only the chain knows that it is an old one.
TEST_F(AuthorityPgTest, AReplayedRowIsIgnored) {
  const auto approved = decide(ask("api.example", 443), GrantVerdict::kApprove);
  set_secret("API_KEY", "old");
  sql("CREATE TABLE old_grants AS SELECT * FROM grants; CREATE TABLE old_secrets AS SELECT * FROM secrets; "
      "CREATE "
      "TABLE old_settings AS SELECT * FROM settings");
  const auto revoked = decide(approved, GrantVerdict::kRevoke);
  set_secret("API_KEY", "new");
  const auto restore = [this] {
    sql("DELETE FROM grants; DELETE FROM secrets; INSERT INTO secrets SELECT * FROM old_secrets");
    put_back_grants("old_grants");
  };
  restore();
  live();
  EXPECT_FALSE(reaches("api.example", 443));
  EXPECT_EQ(value("API_KEY"), "(ignored)");
  EXPECT_EQ(m().warnings.size(), 2U);
}

TEST_F(AuthorityPgTest, ADeletedGrantAndSecretStayDeleted) {
  const auto rejected = decide(ask("api.example", 443), GrantVerdict::kReject);
  set_secret("API_KEY", "old");
  sql("CREATE TABLE old_secrets AS SELECT * FROM secrets");
  decide(rejected, GrantVerdict::kDelete);
  EXPECT_EQ(sql("SELECT count(*) FROM grants"), "0");
  ASSERT_TRUE(
      wait(loop, on_delete_secret(m(), *life->root, {.server = "weather", .key = "API_KEY"})).has_value());
  EXPECT_EQ(sql("SELECT count(*) FROM secrets"), "0");
  sql("INSERT INTO secrets SELECT * FROM old_secrets");
  live();
  EXPECT_EQ(value("API_KEY"), "(ignored)");
}

// Every row keeps its seal, and has one decision only: that it was deleted with its server is what the chain
// knows.
TEST_F(AuthorityPgTest, AServerThatIsBroughtBackHasNothingOfBefore) {
  decide(ask("api.example", 443), GrantVerdict::kApprove);
  set_secret("API_KEY", "v");
  for (const std::string table : {"servers", "tools", "grants", "secrets"})
    sql("CREATE TABLE old_" + table + " AS TABLE " + table);
  ASSERT_TRUE(wait(loop, on_remove(m(), *life->root, {.what = "weather"})).has_value());
  ASSERT_EQ(sql("SELECT (SELECT count(*) FROM grants) + (SELECT count(*) FROM secrets)"), "0");
  for (const std::string table : {"servers", "tools", "secrets"})
    sql("INSERT INTO " + table + " TABLE old_" + table);
  put_back_grants("old_grants");
  live();
  ASSERT_NE(m().catalogue.find_tool(tool_id), nullptr);
  EXPECT_FALSE(reaches("api.example", 443));
  EXPECT_EQ(value("API_KEY"), "(ignored)");
  EXPECT_EQ(m().warnings.size(), 2U);
}

TEST_F(AuthorityPgTest, AServersRowsGoWithItAndModulesStay) {
  decide(ask("api.example", 443), GrantVerdict::kApprove);
  set_secret("API_KEY", "v");
  ASSERT_TRUE(wait(loop, on_add_module(m(), *life->root, {.module = "yaml"})).has_value());
  sql("DELETE FROM servers");
  EXPECT_EQ(sql("SELECT string_agg(name, ',') FROM grants"), "yaml");
  EXPECT_EQ(sql("SELECT count(*) FROM secrets"), "0");
  live();
  EXPECT_TRUE(importable(m().grants, "yaml"));
}

}  // namespace
}  // namespace mcpbox::monitor
