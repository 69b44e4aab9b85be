// Mirrors privsep/loop/link.cc: a peer that does not keep to the rules, or does not read what it is sent.
#include <random>
#include <thread>

#include "tests/privsep/loop/link_fixture.h"

namespace mcpbox::loop {
namespace {

using namespace testing;
using base::Why;
using wire::FrameKind;
namespace limits = policy::limits;

constexpr auto kDoubleOp = static_cast<std::uint16_t>(TestOp::kDouble);
constexpr auto kToldOp = static_cast<std::uint16_t>(TestOp::kTold);

std::string header_bytes(const wire::Header& header) {
  const wire::HeaderBytes head = wire::encode_header(header);
  return {reinterpret_cast<const char*>(head.data()), head.size()};
}

TEST_F(LinkTest, AnAnswerThatNobodyAskedForEndsThePeer) {
  Doubled answer{.value = 1};
  far_sends(FrameKind::kReply, kDoubleOp, 5, answer);
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, ASecondAnswerToOneAskEndsThePeer) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(near.link(), 1, answer));
  const std::uint32_t serial = far_reads().header.serial;
  Doubled value{.value = 2};
  far_sends(FrameKind::kReply, kDoubleOp, serial, value);
  far_sends(FrameKind::kReply, kDoubleOp, serial, value);
  ASSERT_TRUE(until_closed());
  EXPECT_EQ((*answer)->value, 2U);
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, AFrameAtTheLimitIsTakenAndOneByteMoreEndsThePeer) {
  Told at_limit{.what = std::string(limits::kMiB, 'x')};
  std::jthread writer([&] { far_sends(FrameKind::kNotice, kToldOp, 0, at_limit); });
  ASSERT_TRUE(until([&] { return near.requests.size() == 1; }));
  writer.join();
  far_writes(header_bytes({.length = limits::kMiB + 5, .kind = FrameKind::kNotice}));
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
  EXPECT_EQ(near.requests.size(), 1U);
}

TEST_F(LinkTest, AnUnknownKindEndsThePeer) {
  std::string head = header_bytes({});
  head[10] = 9;
  far_writes(head);
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, AMissingDescriptorEndsThePeer) {
  far_writes(header_bytes({.fds = 1}));
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, ADescriptorThatWasNotAnnouncedEndsThePeer) {
  std::vector<base::Fd> fds;
  fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const wire::HeaderBytes head = wire::encode_header({});
  ASSERT_TRUE(wire::send_some(ends.far.get(), head, fds));
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, ADescriptorMoreThanTheLinkTakesEndsThePeer) {
  std::vector<base::Fd> fds;
  for (int i = 0; i < 2; ++i) fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const wire::HeaderBytes head = wire::encode_header({.fds = 2});
  ASSERT_TRUE(wire::send_some(ends.far.get(), head, fds));
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, ADescriptorInTheMiddleOfAFrameEndsThePeer) {
  const std::string head = header_bytes({.length = 4});
  far_writes(head.substr(0, 6));
  turn_while_busy(loop);
  std::vector<base::Fd> fds;
  fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::span<const unsigned char> rest{reinterpret_cast<const unsigned char*>(head.data()) + 6, 6};
  ASSERT_TRUE(wire::send_some(ends.far.get(), rest, fds));
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kInvalid);
}

TEST_F(LinkTest, NothingIsReadFromAPeerThatDoesNotReadUntilItDoes) {
  Told megabyte{.what = std::string(limits::kMiB, 'x')};
  std::size_t told = 0;
  while (near.link().queued_bytes() <= limits::kLinkPauseBytes) {
    ASSERT_TRUE(near.link().notify(megabyte));
    ++told;
  }
  Double question{.value = 1};
  far_asks(question, 1);
  turn_while_busy(loop);
  EXPECT_TRUE(near.requests.empty());

  std::jthread reader([&] {
    for (std::size_t i = 0; i < told; ++i) far_reads();
  });
  EXPECT_TRUE(until([&] { return near.requests.size() == 1; }));
  EXPECT_TRUE(until([&] { return near.link().queued_bytes() == 0; }));
}

TEST_F(LinkTest, APeerThatNeverReadsIsEndedAtTheBound) {
  Told megabyte{.what = std::string(limits::kMiB, 'x')};
  for (std::size_t i = 0; i < limits::kLinkQueueBytes / limits::kMiB - 1; ++i)
    ASSERT_TRUE(near.link().notify(megabyte));
  EXPECT_TRUE(near.link().open());
  EXPECT_LE(near.link().queued_bytes(), limits::kLinkQueueBytes);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(near.link().notify(megabyte));
  EXPECT_FALSE(near.link().open());
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(near.closed[0].why, Why::kBroken);
  EXPECT_EQ(near.link().queued_bytes(), 0U);
}

TEST_F(LinkTest, RequestsBeyondTheBoundWaitUntilOneIsAnswered) {
  Double question{.value = 1};
  std::jthread writer([&] {
    for (std::uint32_t serial = 1; serial <= limits::kRequestsPerPeer + 1; ++serial)
      far_asks(question, serial);
  });
  ASSERT_TRUE(until([&] { return near.requests.size() == limits::kRequestsPerPeer; }));
  writer.join();
  turn_while_busy(loop);
  EXPECT_EQ(near.requests.size(), limits::kRequestsPerPeer);
  Doubled answer{.value = 2};
  near.link().reply(near.requests[0].header, answer);
  EXPECT_TRUE(until([&] { return near.requests.size() == limits::kRequestsPerPeer + 1; }));
}

TEST_F(LinkTest, AFloodOfFramesLetsOthersHaveTheirTurn) {
  Ends quiet;
  Watched other(loop, std::move(quiet.near));
  Told news{.what = "n"};
  constexpr std::size_t kFlood = std::size_t{20} * limits::kFramesPerTurn;
  const wire::Frame frame = wire::encode(news).value();
  std::string flood;
  for (std::size_t i = 0; i < kFlood; ++i)
    flood += header_bytes({.length = frame.header.length, .op = kToldOp, .kind = FrameKind::kNotice}) +
             frame.payload;
  far_writes(flood);
  ASSERT_TRUE(wire::write_message(quiet.far.get(), FrameKind::kNotice, kToldOp, 0, news));
  std::size_t flooded_before_the_quiet_one = kFlood;
  other.on_request = [&](wire::Frame& /*frame*/) { flooded_before_the_quiet_one = near.requests.size(); };
  ASSERT_TRUE(until([&] { return near.requests.size() == kFlood && other.requests.size() == 1; }));
  EXPECT_LE(flooded_before_the_quiet_one, limits::kFramesPerTurn);
}

TEST_F(LinkTest, NoiseEndsAPeerAndNothingElse) {
  std::mt19937 random(20'251'122);
  for (int round = 0; round < 200; ++round) {
    Ends noisy;
    Watched link(loop, std::move(noisy.near), LinkLimits{.max_payload = 64, .fds_in = 1});
    std::string noise(1 + random() % 200, '\0');
    for (char& byte : noise) byte = static_cast<char>(random() % 8);
    ASSERT_EQ(::write(noisy.far.get(), noise.data(), noise.size()), static_cast<ssize_t>(noise.size()));
    noisy.far.reset();
    ASSERT_TRUE(until([&] { return !link.closed.empty(); }));
    EXPECT_EQ(link.closed.size(), 1U);
  }
  EXPECT_TRUE(near.link().open());
}

}  // namespace
}  // namespace mcpbox::loop
