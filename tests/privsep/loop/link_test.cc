// Mirrors privsep/loop/link.cc: a peer that keeps to the rules.
#include "privsep/loop/link.h"

#include "tests/privsep/loop/link_fixture.h"

namespace mcpbox::loop {
namespace {

using namespace testing;
using base::Why;
using wire::FrameKind;
namespace limits = policy::limits;

constexpr auto kDoubleOp = static_cast<std::uint16_t>(TestOp::kDouble);
constexpr auto kToldOp = static_cast<std::uint16_t>(TestOp::kTold);

TEST_F(LinkTest, AnAskIsAnsweredBySerialWhateverTheOrder) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> first, second;
  tasks.spawn(asks(near.link(), 1, first));
  tasks.spawn(asks(near.link(), 2, second));
  const wire::Frame one = far_reads();
  const wire::Frame two = far_reads();
  EXPECT_EQ(one.header.op, kDoubleOp);
  EXPECT_NE(one.header.serial, two.header.serial);
  Doubled four{.value = 4};
  Doubled two_doubled{.value = 2};
  far_sends(FrameKind::kReply, kDoubleOp, two.header.serial, four);
  ASSERT_TRUE(until([&] { return second.has_value(); }));
  EXPECT_FALSE(first.has_value());
  far_sends(FrameKind::kReply, kDoubleOp, one.header.serial, two_doubled);
  ASSERT_TRUE(until([&] { return first.has_value(); }));
  EXPECT_EQ((*first)->value, 2U);
  EXPECT_EQ((*second)->value, 4U);
}

TEST_F(LinkTest, TwoLinksTalkToEachOther) {
  Ends other;
  Watched left(loop, std::move(other.near));
  Watched right(loop, std::move(other.far));
  right.on_request = [&](wire::Frame& frame) {
    const Double question = wire::decode<Double>(frame).value();
    Doubled answer{.value = 2 * question.value};
    right.link().reply(frame.header, answer);
  };
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(left.link(), 21, answer));
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ((*answer)->value, 42U);
}

TEST_F(LinkTest, AnErrorAnswerBecomesTheAskersError) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(near.link(), 1, answer));
  const wire::Frame asked = far_reads();
  wire::ErrorBody no{.why = static_cast<std::uint8_t>(Why::kConflict), .text = "taken"};
  far_sends(FrameKind::kError, kDoubleOp, asked.header.serial, no);
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().why, Why::kConflict);
  EXPECT_STREQ(answer->error().text, "taken");
}

TEST_F(LinkTest, AnAnswerThatIsNotItsMessageIsAnErrorOfTheAskAlone) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(near.link(), 1, answer));
  const wire::Frame asked = far_reads();
  Double wrong{.value = 1};
  far_sends(FrameKind::kReply, kDoubleOp, asked.header.serial, wrong);
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().why, Why::kInvalid);
}

TEST_F(LinkTest, ANoticeIsToldWithoutAnAnswer) {
  Told told{.what = "news"};
  ASSERT_TRUE(near.link().notify(told));
  const wire::Frame heard = far_reads();
  EXPECT_EQ(heard.header.kind, FrameKind::kNotice);
  EXPECT_EQ(heard.header.serial, 0U);
  far_sends(FrameKind::kNotice, kToldOp, 0, told);
  ASSERT_TRUE(until([&] { return near.requests.size() == 1; }));
  EXPECT_EQ(near.requests[0].header.kind, FrameKind::kNotice);
}

TEST_F(LinkTest, ARequestIsAnsweredUnderItsOwnSerial) {
  Double question{.value = 3};
  far_asks(question, 77);
  ASSERT_TRUE(until([&] { return near.requests.size() == 1; }));
  Doubled answer{.value = 6};
  near.link().reply(near.requests[0].header, answer);
  const wire::Frame got = far_reads();
  EXPECT_EQ(got.header.serial, 77U);
  EXPECT_EQ(got.header.kind, FrameKind::kReply);
}

TEST_F(LinkTest, AnAnswerOverItsBoundsBecomesAnErrorAnswer) {
  Double question{.value = 3};
  far_asks(question, 1);
  ASSERT_TRUE(until([&] { return near.requests.size() == 1; }));
  Doubled over{.value = 6, .note = "nine char"};
  near.link().reply(near.requests[0].header, over);
  wire::Frame got = far_reads();
  EXPECT_EQ(got.header.kind, FrameKind::kError);
  EXPECT_EQ(wire::decode<wire::ErrorBody>(got)->why, static_cast<std::uint8_t>(Why::kInvalid));
}

