// Mirrors privsep/password/answer.cc, over a real socket pair.
#include "privsep/password/answer.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::password {
namespace {

using base::Why;
using protocol::CheckPassword;
using protocol::HashPassword;
using wire::FrameKind;

constexpr std::string_view kPassword = "correct horse battery staple";

class AnswerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_GE(sodium_init(), 0); }
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    monitor_.reset(ends[0]);
    child_.reset(ends[1]);
  }

  template <class Order>
  void order(Order message, FrameKind kind = FrameKind::kRequest) {
    ASSERT_TRUE(
        wire::write_message(monitor_.get(), kind, static_cast<std::uint16_t>(Order::kOp), 5, message));
  }
  template <class Reply>
  base::Result<Reply> reply() {
    base::Result<wire::Frame> frame = wire::read_frame(monitor_.get(), 4096);
    if (!frame) return std::unexpected(frame.error());
    EXPECT_EQ(frame->header.serial, 5U);
    EXPECT_EQ(frame->header.kind, FrameKind::kReply);
    return wire::decode<Reply>(*frame);
  }
  // Nothing was written, and nothing will be.
  bool silent() {
    child_.reset();
    return wire::read_frame(monitor_.get(), 4096).error().why == Why::kCancelled;
  }
  std::string hash_of(std::string_view password) {
    SetUp();
    order(HashPassword{.password = password});
    EXPECT_TRUE(answer_one(child_.get()));
    const base::Result<protocol::PasswordHash> made = reply<protocol::PasswordHash>();
    SetUp();
    return made ? std::string(made->hash) : "";
  }
  bool matches(std::string_view password, std::string_view hash) {
    order(CheckPassword{.password = password, .hash = hash});
    EXPECT_TRUE(answer_one(child_.get()));
    const base::Result<protocol::PasswordVerdict> verdict = reply<protocol::PasswordVerdict>();
    EXPECT_TRUE(verdict);
    return verdict && verdict->matches;
  }

  base::Fd monitor_, child_;
};

TEST_F(AnswerTest, AHashIsArgon2idWithThePublishedCostAndASaltOfItsOwn) {
  const std::string first = hash_of(kPassword);
  const std::string second = hash_of(kPassword);
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << first;
  EXPECT_NE(first, second);
}

TEST_F(AnswerTest, TheRightPasswordMatchesAndAnyOtherDoesNot) {
  const std::string hash = hash_of(kPassword);
  EXPECT_TRUE(matches(kPassword, hash));
  EXPECT_FALSE(matches("correct horse battery stapl", hash));
  EXPECT_FALSE(matches("", hash));
}

TEST_F(AnswerTest, AHashThatIsNoneMatchesNothing) {
  for (const std::string_view hash : {"", "x", "$argon2id$v=19$m=65536,t=3,p=1$",
                                      "$argon2id$v=19$m=4294967295,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    EXPECT_FALSE(matches(kPassword, hash)) << hash;
}

TEST_F(AnswerTest, ThePasswordMayHaveItsFullLengthAndNotOneMore) {
  const std::string longest(policy::limits::kPasswordBytes, 'x');
  const std::string hash = hash_of(longest);
  EXPECT_TRUE(matches(longest, hash));
  EXPECT_FALSE(matches(longest.substr(1), hash));
  HashPassword over{.password = longest + "x"};
  EXPECT_FALSE(wire::encode(over));
}

TEST_F(AnswerTest, AnOrderOfAnotherProcessIsNotAnswered) {
  order(protocol::Compile{.source = "x"});
  EXPECT_EQ(answer_one(child_.get()).error().why, Why::kInvalid);
  EXPECT_TRUE(silent());
}

TEST_F(AnswerTest, ANoticeIsNotAnswered) {
  order(HashPassword{.password = kPassword}, FrameKind::kNotice);
  EXPECT_EQ(answer_one(child_.get()).error().why, Why::kInvalid);
  EXPECT_TRUE(silent());
}

TEST_F(AnswerTest, ATruncatedOrderIsNotAnswered) {
  HashPassword message{.password = kPassword};
  wire::Frame frame = wire::encode(message).value();
  frame.header.op = static_cast<std::uint16_t>(HashPassword::kOp);
  frame.payload.pop_back();
  --frame.header.length;
  ASSERT_TRUE(wire::write_frame(monitor_.get(), frame));
  EXPECT_EQ(answer_one(child_.get()).error().why, Why::kInvalid);
  EXPECT_TRUE(silent());
}

TEST_F(AnswerTest, AMonitorThatAsksNothingIsACleanEnd) {
  monitor_.reset();
  EXPECT_EQ(answer_one(child_.get()).error().why, Why::kCancelled);
}

}  // namespace
}  // namespace mcpbox::password
