// Mirrors privsep/monitor/sql.h and sql_reads.h: every statement, on a real PostgreSQL, as the working role.
#include "tests/privsep/monitor/store_sql_fixture.h"

namespace mcpbox::monitor {
namespace {

TEST_F(StoreSqlTest, WhatWasWrittenIsLoaded) {
  add_server(server_id, "weather");
  must({.sql = &sql::kUpdateServerStatus, .params = {Param::uuid(server_id), Param::text("running")}});
  add_tool(tool_id, server_id, "now");
  const Row server_row = rows(*store, sql::kLoadServers).at(0);
  EXPECT_EQ(server_row, (Row{raw(server_id), "weather", "about", "running", "unix:alice", "30000"}));
  Row tool = rows(*store, sql::kLoadTools).at(0);
  const wire::Digest digest = digest_of({"code 1"});
  EXPECT_EQ(tool, (Row{raw(tool_id), raw(server_id),
                       "tool",       "now",
                       "does it",    "code 1",
                       "not { json", "out",
                       "hints",      "icons",
                       "uri",        "headers",
                       "30000",      "[]",
                       "t",          "f",
                       "t",          std::string(digest.begin(), digest.end()),
                       "1",          "draft",
                       "unix:alice", std::nullopt,
                       std::nullopt}));

  must(update_tool(tool_id, 2, "pending_review"));
  add_version(tool_id, 2, "code 2");
  tool = rows(*store, sql::kLoadTools).at(0);
  EXPECT_EQ(tool[3], "later");
  EXPECT_EQ(tool[18], "2");
  EXPECT_EQ(tool[19], "pending_review");
  EXPECT_EQ(sql("SELECT max(length(change_summary)) FROM tool_versions"), "500");
}

TEST_F(StoreSqlTest, AnUpdateBasedOnAnOldVersionIsAConflict) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  for (const int version : {1, 3}) {
    const base::Result<std::uint64_t> refused = commit(*store, {update_tool(tool_id, version, "draft")});
    ASSERT_FALSE(refused.has_value()) << version;
    EXPECT_EQ(refused.error().why, base::Why::kConflict);
  }
}

TEST_F(StoreSqlTest, EachApprovalStateKeepsAndClearsWhatItSays) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const auto state = [&] {
    return sql(
        "SELECT concat_ws(',', approval_status, approval_requested_at IS NOT NULL, publish_notes, "
        "approved_at IS NOT NULL, approved_by, rejection_reason) FROM tools");
  };
  set_state(tool_id, "pending_review");
  EXPECT_EQ(state(), "pending_review,t,please,f");
  set_state(tool_id, "approved");
  EXPECT_EQ(state(), "approved,t,please,t,root");
  set_state(tool_id, "rejected");
  EXPECT_EQ(state(), "rejected,t,please,f,because");
  set_state(tool_id, "pending_review");
  EXPECT_EQ(state(), "pending_review,t,please,f");
  set_state(tool_id, "draft");
  EXPECT_EQ(state(), "draft,f,f");
  const Statement unknown{
      .sql = &sql::kSetApprovalState,
      .params = {Param::uuid(tool_id), Param::text("trusted"), Param::null(), Param::null(), Param::null()}};
  EXPECT_FALSE(commit(*store, {unknown}).has_value());
}

TEST_F(StoreSqlTest, TheLatestApprovalOfEachDigestIsLoaded) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const auto add = [&](const std::string& digest, const std::string& state, std::int64_t sequence) {
    must({.sql = &sql::kInsertApproval,
          .params = {Param::uuid(random_id()), Param::uuid(tool_id), Param::digest(digest_of({digest})),
                     Param::text(state), Param::text("root"), Param::null(), Param::integer(sequence),
                     Param::integer(1), Param::raw("seal"), Param::text("module yaml\n")}});
  };
  add("1", "approved", 1);
  add("2", "approved", 2);
  add("2", "revoked", 3);
  std::map<std::string, std::string> latest;
  for (const Row& row : rows(*store, sql::kLoadApprovals)) latest[*row.at(6)] = *row.at(3);
  EXPECT_EQ(latest, (std::map<std::string, std::string>{{"1", "approved"}, {"3", "revoked"}}));
  EXPECT_EQ(rows(*store, sql::kLoadApprovals).at(0).at(9), "module yaml\n");
}

