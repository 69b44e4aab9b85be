// Mirrors privsep/wire/blocking.cc, over a real socket pair.
#include "privsep/wire/blocking.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

namespace mcpbox::wire {
namespace {

using base::Why;

class Blocking : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    left_.reset(ends[0]);
    right_.reset(ends[1]);
  }

  static Frame frame(std::string payload, std::size_t descriptors = 0) {
    Frame made;
    made.header = {.length = static_cast<std::uint32_t>(payload.size()),
                   .serial = 7,
                   .op = 3,
                   .kind = FrameKind::kReply,
                   .fds = static_cast<std::uint8_t>(descriptors)};
    made.payload = std::move(payload);
    for (std::size_t i = 0; i < descriptors; ++i)
      made.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return made;
  }

  base::Fd left_, right_;
};

TEST_F(Blocking, AFrameArrivesAsItWasSent) {
  ASSERT_TRUE(write_frame(left_.get(), frame("payload")));
  const base::Result<Frame> got = read_frame(right_.get(), 100);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->payload, "payload");
  EXPECT_EQ(got->header.serial, 7U);
  EXPECT_EQ(got->header.op, 3);
  EXPECT_EQ(got->header.kind, FrameKind::kReply);
}

TEST_F(Blocking, AFrameLargerThanTheSocketBufferArrivesWhole) {
  const std::string large(3 << 20, 'x');
  std::jthread writer([&] { EXPECT_TRUE(write_frame(left_.get(), frame(large))); });
  const base::Result<Frame> got = read_frame(right_.get(), large.size());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->payload, large);
}

TEST_F(Blocking, ThePayloadIsAllowedUpToTheLimitAndNotOneMore) {
  for (const std::size_t size : {9U, 10U}) {
    ASSERT_TRUE(write_frame(left_.get(), frame(std::string(size, 'x'))));
    EXPECT_TRUE(read_frame(right_.get(), 10)) << size;
  }
  ASSERT_TRUE(write_frame(left_.get(), frame(std::string(11, 'x'))));
  EXPECT_EQ(read_frame(right_.get(), 10).error().why, Why::kInvalid);
}

TEST_F(Blocking, DescriptorsComeWithTheirFrame) {
  ASSERT_TRUE(write_frame(left_.get(), frame("two", 2)));
  const base::Result<Frame> got = read_frame(right_.get(), 100, 2);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->fds.size(), 2U);
}

TEST_F(Blocking, DescriptorsThatNobodyExpectsEndTheReading) {
  ASSERT_TRUE(write_frame(left_.get(), frame("two", 2)));
  EXPECT_EQ(read_frame(right_.get(), 100, 1).error().why, Why::kInvalid);
}

TEST_F(Blocking, AReaderWithoutRoomGetsNoDescriptorAndRefusesTheFrame) {
  ASSERT_TRUE(write_frame(left_.get(), frame("one", 1)));
  EXPECT_EQ(read_frame(right_.get(), 100).error().why, Why::kInvalid);
}

TEST_F(Blocking, AFrameWithoutTheDescriptorsItAnnouncesIsRefused) {
  Frame lying = frame("none");
  lying.header.fds = 1;
  ASSERT_TRUE(write_frame(left_.get(), lying));
  EXPECT_EQ(read_frame(right_.get(), 100, 1).error().why, Why::kInvalid);
}

TEST_F(Blocking, AnyTruncationIsTheEndOfTheLink) {
  const Frame whole = frame("payload");
  const HeaderBytes head = encode_header(whole.header);
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(head.data()), head.size()) + whole.payload;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    SetUp();
    ASSERT_EQ(::write(left_.get(), bytes.data(), length), static_cast<ssize_t>(length));
    left_.reset();
    EXPECT_EQ(read_frame(right_.get(), 100).error().why, Why::kCancelled) << length;
  }
}

TEST_F(Blocking, AReaderWithDescriptorsAndADeadlineDoesNotWaitForever) {
  const timeval soon{.tv_sec = 0, .tv_usec = 1000};
  ASSERT_EQ(::setsockopt(right_.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
  for (const std::size_t room : {0U, 1U}) {
    const base::Result<Frame> nothing = read_frame(right_.get(), 100, room);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().why, Why::kTimeout) << "room " << room;
  }
}

TEST_F(Blocking, WritingToAPeerThatIsGoneIsBroken) {
  right_.reset();
  EXPECT_EQ(write_frame(left_.get(), frame("payload")).error().why, Why::kBroken);
  EXPECT_EQ(write_frame(left_.get(), frame("payload", 1)).error().why, Why::kBroken);
}

TEST_F(Blocking, AMessageOverItsBoundIsNotWritten) {
  ErrorBody over{.why = 1, .text = std::string(513, 'x')};
  EXPECT_EQ(write_message(left_.get(), FrameKind::kError, 1, 1, over).error().why, Why::kInvalid);
  ErrorBody fits{.why = 1, .text = std::string(512, 'x')};
  EXPECT_TRUE(write_message(left_.get(), FrameKind::kError, 1, 1, fits));
}

}  // namespace
}  // namespace mcpbox::wire
