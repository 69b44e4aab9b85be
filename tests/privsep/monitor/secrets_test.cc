// Mirrors privsep/monitor/secrets.cc, keys_values.cc, on_secrets.cc and on_secret_decisions.cc.
#include "privsep/monitor/secrets.h"

#include "privsep/monitor/secret_rules.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
using policy::SecretPlace;
using protocol::Role;
using protocol::SecretBinding;
using protocol::SecretMode;
using protocol::State;

class SecretTest : public MonitorTest {
 public:
  SecretTest() { root->person = {.who = "root", .uid = 0}; }

  base::Result<protocol::SecretInfo> create(const std::string& key, SecretBinding proposed = {}) {
    return finish(on_create_secret(monitor, *gateway,
                                   {.ticket = ticket_for(gateway),
                                    .server = server_id,
                                    .key = key,
                                    .description = "for the weather service",
                                    .proposed = std::move(proposed)}));
  }
  base::Result<protocol::SecretInfo> set(const std::string& key, const std::string& value,
                                         wire::Maybe<SecretBinding> binding = {}) {
    return finish(on_set_secret(
        monitor, *root, {.server = "srv", .key = key, .binding = std::move(binding), .value = value}));
  }
  std::string value(const std::string& key) {
    const StoredSecret* secret = monitor.secrets.find(server_id, key);
    if (secret == nullptr) return "(no secret)";
    const base::Result<Plain> plain = value_of(keys, *secret);
    return plain ? std::string(plain->view()) : "(closed)";
  }
  static SecretBinding to(const std::string& host) { return {.host = host}; }

  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::shared_ptr<Peer> gateway = peer(Role::kNetLocal, State::kServing);
};

TEST_F(SecretTest, ACallerNamesASecretAndAPersonGivesItItsValue) {
  const auto made = create("API_KEY", to("API.example.com"));
  ASSERT_TRUE(made.has_value());
  EXPECT_FALSE(made->has_value);
  EXPECT_EQ(made->binding.host, "api.example.com");
  EXPECT_EQ(made->binding.name + ": " + made->binding.form, "Authorization: Bearer {}");
  EXPECT_EQ(value("API_KEY"), "(closed)");
  const auto given = set("API_KEY", "hunter2");
  ASSERT_TRUE(given.has_value());
  EXPECT_TRUE(given->has_value);
  EXPECT_EQ(given->set_by, "root");
  EXPECT_EQ(value("API_KEY"), "hunter2");
  ASSERT_TRUE(set("API_KEY", "changed").has_value());
  EXPECT_EQ(value("API_KEY"), "changed");
}

TEST_F(SecretTest, TheValueIsInNoRecordAndNoStoredByte) {
  ASSERT_TRUE(set("API_KEY", "hunter2hunter2", to("api.example.com")).has_value());
  for (const AuditRecord& record : store.records)
    EXPECT_EQ(record.payload.find("hunter2"), std::string::npos) << record.payload;
  EXPECT_EQ(store.records.back().payload,
            "API_KEY of srv, sealed, api.example.com:443, header Authorization");
  EXPECT_EQ(monitor.secrets.find(server_id, "API_KEY")->stored.find("hunter2"), std::string::npos);
}