TEST_F(StoreSqlTest, VersionsAreListedLoadedAndGoWithTheirTool) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  must(update_tool(tool_id, 2, "draft"));
  add_version(tool_id, 2, "code 2");
  const std::string list =
      answer(sql::kListVersions, {Param::uuid(tool_id), Param::integer(1), Param::integer(1)});
  EXPECT_EQ(
      at(list, "versions,0,version") + at(list, "total") + at(list, "pages") + at(list, "current_version"),
      "2222");
  EXPECT_EQ(at(list, "versions,0,author") + at(list, "versions,0,approval"), "unix:alice");
  EXPECT_EQ(at(answer(sql::kGetVersion, {Param::uuid(tool_id), Param::integer(1)}), "python_code"), "code 1");
  EXPECT_TRUE(rows(*store, sql::kGetVersion, {Param::uuid(tool_id), Param::integer(3)}).empty());
  EXPECT_EQ(rows(*store, sql::kLoadVersion, {Param::uuid(tool_id), Param::integer(1)}).at(0).at(3), "code 1");
  const Param digest = Param::digest(digest_of({"code 2"}));
  const std::vector<Row> of_digest = rows(*store, sql::kLoadVersionOf, {Param::uuid(tool_id), digest});
  EXPECT_EQ(*of_digest.at(0).at(3) + *of_digest.at(0).at(16), "code 22") << "the code and the version";
  EXPECT_TRUE(rows(*store, sql::kLastDraftRun, {Param::uuid(tool_id), digest}).empty());
  must({.sql = &sql::kDeleteTool, .params = {Param::uuid(tool_id)}});
  EXPECT_TRUE(rows(*store, sql::kLoadVersion, {Param::uuid(tool_id), Param::integer(1)}).empty());
  EXPECT_FALSE(commit(*store, {{.sql = &sql::kDeleteTool, .params = {Param::uuid(tool_id)}}}).has_value());
}

