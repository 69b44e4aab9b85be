// A stolen gateway: a process that speaks the gateway's side of the protocol and wants more.  Whatever it
// sends, it is refused or ended, nothing is decided or stored, and the gateway beside it goes on.
#include <random>

#include "tests/privsep/monitor/hostile_child.h"

namespace mcpbox::monitor {
namespace {

using protocol::Protocol;
using protocol::Role;
using protocol::State;
namespace limits = policy::limits;

class HostileGateway : public HostileChild {
 public:
  HostileGateway() {
    honest = peer(Role::kNetLocal, State::kServing);
    honest_end = std::move(ends.back());
    ends.pop_back();
    honest_ticket = ticket_for(honest);
    monitor.secrets.put({.id = {3}, .server = server_id, .key = "KEY", .stored = "closed value"});
  }

  using HostileChild::attack;
  int attack(const Act& act) { return attack(act, peer(Role::kNetLocal, State::kServing)); }

  void nothing_happened(const std::string& what) {
    EXPECT_TRUE(tool().approved.empty()) << what;
    EXPECT_EQ(tool().approval, protocol::Approval::kDraft) << what;
    EXPECT_TRUE(monitor.catalogue.find_server(server_id)->running) << what;
    EXPECT_FALSE(monitor.frozen) << what;
    EXPECT_EQ(monitor.calls.in_flight(), 0u) << what;
    EXPECT_TRUE(store.statements.empty()) << what << " wrote rows";
    for (const AuditRecord& record : store.records)
      EXPECT_EQ(record.action, std::string("broke_protocol")) << what;
    EXPECT_TRUE(monitor.redeem(*honest, honest_ticket).has_value()) << what;
    honest_is_answered(what);
  }

  void honest_is_answered(const std::string& what) {
    protocol::Read question{.ticket = honest_ticket, .query = protocol::Query::kListServers};
    store.answers["list_servers"].rows = {{"{}"}};
    const base::Result<wire::Frame> answer = answer_to(honest_end, question);
    ASSERT_TRUE(answer.has_value()) << what;
    EXPECT_EQ(answer->header.kind, wire::FrameKind::kReply) << what;
  }

  std::shared_ptr<Peer> honest;
  base::Fd honest_end;
  wire::Id honest_ticket{};
};

// By the table itself: a message that is added later is covered.
TEST_F(HostileGateway, EveryQuestionOfAnotherRoleEndsIt) {
  int tried = 0;
  Protocol::each([&]<class Row>() {
    if (contains(Row::kWho, Role::kNetLocal)) return;
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
  EXPECT_GT(tried, 40);
  nothing_happened("asking what others may ask");
}

TEST_F(HostileGateway, NoTicketThatIsNotItsOwnIsWorthAnything) {
  const auto before = peer(Role::kNetLocal, State::kServing);
  const wire::Id old = ticket_for(before);
  monitor.tickets.forget(before->instance);
  ends.pop_back();
  wire::Id guessed = honest_ticket;
  guessed[0] ^= 1;
  for (const wire::Id& ticket : {wire::Id{}, honest_ticket, old, guessed}) {
    std::vector<wire::Frame> sent;
    Protocol::each([&]<class Row>() {
      if constexpr (requires(typename Row::Request q) { q.ticket; }) {
        if (!contains(Row::kWho, Role::kNetLocal)) return;
        typename Row::Request question{};
        question.ticket = ticket;
        base::Result<wire::Frame> frame = wire::encode(question);
        if (frame) sent.push_back(frame_of(static_cast<std::uint16_t>(Row::kOp), frame->payload));
      }
    });
    ASSERT_GT(sent.size(), 10u);
    EXPECT_EQ(attack([&](int socket) { return answers_to(socket, sent); }), 0);
    nothing_happened("a ticket of somebody else");
  }
}

// Callers are named by the kernel, through a descriptor: no question has a place for a name.
TEST_F(HostileGateway, CannotNameAPrincipal) {
  Protocol::each([]<class Row>() {
    using Question = typename Row::Request;
    if constexpr (contains(Row::kWho, Role::kNetLocal)) {
      static_assert(
          !requires(Question q) { q.who; } && !requires(Question q) { q.person; } &&
          !requires(Question q) { q.principal; } && !requires(Question q) { q.uid; });
    }
  });
}

TEST_F(HostileGateway, TruncatedAndLongerFramesEndIt) {
  Protocol::each([&]<class Row>() {
    if (!contains(Row::kWho, Role::kNetLocal) || !contains(Row::kWhile, State::kServing)) return;
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
  nothing_happened("frames of the wrong length");
}

TEST_F(HostileGateway, AFrameOverTheLimitEndsItBeforeItIsRead) {
  const auto thief = peer(Role::kNetLocal, State::kServing);
  const wire::Frame huge = [] {
    wire::Frame frame = frame_of(static_cast<std::uint16_t>(protocol::Op::kRead), "");
    frame.header.length = 0xffff'ffff;
    return frame;
  }();
  EXPECT_EQ(attack([&](int socket) { return raw(socket, bytes_of(huge)); }, thief), kEnded);
  nothing_happened("a frame of 4 GiB");
}

TEST_F(HostileGateway, AnswersThatNobodyAskedForEndIt) {
  for (const wire::FrameKind kind : {wire::FrameKind::kReply, wire::FrameKind::kError}) {
    wire::Frame frame = frame_of(static_cast<std::uint16_t>(protocol::Op::kRead), "");
    frame.header.kind = kind;
    frame.header.serial = 12345;
    EXPECT_EQ(attack([&](int socket) { return raw(socket, bytes_of(frame)); }), kEnded);
  }
  nothing_happened("answers without a question");
}

TEST_F(HostileGateway, NoiseEndsIt) {
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
  nothing_happened("noise");
}

// It asks without reading what it is told.  The monitor stops reading from it, and others are served.
TEST_F(HostileGateway, AFloodIsNotReadAndDisturbsNobody) {
  const auto thief = peer(Role::kNetLocal, State::kServing);
  base::Fd end = std::move(ends.back());
  ends.pop_back();
  protocol::Read question{.query = protocol::Query::kListServers};
  base::Result<wire::Frame> encoded = wire::encode(question);
  ASSERT_TRUE(encoded.has_value());
  const wire::Frame frame = frame_of(static_cast<std::uint16_t>(protocol::Op::kRead), encoded->payload);
  const ::pid_t child = ::fork();
  if (child == 0) {
    keep_only(end.get());
    for (;;)
      if (!wire::write_frame(end.get(), frame)) ::_exit(kEnded);
  }
  for (int i = 0; i < 200; ++i) {
    honest_is_answered("beside a flood");
    if (HasFailure()) break;
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