TEST_F(SecretTest, AValueIsUnreadableAnywhereElse) {
  ASSERT_TRUE(set("API_KEY", "hunter2", to("api.example.com")).has_value());
  const StoredSecret good = *monitor.secrets.find(server_id, "API_KEY");
  ASSERT_TRUE(value_of(keys, good).has_value());
  const std::vector<std::function<void(StoredSecret&)>> changes = {
      [](StoredSecret& s) { s.server = wire::Id{9}; },
      [](StoredSecret& s) { s.key = "OTHER"; },
      [](StoredSecret& s) { s.binding.mode = SecretMode::kExposed; },
      [](StoredSecret& s) { s.binding.host = "evil.example"; },
      [](StoredSecret& s) { s.binding.port = 80; },
      [](StoredSecret& s) { s.binding.place = SecretPlace::kQuery; },
      [](StoredSecret& s) { s.binding.name = "X-Echo"; },
      [](StoredSecret& s) { s.binding.form = "{}"; },
      [](StoredSecret& s) { s.stored[0] = static_cast<char>(s.stored[0] ^ 3); },
      [](StoredSecret& s) { s.stored[3] = static_cast<char>(s.stored[3] + 1); },
      [](StoredSecret& s) { s.stored.back() = static_cast<char>(s.stored.back() + 1); },
      [](StoredSecret& s) { s.stored.resize(20); },
      [](StoredSecret& s) { s.stored.resize(1); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    StoredSecret moved = good;
    changes[i](moved);
    const base::Result<Plain> plain = value_of(keys, moved);
    EXPECT_FALSE(plain.has_value()) << i;
  }
}

TEST_F(SecretTest, TwoValuesNeverLookAlike) {
  EXPECT_NE(keys.close_value("same", "a"), keys.close_value("same", "a"));
  const std::string stored = keys.close_value("", "a");
  EXPECT_EQ(keys.open_value(stored, "a")->view(), "");
  const std::string large(policy::limits::kSecretValueBytes, 'x');
  EXPECT_EQ(keys.open_value(keys.close_value(large, ""), "")->view(), large);
  EXPECT_FALSE(keys.open_value("", "a").has_value());
}

TEST_F(SecretTest, BadKeysValuesAndBindingsAreRefused) {
  for (const std::string& key :
       std::vector<std::string>{"", "api_key", "1KEY", "A-B", "A B", std::string(65, 'A')})
    EXPECT_EQ(create(key).error().why, Why::kInvalid) << key;
  for (const std::string value : {"", "a\nb", "a\rb", "\x7f", "a\tb", "\xc2\x85"})
    EXPECT_EQ(set("K", value, to("a.example")).error().why, Why::kInvalid) << value;
  const SecretBinding bad[] = {
      {.host = "https://a.example"},
      {.host = "*.a.example"},
      {.host = "a.example", .port = 0},
      {.host = "a.example", .name = "X Y"},
      {.host = "a.example", .name = "Host"},
      {.host = "a.example", .form = "Bearer"},
      {.host = "a.example", .form = "{} {}"},
      {.host = "a.example", .form = "{}\r\nX: y"},
      {.host = "a.example", .place = SecretPlace::kBasic, .form = ""},
      {.host = "a.example", .place = SecretPlace::kQuery, .name = ""},
      {.host = "a.example", .place = SecretPlace::kPath, .name = "x"},
      {.host = "a.example", .place = SecretPlace::kJson, .name = "token", .form = "{}"},
  };
  for (const SecretBinding& binding : bad) EXPECT_EQ(set("K", "v", binding).error().why, Why::kInvalid);
  EXPECT_EQ(set("K", "v", SecretBinding{}).error().why, Why::kInvalid) << "sealed, and to no host";
  EXPECT_EQ(set("K", "v").error().why, Why::kInvalid) << "a new secret, and nothing said about it";
  EXPECT_TRUE(store.records.empty());
}

TEST_F(SecretTest, AKeyIsTakenOnce) {
  ASSERT_TRUE(create("K").has_value());
  EXPECT_EQ(create("K").error().why, Why::kConflict);
}

TEST_F(SecretTest, WhatAModelProposesIsTakenOnlyWhereItDoesNoHarm) {
  ASSERT_TRUE(create("EXPOSED", {.mode = SecretMode::kExposed}).has_value());
  EXPECT_EQ(set("EXPOSED", "v").error().why, Why::kInvalid);
  ASSERT_TRUE(
      create("QUERY", {.host = "a.example", .place = SecretPlace::kQuery, .name = "key"}).has_value());
  EXPECT_EQ(set("QUERY", "v").error().why, Why::kInvalid);
  EXPECT_TRUE(set("EXPOSED", "v", SecretBinding{.mode = SecretMode::kExposed}).has_value());
  EXPECT_TRUE(set("EXPOSED", "w").has_value()) << "a person has said it before";
  EXPECT_EQ(value("EXPOSED"), "w");
}

TEST_F(SecretTest, ADeletedSecretIsGoneEvenWhenThatCannotBeWritten) {
  ASSERT_TRUE(set("K", "v", to("a.example")).has_value());
  store.broken = true;
  EXPECT_FALSE(finish(on_delete_secret(monitor, *root, {.server = "srv", .key = "K"})).has_value());
  EXPECT_EQ(monitor.secrets.find(server_id, "K"), nullptr);
  EXPECT_EQ(finish(on_delete_secret(monitor, *root, {.server = "srv", .key = "K"})).error().why,
            Why::kNotFound);
}

TEST_F(SecretTest, AValueWaitsForTheDatabase) {
  ASSERT_TRUE(set("K", "old", to("a.example")).has_value());
  store.broken = true;
  EXPECT_FALSE(set("K", "new").has_value());
  EXPECT_EQ(value("K"), "old");
  store.broken = false;
  EXPECT_TRUE(set("K", "new").has_value());
}

TEST_F(SecretTest, ListsArePagedByKeyAndHoldNoValue) {
  for (const std::string key : {"C", "A", "B"})
    ASSERT_TRUE(set(key, "v-" + key, to("a.example")).has_value());
  const auto page = finish(on_list_secrets(
      monitor, *gateway, {.ticket = ticket_for(gateway), .server = server_id, .page = 2, .page_size = 2}));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->total, 3U);
  ASSERT_EQ(page->secrets.size(), 1U);
  EXPECT_EQ(page->secrets[0].key, "C");
  protocol::SecretPage copy = *page;
  const auto frame = wire::encode(copy);
  EXPECT_EQ(frame->payload.find("v-C"), std::string::npos);
  EXPECT_EQ(finish(on_review_secrets(monitor, *root, {.server = "none"})).error().why, Why::kNotFound);
}

TEST_F(SecretTest, SecretsOfAServerAreBounded) {
  for (std::uint32_t i = 0; i < policy::limits::kSecretsPerServer; ++i)
    ASSERT_TRUE(create("K" + std::to_string(i)).has_value());
  EXPECT_EQ(create("MORE").error().why, Why::kBusy);
  EXPECT_EQ(set("MORE", "v", to("a.example")).error().why, Why::kBusy);
}

}  // namespace
}  // namespace mcpbox::monitor