TEST_F(StoreSqlTest, AServerIsChangedAndDeletedWithItsTools) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  must({.sql = &sql::kUpdateServer,
        .params = {Param::uuid(server_id), Param::text("climate"), Param::text("x"), Param::integer(5'000)}});
  EXPECT_EQ(rows(*store, sql::kLoadServers).at(0).at(1), "climate");
  EXPECT_EQ(rows(*store, sql::kLoadServers).at(0).at(5), "5000");
  must({.sql = &sql::kDeleteServer, .params = {Param::uuid(server_id)}});
  EXPECT_TRUE(rows(*store, sql::kLoadTools).empty());
}

TEST_F(StoreSqlTest, TheLatestApprovalOfEachToolIsLoaded) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const wire::Id other = random_id();
  add_tool(other, server_id, "later");
  add_approval(tool_id, "approved", 10);
  add_approval(tool_id, "revoked", 12);
  add_approval(tool_id, "rejected", 11);
  add_approval(other, "approved", 1);
  std::map<std::string, Row> latest;
  for (const Row& row : rows(*store, sql::kLoadApprovals)) latest[*row.at(1)] = row;
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[raw(tool_id)].at(3), "revoked");
  EXPECT_EQ(latest[raw(tool_id)].at(6), "12");
  EXPECT_EQ(latest[raw(tool_id)].at(7), "1700000000123");
  EXPECT_EQ(latest[raw(tool_id)].at(8), "seal");
  EXPECT_EQ(latest[raw(other)].at(3), "approved");
}

TEST_F(StoreSqlTest, SettingsAndAdminsAreReplacedByName) {
  for (const std::string value : {"frozen", "thawed"}) {
    must({.sql = &sql::kUpsertSetting,
          .params = {Param::text("freeze"), Param::text(value), Param::integer(3), Param::raw("s")}});
    must({.sql = &sql::kUpsertAdmin,
          .params = {Param::text("root"), Param::text(value), Param::integer(4), Param::raw("t")}});
  }
  EXPECT_EQ(rows(*store, sql::kLoadSettings), (std::vector<Row>{{"freeze", "thawed", "3", "s"}}));
  EXPECT_EQ(rows(*store, sql::kLoadAdmins), (std::vector<Row>{{"root", "thawed", "4", "t"}}));
}

TEST_F(StoreSqlTest, TheChainsLastWordOnEachSubjectIsLoaded) {
  const auto decide = [&](AuditKind kind, const wire::Id& subject, const std::string& action) {
    AuditRecord record{.kind = kind, .actor = "root", .action = action};
    record.subject = subject;
    ASSERT_TRUE(wait(loop, store->append(std::move(record))).has_value());
  };
  wire::Id tool{};
  tool[15] = 1;
  decide(AuditKind::kDecision, tool, "approve");    // 1
  decide(AuditKind::kDecision, tool, "reject");     // 2
  decide(AuditKind::kDecision, tool, "approve");    // 3
  decide(AuditKind::kConfiguration, {}, "freeze");  // 4
  decide(AuditKind::kCallIntent, tool, "call");     // 5
  EXPECT_EQ(
      rows(*store, sql::kLastDecisions, {Param::integer(1'000'000)}),
      (std::vector<Row>{{raw({}), "freeze", "4"}, {raw(tool), "approve", "3"}, {raw(tool), "reject", "2"}}));
}

TEST_F(StoreSqlTest, ListsArePagedInADeterministicOrder) {
  std::vector<wire::Id> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(random_id());
    add_server(ids.back(), "server" + std::to_string(i));
  }
  add_tool(tool_id, ids[4], "now");
  const std::string first = answer(sql::kListServers, {Param::integer(2), Param::integer(1)});
  EXPECT_EQ(at(first, "servers,0,name"), "server4");
  EXPECT_EQ(at(first, "servers,0,tool_count"), "1");
  EXPECT_EQ(at(first, "servers,0,status"), "imported");
  EXPECT_EQ(at(first, "servers,1,name"), "server3");
  EXPECT_EQ(at(first, "total") + at(first, "page") + at(first, "page_size") + at(first, "pages"), "5123");
  EXPECT_EQ(at(first, "servers,0,created_at").size(), std::string("2026-01-01T00:00:00.000Z").size());
  const std::string last = answer(sql::kListServers, {Param::integer(2), Param::integer(3)});
  EXPECT_EQ(at(last, "servers,0,name"), "server0");
  EXPECT_EQ(at(last, "servers,1"), "");
  const std::string beyond = answer(sql::kListServers, {Param::integer(100), Param::integer(4'294'967'295)});
  EXPECT_EQ(at(beyond, "servers"), "[]");
  EXPECT_EQ(at(beyond, "total"), "5");
}

TEST_F(StoreSqlTest, EmptyListsAreEmptyAndNotNull) {
  for (const Sql* list : {&sql::kListServers, &sql::kPending}) {
    const std::string json = answer(*list, {Param::integer(50), Param::integer(1)});
    EXPECT_EQ(at(json, list == &sql::kPending ? "pending" : "servers"), "[]");
    EXPECT_EQ(at(json, "pages"), "0");
  }
  EXPECT_EQ(at(answer(sql::kLogs, logs_of(Param::null(), Param::null(), 50)), "logs"), "[]");
}

TEST_F(StoreSqlTest, WhatDoesNotExistHasNoRow) {
  const Param nobody = Param::uuid(random_id());
  for (const Sql* read : {&sql::kGetServer, &sql::kGetTool, &sql::kGetToolStatus})
    EXPECT_TRUE(rows(*store, *read, {nobody}).empty()) << read->name;
  for (const Sql* read : {&sql::kListTools, &sql::kGetToolLogs})
    EXPECT_TRUE(rows(*store, *read, {nobody, Param::integer(50), Param::integer(1)}).empty()) << read->name;
  for (const std::string name : {"", "a", "a__b", "__", "a__b__c", "%__%"})
    EXPECT_TRUE(rows(*store, sql::kExplain, {Param::text(name)}).empty()) << name;
}

TEST_F(StoreSqlTest, ServerToolAndStatusHaveTheContractsFields) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  set_state(tool_id, "pending_review");
  const std::string got = answer(sql::kGetServer, {Param::uuid(server_id)});
  EXPECT_EQ(
      at(got, "name") + at(got, "tool_count") + at(got, "tools,0,name") + at(got, "tools,0,approval_status"),
      "weather1nowpending_review");
  const std::string list =
      answer(sql::kListTools, {Param::uuid(server_id), Param::integer(50), Param::integer(1)});
  EXPECT_EQ(at(list, "server_name") + at(list, "tools,0,name") + at(list, "total"), "weathernow1");
  const std::string tool = answer(sql::kGetTool, {Param::uuid(tool_id)});
  EXPECT_EQ(at(tool, "input_schema"), "not { json");
  EXPECT_EQ(at(tool, "python_code"), "code 1");
  EXPECT_EQ(at(tool, "digest").size(), 64U);
  EXPECT_EQ(at(tool, "current_version") + at(tool, "timeout_ms") + at(tool, "enabled"), "130000true");
  const std::string status = answer(sql::kGetToolStatus, {Param::uuid(tool_id)});
  EXPECT_EQ(at(status, "approval_status") + at(status, "publish_notes") + at(status, "approved_by"),
            "pending_reviewplease");
  const std::string pending = answer(sql::kPending, {Param::integer(50), Param::integer(1)});
  EXPECT_EQ(at(pending, "pending,0,tool") + at(pending, "pending,0,notes"), "weather__nowplease");
  EXPECT_EQ(at(pending, "pending,0,digest"), at(tool, "digest"));
  const std::string asked = answer(sql::kPendingTools, {Param::integer(50), Param::integer(1)});
  EXPECT_EQ(at(asked, "pending_tools,0,name") + at(asked, "pending_tools,0,server_name") +
                at(asked, "pending_tools,0,requested_by") + at(asked, "total") + at(asked, "pages"),
            "nowweatherroot11");
  EXPECT_EQ(at(asked, "pending_tools,0,notes"), "") << "those are the reviewer's";
}

TEST_F(StoreSqlTest, ExplainSaysWhoDecidedAndWhatTheToolDid) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  add_approval(tool_id, "approved", 10);
  set_state(tool_id, "approved");
  store->write_text(execution(random_id(), tool_id, server_id, 1'700'000'000'000));
  const std::string json = answer(sql::kExplain, {Param::text("weather__now")});
  EXPECT_EQ(at(json, "approver") + at(json, "decision,state") + at(json, "decision,audit_sequence"),
            "rootapproved10");
  EXPECT_EQ(at(json, "decision,at"), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(at(json, "last_used_at") + at(json, "last_end"), "2023-11-14T22:13:20.000Ztool_error");
  EXPECT_EQ(at(json, "calls,total") + at(json, "calls,failed"), "11");
  EXPECT_EQ(at(json, "hosts") + at(json, "secrets") + at(json, "modules"), "[][][]");
}

}  // namespace
}  // namespace mcpbox::monitor