TEST_F(LinkTest, AFrameMayComeByteByByte) {
  Double question{.value = 9};
  wire::Frame frame = wire::encode(question).value();
  frame.header.op = kDoubleOp;
  const wire::HeaderBytes head = wire::encode_header(frame.header);
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(head.data()), head.size()) + frame.payload;
  for (const char byte : bytes) {
    EXPECT_TRUE(near.requests.empty());
    far_writes({&byte, 1});
    turn_while_busy(loop);
  }
  ASSERT_EQ(near.requests.size(), 1U);
  EXPECT_EQ(wire::decode<Double>(near.requests[0])->value, 9U);
}

TEST_F(LinkTest, ADescriptorArrivesWithItsRequest) {
  Take take{.fd = base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))};
  far_asks(take, 1);
  ASSERT_TRUE(until([&] { return near.requests.size() == 1; }));
  const base::Result<Take> got = wire::decode<Take>(near.requests[0]);
  ASSERT_TRUE(got);
  EXPECT_EQ(::fcntl(got->fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(LinkTest, ADescriptorLeavesWithItsRequest) {
  Take take{.fd = base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))};
  ASSERT_TRUE(near.link().notify(take));
  EXPECT_EQ(far_reads(1).fds.size(), 1U);
}

TEST_F(LinkTest, TheDeathOfThePeerFailsEveryAskOnceAndIsTold) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> first, second, late;
  tasks.spawn(asks(near.link(), 1, first));
  tasks.spawn(asks(near.link(), 2, second));
  ends.far.reset();
  ASSERT_TRUE(until_closed());
  EXPECT_EQ(first->error().why, Why::kBroken);
  EXPECT_EQ(second->error().why, Why::kBroken);
  EXPECT_FALSE(near.link().open());
  tasks.spawn(asks(near.link(), 3, late));
  ASSERT_TRUE(late.has_value()) << "an ask of a closed link fails at once";
  EXPECT_EQ(late->error().why, Why::kBroken);
  turn_while_busy(loop);
  EXPECT_EQ(near.closed.size(), 1U);
}

TEST_F(LinkTest, DestroyingTheLinkFailsEveryAsk) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(near.link(), 1, answer));
  near.destroy_link();
  EXPECT_FALSE(answer.has_value()) << "told from the loop, not from within the destruction";
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().why, Why::kBroken);
}

TEST_F(LinkTest, DestroyingTheLinkBetweenItsEndAndTheTellingOfItFailsEveryAskToo) {
  TaskSet tasks;
  std::optional<base::Result<Doubled>> answer;
  tasks.spawn(asks(near.link(), 1, answer));
  near.link().close({Why::kBroken, "over"});
  near.destroy_link();
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().why, Why::kBroken);
  EXPECT_TRUE(near.closed.empty());
}

TEST_F(LinkTest, AnAskerThatIsGoneIsNotResumedByItsAnswer) {
  std::optional<base::Result<Doubled>> answer;
  std::uint32_t serial = 0;
  {
    TaskSet tasks;
    tasks.spawn(asks(near.link(), 1, answer));
    serial = far_reads().header.serial;
  }
  Doubled late{.value = 2};
  far_sends(FrameKind::kReply, kDoubleOp, serial, late);
  turn_while_busy(loop);
  EXPECT_FALSE(answer.has_value());
  EXPECT_TRUE(near.link().open()) << "the peer did nothing wrong";
}

TEST_F(LinkTest, ALinkMayBeDestroyedSoonAfterARequest) {
  near.on_request = [this](wire::Frame& /*frame*/) { loop.soon([this] { near.destroy_link(); }); };
  Double question{.value = 1};
  for (std::uint32_t serial = 1; serial <= 100; ++serial) far_asks(question, serial);
  turn_while_busy(loop);
  EXPECT_GE(near.requests.size(), 1U);
  EXPECT_LE(near.requests.size(), limits::kFramesPerTurn);
}

}  // namespace
}  // namespace mcpbox::loop
