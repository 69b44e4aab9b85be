// Mirrors remote_access.cc and on_remote.cc: whose a request is, and what its ticket is good for.
#include "privsep/monitor/remote_access.h"

#include <unistd.h>

#include <algorithm>
#include <functional>

#include "tests/privsep/monitor/remote_fixture.h"
#include "tests/support/assertion_vectors.h"

namespace mcpbox::monitor {
namespace {

TEST_F(RemoteTest, ASignedRequestIsItsSignersOnce) {
  const AuthenticateRemote q = request();
  const auto who = ask(q);
  ASSERT_TRUE(who.has_value()) << who.error().text;
  EXPECT_EQ(who->who, "remote:ada@example.org");
  EXPECT_FALSE(who->anonymous);
  ASSERT_EQ(store.records.size(), 1u);
  EXPECT_EQ(store.records[0].action, "remote_admitted");
  EXPECT_EQ(store.records[0].payload, std::string(q.nonce.begin(), q.nonce.end()));
  expect_refused(q, "a second time");
}

TEST_F(RemoteTest, TheWorkersOwnAssertionsAreAdmitted) {
  auto vectors = test::assertion_vectors(ASSERTION_VECTORS);
  ASSERT_EQ(vectors.size(), 4u);
  RemoteConfig everyone = config();
  everyone.policy = RemotePolicy::kEveryone;
  everyone.entries.clear();
  monitor.remote.set(everyone);
  std::string open(65, '\0');
  sodium_bin2hex(open.data(), open.size(), worker.open.data(), worker.open.size());
  open.pop_back();
  EXPECT_EQ(vectors[0].at("public-key"), open);
  unsigned char nonce = 0;
  for (std::size_t i = 1; i < vectors.size(); ++i) {
    auto& vector = vectors[i];
    AuthenticateRemote q = request();
    std::ranges::generate(q.nonce, [&nonce] { return nonce++; });
    nonce = 0;
    q.method = vector["method"];
    q.path = vector["path"];
    q.query = vector["query"];
    q.body = vector["body"];
    q.body_hash = sha256_of(vector["body"]);
    q.rpc_method = vector["rpc-method"];
    q.rpc_name = vector["rpc-name"];
    q.subject = vector["subject"];
    q.email = vector["email"];
    q.client_id = vector["client-id"];
    q.scope = vector["scope"];
    std::string text(vector["text"].size() / 2, '\0');
    sodium_hex2bin(reinterpret_cast<unsigned char*>(text.data()), text.size(), vector["text"].data(),
                   vector["text"].size(), nullptr, nullptr, nullptr);
    EXPECT_EQ(text_of_request(q), text) << vector["case"];
    const std::string& header = vector["header"];
    const std::string signature = header.substr(header.find('.') + 1);
    ASSERT_EQ(sodium_base642bin(q.signature.data(), q.signature.size(), signature.data(), signature.size(),
                                nullptr, nullptr, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
              0);
    // The vectors share a nonce: each has a monitor that has seen none.
    RemoteAccess fresh(clock);
    fresh.set(everyone);
    const auto admitted = fresh.admit(q);
    EXPECT_TRUE(admitted.has_value()) << vector["case"] << ": " << admitted.error().text;
  }
}

TEST_F(RemoteTest, EveryFieldIsSignedFor) {
  struct Lie {
    const char* about;
    std::function<void(AuthenticateRemote&)> tell;
  };
  const Lie lies[] = {
      {"key", [](auto& q) { q.key_id = "k2"; }},
      {"issuer", [](auto& q) { q.issuer = "https://evil.example"; }},
      {"audience", [](auto& q) { q.audience = "mcpbox:other"; }},
      {"issued at", [](auto& q) { q.issued_at -= 1, q.expires_at -= 1; }},
      {"expiry", [](auto& q) { q.expires_at += 1; }},
      {"nonce", [](auto& q) { q.nonce[0] ^= 1U; }},
      {"method", [](auto& q) { q.method = "GET"; }},
      {"path", [](auto& q) { q.path = "/mcp/servers/srv"; }},
      {"query", [](auto& q) { q.query = "a"; }},
      {"body and its hash", [](auto& q) { q.body = "{}", q.body_hash = sha256_of("{}"); }},
      {"body alone", [](auto& q) { q.body += " "; }},
      {"hash alone", [](auto& q) { q.body_hash[0] ^= 1U; }},
      {"JSON-RPC method", [](auto& q) { q.rpc_method = "tools/list"; }},
      {"name", [](auto& q) { q.rpc_name = "srv__other"; }},
      {"subject", [](auto& q) { q.subject = "person-2"; }},
      {"e-mail", [](auto& q) { q.email = "Ada@example.org"; }},
      {"no e-mail", [](auto& q) { q.email = ""; }},
      {"client", [](auto& q) { q.client_id = "other"; }},
      {"scope", [](auto& q) { q.scope = "mcp admin"; }},
      {"a field moved into the next", [](auto& q) { q.subject = "person-1\nada@example.org", q.email = ""; }},
      {"signature", [](auto& q) { q.signature[63] ^= 1U; }},
      {"no signature", [](auto& q) { q.signature = {}; }},
      {"service token", [](auto& q) { q.service_token[0] = 'x'; }},
      {"no service token", [](auto& q) { q.service_token = ""; }},
  };
  for (const Lie& lie : lies) {
    AuthenticateRemote q = request();
    lie.tell(q);
    expect_refused(std::move(q), lie.about);
  }
  for (const AuditRecord& record : store.records) EXPECT_NE(record.action, "remote_admitted");
  EXPECT_TRUE(ask(request()).has_value()) << "and none of it locks out whoever is honest";
}

TEST_F(RemoteTest, AnotherKeyAndAnotherInstallationAreNobodys) {
  AuthenticateRemote forged = request();
  sign(forged, KeyPair(8));
  expect_refused(forged, "signed by somebody else");
  AuthenticateRemote other = request();
  other.audience = "mcpbox:elsewhere";
  sign(other, worker);
  expect_refused(other, "signed for another installation with the same Worker");
}

TEST_F(RemoteTest, AMinuteIsAMinute) {
  const auto at = [this](std::int64_t issued, std::int64_t life) {
    AuthenticateRemote q = request();
    q.issued_at = issued;
    q.expires_at = issued + life;
    sign(q, worker);
    return q;
  };
  EXPECT_TRUE(ask(at(kNow + 30, 60)).has_value()) << "the Worker's clock is ahead";
  expect_refused(at(kNow + 31, 60), "too far ahead");
  EXPECT_TRUE(ask(at(kNow - 60, 60)).has_value());
  expect_refused(at(kNow - 61, 60), "held back");
  expect_refused(at(kNow, 61), "a longer life");
  expect_refused(at(kNow, -60), "a life that ends before it begins");
}

TEST_F(RemoteTest, ANonceIsRememberedLongerThanItsRequestIsGood) {
  const AuthenticateRemote q = request();
  ASSERT_TRUE(ask(q).has_value());
  for (std::int64_t later = 1; later <= 60; later += 10) {
    clock.t = (kNow + later) * 1000;
    expect_refused(q, "again after " + std::to_string(later) + " s");
  }
}

TEST_F(RemoteTest, ARestartForgetsNoNonce) {
  const AuthenticateRemote q = request();
  store.answers["spent_nonces"].rows.push_back(
      {std::string(q.nonce.begin(), q.nonce.end()), std::to_string(kNow)});
  ASSERT_TRUE(finish(monitor.load()).has_value());
  monitor.remote.set(config());
  expect_refused(q, "used before the restart");
  EXPECT_TRUE(ask(request()).has_value());
}

TEST_F(RemoteTest, WithoutADatabaseNobodyComesIn) {
  store.broken = true;
  expect_refused(request(), "its nonce cannot be recorded");
}

TEST_F(RemoteTest, WithoutAWorkerNobodyComesIn) {
  monitor.remote.set({});
  AuthenticateRemote q = request();
  q.key_id = "";
  q.service_token = "";
  expect_refused(q, "nothing is set up");
}

TEST_F(RemoteTest, WhoMayComeIsDecidedByTheAddress) {
  const auto comes = [this](const std::string& email) {
    AuthenticateRemote q = request();
    q.email = email;
    sign(q, worker);
    return ask(std::move(q)).has_value();
  };
  EXPECT_TRUE(comes("ADA@EXAMPLE.ORG"));
  EXPECT_FALSE(comes("eve@example.org"));
  EXPECT_FALSE(comes(""));
  RemoteConfig changed = config();
  changed.policy = RemotePolicy::kDomain;
  changed.entries[0].value = "Example.org";
  monitor.remote.set(changed);
  EXPECT_TRUE(comes("eve@example.org"));
  for (const char* outside :
       {"", "example.org", "eve@sub.example.org", "eve@example.org.evil.example", "eve@xexample.org"})
    EXPECT_FALSE(comes(outside)) << outside;
  changed.policy = RemotePolicy::kEveryone;
  changed.entries.clear();
  monitor.remote.set(changed);
  EXPECT_TRUE(comes("anybody@example.com"));
  EXPECT_TRUE(comes(""));
}

TEST_F(RemoteTest, AHostileGatewayThatInventsUsersGetsNone) {
  AuthenticateRemote invented = request();
  invented.signature = {};
  for (int i = 0; i < 50; ++i) {
    invented.email = "user" + std::to_string(i) + "@example.org";
    invented.nonce = random_bits();
    expect_refused(invented, invented.email);
  }
  for (int i = 0; i < 50; ++i)
    EXPECT_FALSE(finish(on_list_published(monitor, *gateway, {.ticket = random_bits()})).has_value());
  protocol::Authenticate as_local;
  as_local.connection.reset(::dup(STDERR_FILENO));
  EXPECT_EQ(send(gateway, std::move(as_local)), Verdict::kKillPeer) << "nor is it local";
  const auto local = peer(Role::kNetLocal, State::kServing);
  EXPECT_EQ(send(local, request()), Verdict::kKillPeer) << "and the local one is not the tunnel";
}

TEST_F(RemoteTest, ATicketIsGoodForTheRequestThatWasSigned) {
  monitor.policy.set(policy::Setting::kRemoteToolEditing, "enabled");
  const wire::Id list = ask(request_for("tools/list", ""))->ticket;
  EXPECT_TRUE(may(list, Op::kListPublished));
  EXPECT_TRUE(may(list, Op::kListPublished)) << "page after page";
  for (const Op op : {Op::kOpenCall, Op::kCreateTool, Op::kCreateServer, Op::kTestCode, Op::kRead,
                      Op::kOpenSession, Op::kCloseSession, Op::kAnswerCall, Op::kRequestPublish})
    EXPECT_FALSE(may(list, op)) << static_cast<int>(op);
  const wire::Id create = ask(request_for("tools/call", "mcpbox_create_tool"))->ticket;
  EXPECT_FALSE(may(create, Op::kUpdateTool));
  EXPECT_FALSE(may(create, Op::kOpenCall));
  EXPECT_TRUE(may(create, Op::kCreateTool));
  EXPECT_FALSE(may(create, Op::kCreateTool)) << "one request, one tool";
}

TEST_F(RemoteTest, ACallIsTheOneThatWasSigned) {
  const auto call = [this](const wire::Id& ticket, const char* server, const char* tool,
                           const std::string& body) {
    protocol::OpenCall q{.ticket = ticket, .server = server, .tool = tool};
    q.body = body;
    return finish(on_open_call(monitor, *gateway, std::move(q)));
  };
  const wire::Id ticket = ask(request())->ticket;
  for (const auto& refused :
       {call(ticket, "", "srv__other", kBody), call(ticket, "srv", "greet", kBody),
        call(ticket, "", "srv__greet", kBody + " "), call(ticket, "", "srv__greet", "")}) {
    ASSERT_FALSE(refused.has_value());
    EXPECT_STREQ(refused.error().text, "the request was signed for something else");
  }
  const auto prompt = call(ask(request_for("prompts/get", "srv__greet"))->ticket, "", "srv__greet", kBody);
  ASSERT_FALSE(prompt.has_value());
  EXPECT_STREQ(prompt.error().text, "the request was signed for something else") << "a prompt is no tool";
  EXPECT_TRUE(finish(on_list_published(monitor, *gateway, {.ticket = ticket})).has_value());
  AuthenticateRemote elsewhere = request();
  elsewhere.path = "/mcp/servers/other";
  sign(elsewhere, worker);
  const wire::Id of_other = ask(elsewhere)->ticket;
  for (const char* server : {"", "srv"}) {
    const auto listed = finish(on_list_published(monitor, *gateway, {.ticket = of_other, .server = server}));
    ASSERT_FALSE(listed.has_value()) << "another endpoint than the one that was asked";
    EXPECT_STREQ(listed.error().text, "the request was signed for something else");
  }
}

TEST_F(RemoteTest, ATicketIsNoUseLaterOrElsewhere) {
  const wire::Id ticket = ask(request())->ticket;
  const auto other = peer(Role::kNetTunnel, State::kServing);
  EXPECT_FALSE(finish(on_list_published(monitor, *other, {.ticket = ticket})).has_value());
  clock.t = (kNow + 61) * 1000;
  EXPECT_FALSE(may(ticket, Op::kOpenCall)) << "held back for more than a minute";
  EXPECT_TRUE(may(ticket, Op::kCancelCall)) << "but a call can always be withdrawn";
}

TEST_F(RemoteTest, WhoeverHasNoAddressSaysHelloAndListsWhereThatIsAllowed) {
  RemoteConfig everyone = config();
  everyone.policy = RemotePolicy::kEveryone;
  everyone.entries.clear();
  monitor.remote.set(everyone);
  const auto anonymous = [this](const char* method, const char* name) {
    AuthenticateRemote q = request_for(method, name);
    q.email = "";
    sign(q, worker);
    return ask(std::move(q));
  };
  const auto hello = anonymous("initialize", "");
  EXPECT_EQ(hello->who, "anonymous:person-1");
  EXPECT_TRUE(hello->anonymous);
  EXPECT_FALSE(hello->may_list);
  EXPECT_TRUE(may(hello->ticket, Op::kOpenSession));
  const wire::Id list = anonymous("tools/list", "")->ticket;
  EXPECT_FALSE(may(list, Op::kListPublished));
  monitor.policy.set(policy::Setting::kAnonymousListing, "enabled");
  EXPECT_TRUE(may(list, Op::kListPublished));
  EXPECT_TRUE(anonymous("tools/list", "")->may_list);
  monitor.policy.set(policy::Setting::kRemoteToolEditing, "enabled");
  EXPECT_FALSE(may(anonymous("tools/call", "srv__greet")->ticket, Op::kOpenCall));
  EXPECT_FALSE(may(anonymous("tools/call", "mcpbox_create_tool")->ticket, Op::kCreateTool));
  EXPECT_FALSE(may(anonymous("tools/call", "mcpbox_list_tools")->ticket, Op::kRead));
}

TEST_F(RemoteTest, AnAnswerThatNobodySentCanOnlyBeARefusal) {
  const wire::Id ticket = ask(request())->ticket;
  protocol::AnswerCall invented{.ticket = ticket};
  invented.answer = R"({"action":"accept"})";
  const auto answered = finish(on_answer_call(monitor, *gateway, invented));
  ASSERT_FALSE(answered.has_value());
  EXPECT_STREQ(answered.error().text, "the request was signed for something else");
}

TEST_F(RemoteTest, LongNamesStayTwo) {
  RemoteConfig everyone = config();
  everyone.policy = RemotePolicy::kEveryone;
  everyone.entries.clear();
  monitor.remote.set(everyone);
  const auto name = [this](char last) {
    AuthenticateRemote q = request();
    q.email = std::string(240, 'a') + last + "@example.org";
    sign(q, worker);
    return ask(std::move(q))->who;
  };
  EXPECT_LE(name('a').size(), 128u);
  EXPECT_NE(name('a'), name('b'));
}

}  // namespace
}  // namespace mcpbox::monitor
