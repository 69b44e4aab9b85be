// Mirrors privsep/wire/frame.cc: the header, and bytes and descriptors over a real socket pair.
#include "privsep/wire/frame.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>

namespace mcpbox::wire {
namespace {

using base::Why;

struct Pair {
  base::Fd left, right;
  Pair() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    left.reset(ends[0]);
    right.reset(ends[1]);
  }
};

std::vector<base::Fd> descriptors(std::size_t count) {
  std::vector<base::Fd> fds;
  for (std::size_t i = 0; i < count; ++i) fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return fds;
}

std::span<const unsigned char> bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

constexpr Header kHeader{
    .length = 0x01020304, .serial = 0xa0b0c0d0, .op = 0x1234, .kind = FrameKind::kNotice, .fds = 2};

TEST(Header, IsLittleEndianInTheDocumentedPlaces) {
  const HeaderBytes expected = {4, 3, 2, 1, 0xd0, 0xc0, 0xb0, 0xa0, 0x34, 0x12, 4, 2};
  EXPECT_EQ(encode_header(kHeader), expected);
}

TEST(Header, ComesBackAsItWent) {
  const base::Result<Header> back = decode_header(encode_header(kHeader), kHeader.length);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->length, kHeader.length);
  EXPECT_EQ(back->serial, kHeader.serial);
  EXPECT_EQ(back->op, kHeader.op);
  EXPECT_EQ(back->kind, kHeader.kind);
  EXPECT_EQ(back->fds, kHeader.fds);
}

TEST(Header, LengthIsAllowedUpToTheLimitAndNotOneMore) {
  for (const std::uint32_t length : {99U, 100U}) {
    const Header header{.length = length};
    EXPECT_TRUE(decode_header(encode_header(header), 100)) << length;
  }
  const Header over{.length = 101};
  EXPECT_EQ(decode_header(encode_header(over), 100).error().why, Why::kInvalid);
  const Header huge{.length = 0xffffffff};
  EXPECT_EQ(decode_header(encode_header(huge), 100).error().why, Why::kInvalid);
}

TEST(Header, OnlyTheFourKindsAreKnown) {
  for (unsigned kind = 0; kind <= 255; ++kind) {
    HeaderBytes raw = encode_header({});
    raw[10] = static_cast<unsigned char>(kind);
    EXPECT_EQ(decode_header(raw, 0).has_value(), kind >= 1 && kind <= 4) << kind;
  }
}

TEST(Header, AnnouncesAtMostTwoDescriptors) {
  for (unsigned fds = 0; fds <= 255; ++fds) {
    HeaderBytes raw = encode_header({});
    raw[11] = static_cast<unsigned char>(fds);
    EXPECT_EQ(decode_header(raw, 0).has_value(), fds <= kMaxFds) << fds;
  }
}

TEST(Sockets, BytesAndDescriptorsArriveTogether) {
  const Pair pair;
  const std::vector<base::Fd> sent = descriptors(2);
  ASSERT_EQ(send_some(pair.left.get(), bytes("hello"), sent).value(), 5U);
  std::array<unsigned char, 16> into{};
  std::vector<base::Fd> fds;
  ASSERT_EQ(receive_some(pair.right.get(), into, 2, fds).value(), 5U);
  EXPECT_EQ(std::memcmp(into.data(), "hello", 5), 0);
  ASSERT_EQ(fds.size(), 2U);
  for (const base::Fd& fd : fds) EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Sockets, ADescriptorMoreThanThereIsRoomForIsAnError) {
  for (const std::size_t room : {0U, 1U}) {
    const Pair pair;
    const std::vector<base::Fd> sent = descriptors(room + 1);
    ASSERT_TRUE(send_some(pair.left.get(), bytes("x"), sent));
    std::array<unsigned char, 16> into{};
    std::vector<base::Fd> fds;
    const base::Result<std::size_t> got = receive_some(pair.right.get(), into, room, fds);
    ASSERT_FALSE(got) << "room for " << room;
    EXPECT_EQ(got.error().why, Why::kInvalid);
    EXPECT_LE(fds.size(), room);
  }
}

TEST(Sockets, AnEmptySocketIsNothingYetAndAClosedOneIsTheEnd) {
  Pair pair;
  std::array<unsigned char, 16> into{};
  std::vector<base::Fd> fds;
  EXPECT_EQ(receive_some(pair.right.get(), into, 0, fds).value(), 0U);
  pair.left.reset();
  EXPECT_EQ(receive_some(pair.right.get(), into, 0, fds).error().why, Why::kCancelled);
}

TEST(Sockets, AFullSocketTakesNothingAndAClosedOneIsBroken) {
  Pair pair;
  const std::string much(1 << 16, 'x');
  while (send_some(pair.left.get(), bytes(much), {}).value() > 0) {
  }
  EXPECT_EQ(send_some(pair.left.get(), bytes(much), {}).value(), 0U);
  pair.right.reset();
  const base::Result<std::size_t> gone = send_some(pair.left.get(), bytes("x"), {});
  ASSERT_FALSE(gone);  // and no SIGPIPE, which would have ended this test
  EXPECT_EQ(gone.error().why, Why::kBroken);
  EXPECT_EQ(gone.error().sys_errno, EPIPE);
}

}  // namespace
}  // namespace mcpbox::wire
