// A stolen egress and a stolen dialer, before the monitor: whatever they send, no secret is read without a
// live binding, nothing is decided or stored, and what the honest ones do goes on.  With native code in their
// jails: network_jails_test.cc.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/privsep/monitor/hostile_child.h"
#include "tests/privsep/monitor/network_fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::Op;
using protocol::Protocol;

constexpr std::string_view kValue = "hunter2hunter2";

class HostileNetwork : public HostileChildOf<NetworkTest> {
 protected:
  explicit HostileNetwork(Role role)
      : role_(role), statements_before_(store.statements.size()), records_before_(store.records.size()) {}

  using HostileChildOf::attack;
  int attack(const Act& act) { return attack(act, peer(role_, State::kServing)); }

  // Asks everything that only others may ask, by the table itself: a message that is added later is covered.
  //   returns  how many questions that were
  int ask_what_others_may_ask() {
    int tried = 0;
    Protocol::each([&]<class Row>() {
      if (contains(Row::kWho, role_)) return;
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
    return tried;
  }

  // What it may ask, a byte short and a byte long.
  void ask_with_other_lengths() {
    Protocol::each([&]<class Row>() {
      if (!contains(Row::kWho, role_) || !contains(Row::kWhile, State::kServing)) return;
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
  }

  void make_noise() {
    std::mt19937 random(20261130);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed): to be repeatable
    for (int round = 0; round < 100; ++round) {
      std::string noise(1 + random() % 4096, '\0');
      for (char& c : noise) c = static_cast<char>(random());
      if (round % 2 == 0) {  // behind a header that is right
        wire::Frame frame = frame_of(static_cast<std::uint16_t>(random() % 80), noise);
        noise = bytes_of(frame);
      }
      const int end = attack([&](int socket) { return raw(socket, noise); });
      EXPECT_TRUE(end == kEnded || end == 1) << round << ": " << end;
      if (HasFailure()) break;
    }
  }

  // Whom it stood beside goes on: a call is made and its secret is read.
  void nothing_happened(const std::string& what) {
    EXPECT_EQ(store.statements.size(), statements_before_) << what << " wrote rows";
    for (std::size_t i = records_before_; i < store.records.size(); ++i)
      EXPECT_EQ(store.records[i].action, std::string("broke_protocol")) << what;
    EXPECT_FALSE(monitor.frozen) << what;
    EXPECT_NE(monitor.children.link_of(Role::kEgress), nullptr) << what;
    EXPECT_NE(monitor.children.link_of(Role::kDialer), nullptr) << what;
    const wire::Id call = running_call();
    EXPECT_EQ(read(call, placeholder_of(call)).value_or(protocol::SecretValue{}).value, kValue) << what;
    end_call(call);
  }

 private:
  const Role role_;
  const std::size_t statements_before_;
  const std::size_t records_before_;
};

class HostileDialer : public HostileNetwork {
 protected:
  HostileDialer() : HostileNetwork(Role::kDialer) {}
};
class HostileEgress : public HostileNetwork {
 protected:
  HostileEgress() : HostileNetwork(Role::kEgress) {}
};

TEST_F(HostileDialer, MayAskNothingOnceItServes) {
  EXPECT_GT(ask_what_others_may_ask(), 60);
  nothing_happened("asking what others may ask");
}

TEST_F(HostileDialer, NoiseEndsIt) {
  make_noise();
  nothing_happened("noise");
}

TEST_F(HostileEgress, EveryQuestionOfAnotherRoleEndsIt) {
  EXPECT_GT(ask_what_others_may_ask(), 60);
  nothing_happened("asking what others may ask");
}

TEST_F(HostileEgress, TruncatedAndLongerFramesEndIt) {
  ask_with_other_lengths();
  nothing_happened("frames of the wrong length");
}

TEST_F(HostileEgress, NoiseEndsIt) {
  make_noise();
  nothing_happened("noise");
}

// --- Secrets ----------------------------------------------------------------------------------------------

struct Guess {
  wire::Id grant;
  std::string placeholder;
  std::string host;
  std::uint16_t port = 0;
};

wire::Frame question_of(const Guess& guess) {
  protocol::ReadSecret question{
      .grant = guess.grant, .placeholder = guess.placeholder, .host = guess.host, .port = guess.port};
  base::Result<wire::Frame> frame = wire::encode(question);
  return frame_of(static_cast<std::uint16_t>(Op::kReadSecret), frame ? std::move(frame->payload) : "");
}

// Asks all of them on one link; says for how many it got an answer that holds a value.
int values_for(int socket, const std::vector<Guess>& guesses) {
  int got = 0;
  for (const Guess& guess : guesses) {
    if (!wire::write_frame(socket, question_of(guess))) return kEnded;
    const base::Result<wire::Frame> answer = wire::read_frame(socket, kMostBytes, wire::kMaxFds);
    if (!answer) return kEnded;
    const bool value =
        answer->header.kind == wire::FrameKind::kReply || answer->payload.find(kValue) != std::string::npos;
    got += value ? 1 : 0;
  }
  return got;
}

// Of every mixture of what is right, of what was right, and of what is guessed, the one that is right in all
// of it is answered.
TEST_F(HostileEgress, ReadsNoSecretWithoutALiveBinding) {
  const wire::Id over = running_call();
  const std::string of_over = placeholder_of(over);
  end_call(over);
  const wire::Id other = running_call();
  const std::string of_other = placeholder_of(other);
  const std::function<void()> finish_other = finish_call;
  const wire::Id live = running_call();
  const std::string of_live = placeholder_of(live);
  ASSERT_TRUE(!of_over.empty() && !of_other.empty() && !of_live.empty());

  std::mt19937 random(20261201);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed): to be repeatable
  wire::Id near = live;
  near[random() % near.size()] ^= 1;
  std::string close = of_live;
  close.back() = close.back() == '0' ? '1' : '0';
  const std::vector<wire::Id> grants{live, over, near, wire::Id{}, tool_id, server_id};
  const std::vector<std::string> placeholders{
      of_live, of_over, of_other, close, "API_KEY", "", "mcpbox-secret-", of_live + "0", of_live.substr(1)};
  const std::vector<std::string> hosts{"api.example.com",
                                       "evil.example",
                                       "API.example.com",
                                       "api.example.com.",
                                       "*.example.com",
                                       "api.example.com.evil.example",
                                       "*",
                                       "api.example.com:443",
                                       "127.0.0.1",
                                       ""};
  const std::vector<std::uint16_t> ports{443, 80, 0, 444, 65535};
  std::vector<Guess> guesses;
  for (const wire::Id& grant : grants)
    for (const std::string& placeholder : placeholders)
      for (const std::string& host : hosts)
        for (const std::uint16_t port : ports) {
          const bool right = grant == live && placeholder == of_live && host == hosts[0] && port == ports[0];
          if (!right) guesses.push_back({grant, placeholder, host, port});
        }
  std::ranges::shuffle(guesses, random);
  ASSERT_GT(guesses.size(), 2'500U);
  EXPECT_EQ(attack([&](int socket) { return values_for(socket, guesses); }), 0);
  EXPECT_EQ(store.count(AuditKind::kSecretRead), 0U);
  const std::vector<Guess> right{{live, of_live, hosts[0], ports[0]}};
  EXPECT_EQ(attack([&](int socket) { return values_for(socket, right); }), 1) << "and what is right is given";
  EXPECT_EQ(store.count(AuditKind::kSecretRead), 1U) << "and recorded";

  end_call(live);
  EXPECT_EQ(attack([&](int socket) { return values_for(socket, right); }), 0) << "until the call is over";
  finish_call = finish_other;
  end_call(other);
}

}  // namespace
}  // namespace mcpbox::monitor
