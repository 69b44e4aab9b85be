// A stolen admin process: it speaks the admin's side of the protocol, and tries to act without a session,
// with one that has ended or that it does not hold, and beyond what a session may.  It is refused or ended,
// nothing is decided, and whoever is signed in through the admin process beside it goes on.
#include <random>

#include "privsep/monitor/admin_sessions.h"
#include "tests/privsep/monitor/hostile_child.h"

namespace mcpbox::monitor {
namespace {

using protocol::Op;
using protocol::Protocol;
using protocol::Role;
using protocol::State;
namespace limits = policy::limits;

std::string hex_of(const auto& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// Asks each; says how many were done: answered in a session that there is.
int done_of(int socket, const std::vector<wire::Frame>& frames) {
  int done = 0;
  for (const wire::Frame& frame : frames) {
    if (!wire::write_frame(socket, frame)) return kEnded;
    base::Result<wire::Frame> answer = wire::read_frame(socket, kMostBytes, wire::kMaxFds);
    if (!answer) return kEnded;
    if (answer->header.kind == wire::FrameKind::kError) continue;
    const auto reply = wire::decode<protocol::SessionReply>(*answer);
    done += reply && !reply->signed_in && reply->reply.empty() ? 0 : 1;
  }
  return done;
}

class HostileAdmin : public HostileChild {
 public:
  HostileAdmin() {
    monitor.admins["alice"] = "hash";
    monitor.admins["bob"] = "hash";
    honest = peer(Role::kAdmin, State::kServing);
    honest_end = std::move(ends.back());
    ends.pop_back();
    bobs = sign_in(honest, "bob");
    forget_what_was_written();
  }

  using HostileChild::attack;
  int attack(const Act& act) { return attack(act, peer(Role::kAdmin, State::kServing)); }

  std::string sign_in(const std::shared_ptr<Peer>& through, const std::string& who) {
    return finish(monitor.admin_sessions.open(through->instance, who, "browser", "127.0.0.1"))->token;
  }
  void forget_what_was_written() {
    store.records.clear();
    store.statements.clear();
  }

  // Everything that may be asked in a session, inside the envelope with this token.
  static std::vector<wire::Frame> everything_in(const std::string& token) {
    std::vector<wire::Frame> all;
    Protocol::each([&]<class Row>() {
      if constexpr (contains(Row::kWho, Role::kAdmin) && !is_before_session(Row::kOp)) {
        typename Row::Request question{};
        if (base::Result<wire::Frame> inner = wire::encode(question))
          all.push_back(enveloped(token, Row::kOp, std::move(inner->payload)));
      }
    });
    return all;
  }
  static wire::Frame enveloped(const std::string& token, Op op, std::string request) {
    protocol::InSession envelope{.session = std::string_view(token), .op = static_cast<std::uint16_t>(op)};
    envelope.request = std::move(request);
    base::Result<wire::Frame> frame = wire::encode(envelope);
    EXPECT_TRUE(frame.has_value());
    return frame_of(static_cast<std::uint16_t>(Op::kInSession), std::move(frame->payload));
  }

  void nothing_happened(const std::string& what) {
    EXPECT_TRUE(tool().approved.empty()) << what;
    EXPECT_EQ(tool().approval, protocol::Approval::kDraft) << what;
    EXPECT_TRUE(monitor.catalogue.find_server(server_id)->running) << what;
    EXPECT_FALSE(monitor.frozen) << what;
    EXPECT_EQ(monitor.admins.size(), 2u) << what;
    for (const std::string& statement : store.statements)
      EXPECT_EQ(statement, "delete_admin_session") << what << ": sessions that were presented end";
    bob_is_answered(what);
  }

  void bob_is_answered(const std::string& what) {
    protocol::ListSessions inner;
    base::Result<wire::Frame> encoded = wire::encode(inner);
    protocol::InSession question{.session = std::string_view(bobs),
                                 .op = static_cast<std::uint16_t>(Op::kListSessions)};
    question.request = std::move(encoded->payload);
    base::Result<wire::Frame> answer = answer_to(honest_end, question);
    ASSERT_TRUE(answer.has_value()) << what;
    const auto reply = wire::decode<protocol::SessionReply>(*answer);
    ASSERT_TRUE(reply.has_value()) << what;
    EXPECT_TRUE(reply->signed_in) << what;
  }

  std::shared_ptr<Peer> honest;
  base::Fd honest_end;
  std::string bobs;  // token of a session that the thief never saw
};

// By the table itself: a message that is added later is covered.
TEST_F(HostileAdmin, WithoutTheEnvelopeEveryQuestionEndsIt) {
  int tried = 0;
  Protocol::each([&]<class Row>() {
    if (contains(Row::kWho, Role::kAdmin) && is_before_session(Row::kOp)) return;
    typename Row::Request question{};
    base::Result<wire::Frame> frame = wire::encode(question);
    if (!frame) return;  // one with a descriptor
    std::vector<wire::Frame> sent;
    sent.push_back(frame_of(static_cast<std::uint16_t>(Row::kOp), frame->payload));
    const std::string what = "op " + std::to_string(static_cast<int>(Row::kOp));
    EXPECT_EQ(attack([&](int socket) { return answers_to(socket, sent); }), kEnded) << what;
    EXPECT_EQ(store.records.back().number, static_cast<std::int64_t>(Row::kOp)) << what;
    ++tried;
  });
  EXPECT_GT(tried, 60);
  nothing_happened("asking without a session");
}

TEST_F(HostileAdmin, NoTokenThatIsNotOfALiveSessionDoesAnything) {
  const auto before = peer(Role::kAdmin, State::kServing);
  ends.pop_back();
  const std::string ended = sign_in(before, "alice");
  const wire::Id ended_id = monitor.admin_sessions.use(before->instance, ended)->id;
  EXPECT_TRUE(monitor.admin_sessions.end(ended_id, "admin:alice"));
  const std::string gone = sign_in(before, "carol");  // carol is no admin any more
  const wire::Id bobs_id = monitor.admin_sessions.use(honest->instance, bobs)->id;
  forget_what_was_written();
  std::string guessed = bobs;
  guessed[0] = guessed[0] == '0' ? '1' : '0';
  const wire::Digest hash = AdminSessions::hash_of(bobs);  // what the database holds of it
  const std::string tokens[] = {"",           ended, gone, guessed, bobs.substr(1), hex_of(bobs_id),
                                hex_of(hash), "bob"};
  for (const std::string& token : tokens) {
    const std::vector<wire::Frame> sent = everything_in(token);
    ASSERT_GT(sent.size(), 30u);
    EXPECT_EQ(attack([&](int socket) { return done_of(socket, sent); }), 0) << token;
    nothing_happened("a token of no session of its own");
  }
}

TEST_F(HostileAdmin, ASessionThatWasIdleTooLongIsNone) {
  const auto thief = peer(Role::kAdmin, State::kServing);
  const std::string old = sign_in(thief, "alice");
  clock.t += limits::kAdminSessionIdleMs;
  bobs = sign_in(honest, "bob");
  forget_what_was_written();
  const std::vector<wire::Frame> sent = everything_in(old);
  EXPECT_EQ(attack([&](int socket) { return done_of(socket, sent); }, thief), 0);
  nothing_happened("a session that was idle for a day");
}

// Nobody is named in a question: whose session it is says who asks.
TEST_F(HostileAdmin, CannotNameAPrincipal) {
  Protocol::each([]<class Row>() {
    using Question = typename Row::Request;
    if constexpr (contains(Row::kWho, Role::kAdmin)) {
      static_assert(
          !requires(Question q) { q.person; } && !requires(Question q) { q.principal; } &&
          !requires(Question q) { q.uid; } && !requires(Question q) { q.approved_by; });
    }
  });
}

// With the session of somebody who is signed in through it: what no admin asks is not done, and ends every
// session that it has shown, and no other.
TEST_F(HostileAdmin, WhatNoAdminAsksEndsTheSessionsThatItHasShown) {
  int tried = 0;
  Protocol::each([&]<class Row>() {
    if (contains(Row::kWho, Role::kAdmin) && !is_before_session(Row::kOp)) return;
    const auto thief = peer(Role::kAdmin, State::kServing);
    const std::string alices = sign_in(thief, "alice");
    forget_what_was_written();
    typename Row::Request question{};
    base::Result<wire::Frame> inner = wire::encode(question);
    std::vector<wire::Frame> sent;
    sent.push_back(enveloped(alices, Row::kOp, inner ? std::move(inner->payload) : std::string()));
    const std::string what = "op " + std::to_string(static_cast<int>(Row::kOp));
    EXPECT_EQ(attack([&](int socket) { return done_of(socket, sent); }, thief), 0) << what;
    EXPECT_EQ(monitor.admin_sessions.use(honest->instance, alices), nullptr) << what;
    nothing_happened(what);
    ++tried;
  });
  EXPECT_GT(tried, 30);
}

TEST_F(HostileAdmin, TruncatedAndLongerFramesEndIt) {
  Protocol::each([&]<class Row>() {
    if (!contains(Row::kWho, Role::kAdmin) || !is_before_session(Row::kOp)) return;
    if (!contains(Row::kWhile, State::kServing)) return;
    typename Row::Request question{};
    base::Result<wire::Frame> frame = wire::encode(question);
    if (!frame || frame->payload.empty()) return;
    const auto op = static_cast<std::uint16_t>(Row::kOp);
    for (const std::string& payload : {frame->payload.substr(1), frame->payload + '\0'}) {
      std::vector<wire::Frame> sent;
      sent.push_back(frame_of(op, payload));
      EXPECT_EQ(attack([&](int socket) { return answers_to(socket, sent); }), kEnded) << "op " << op;
    }
  });
  wire::Frame huge = frame_of(static_cast<std::uint16_t>(Op::kInSession), "");
  huge.header.length = 0xffff'ffff;
  EXPECT_EQ(attack([&](int socket) { return raw(socket, bytes_of(huge)); }), kEnded);
  nothing_happened("frames of the wrong length");
}

TEST_F(HostileAdmin, AnEnvelopeWithAnotherLayoutInsideEndsWhatItHasShown) {
  Protocol::each([&]<class Row>() {
    if constexpr (contains(Row::kWho, Role::kAdmin) && !is_before_session(Row::kOp)) {
      const auto thief = peer(Role::kAdmin, State::kServing);
      const std::string alices = sign_in(thief, "alice");
      forget_what_was_written();
      typename Row::Request question{};
      base::Result<wire::Frame> inner = wire::encode(question);
      ASSERT_TRUE(inner.has_value());
      std::vector<wire::Frame> sent;
      sent.push_back(enveloped(alices, Row::kOp, inner->payload + '\0'));
      const std::string what = "op " + std::to_string(static_cast<int>(Row::kOp));
      EXPECT_EQ(attack([&](int socket) { return done_of(socket, sent); }, thief), 0) << what;
      EXPECT_EQ(monitor.admin_sessions.use(honest->instance, alices), nullptr) << what;
    }
  });
  nothing_happened("a byte more than the row has");
}

TEST_F(HostileAdmin, NoiseEndsIt) {
  std::mt19937 random(20261201);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed): to be repeatable
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    std::string noise(1 + random() % 4096, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    if (round % 2 == 0) noise = bytes_of(frame_of(static_cast<std::uint16_t>(random() % 100), noise));
    const int end = attack([&](int socket) { return raw(socket, noise); });
    EXPECT_TRUE(end == kEnded || end == 1) << round << ": " << end;
  }
  nothing_happened("noise");
}

// It asks without reading what it is told.
TEST_F(HostileAdmin, AFloodDisturbsNobody) {
  const auto thief = peer(Role::kAdmin, State::kServing);
  base::Fd end = std::move(ends.back());
  ends.pop_back();
  const wire::Frame frame = enveloped(std::string(64, '0'), Op::kListSessions, "");
  const ::pid_t child = ::fork();
  if (child == 0) {
    keep_only(end.get());
    for (;;)
      if (!wire::write_frame(end.get(), frame)) ::_exit(kEnded);
  }
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    bob_is_answered("beside a flood");
    EXPECT_LE(thief->link->queued_bytes(), limits::kLinkQueueBytes);
  }
  ::kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (thief->link->open()) thief->link->close({base::Why::kCancelled, "the test is over"});
  nothing_happened("a flood");
}

}  // namespace
}  // namespace mcpbox::monitor
