// Mirrors privsep/wire/fields.h: every field type, each with its truncated, oversized and malformed twins.
#include "privsep/wire/fields.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace mcpbox::wire {
namespace {

using base::Why;

enum class Colour : std::uint8_t { kRed = 1, kBlue };
constexpr bool is_known(Colour colour) { return colour == Colour::kRed || colour == Colour::kBlue; }

template <class F>
struct One {
  F value{};
  static auto fields(auto& m) { return std::tie(m.value); }
};

template <class F>
Frame frame_of(F value) {
  One<F> message{.value = std::move(value)};
  base::Result<Frame> frame = encode(message);
  if (!frame) throw std::runtime_error("does not encode");
  return std::move(*frame);
}

template <class F>
base::Result<One<F>> back(Frame frame) {
  return decode<One<F>>(frame);
}

Frame raw(std::string payload) { return {.header = {}, .payload = std::move(payload), .fds = {}}; }

// Decodes what was encoded; and neither a shorter nor a longer payload.
template <class F>
void expect_exactly(const F& value, std::string_view payload) {
  const Frame frame = frame_of(value);
  EXPECT_EQ(frame.payload, payload);
  EXPECT_EQ(frame.header.length, payload.size());
  const base::Result<One<F>> whole = back<F>(raw(std::string(payload)));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->value == value);
  for (std::size_t length = 0; length < payload.size(); ++length)
    EXPECT_FALSE(back<F>(raw(std::string(payload.substr(0, length))))) << "cut at " << length;
  EXPECT_FALSE(back<F>(raw(std::string(payload) + '\0'))) << "one byte more";
}

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Fields, IntegersAreLittleEndianAndOfTheirSize) {
  expect_exactly<std::uint8_t>(0x7f, "\x7f"sv);
  expect_exactly<std::uint16_t>(0x0102, "\x02\x01"sv);
  expect_exactly<std::uint32_t>(0x01020304, "\x04\x03\x02\x01"sv);
  expect_exactly<std::uint64_t>(0x0102030405060708, "\x08\x07\x06\x05\x04\x03\x02\x01"sv);
  expect_exactly<std::int32_t>(-2, "\xfe\xff\xff\xff"sv);
  expect_exactly<std::int64_t>(-1, "\xff\xff\xff\xff\xff\xff\xff\xff"sv);
}

TEST(Fields, ABoolIsZeroOrOne) {
  expect_exactly(false, "\0"sv);
  expect_exactly(true, "\x01"sv);
  EXPECT_FALSE(back<bool>(raw("\x02")));
  EXPECT_FALSE(back<bool>(raw("\xff")));
}

TEST(Fields, AnEnumIsOneOfItsKnownValues) {
  expect_exactly(Colour::kBlue, "\x02"sv);
  EXPECT_FALSE(back<Colour>(raw(std::string(1, '\0'))));
  EXPECT_FALSE(back<Colour>(raw("\x03")));
}

TEST(Fields, IdsAndDigestsAreTheirBytes) {
  Id id{};
  id.back() = 0xaa;
  expect_exactly(id, std::string(15, '\0') + "\xaa");
  Digest digest{};
  digest.front() = 0xbb;
  expect_exactly(digest, "\xbb" + std::string(31, '\0'));
}

TEST(Fields, TextHasALengthAndItsBytes) {
  expect_exactly(Text<8>("ab"), "\x02\0\0\0ab"sv);
  expect_exactly(Text<8>(""), "\0\0\0\0"sv);
}

TEST(Fields, TextFitsUpToItsBoundAndNotOneMore) {
  for (const std::size_t size : {7U, 8U}) {
    Frame frame = frame_of(Text<8>(std::string(size, 'x')));
    EXPECT_TRUE(back<Text<8>>(std::move(frame))) << size;
  }
  One<Text<8>> over{.value = std::string(9, 'x')};
  EXPECT_EQ(encode(over).error().why, Why::kInvalid);
  Frame sent_by_a_liar = frame_of(Text<9>(std::string(9, 'x')));
  EXPECT_FALSE(back<Text<8>>(std::move(sent_by_a_liar)));
}

TEST(Fields, ALengthThatPromisesMoreThanThereIsIsRefused) {
  EXPECT_FALSE(back<Text<8>>(raw("\x05\0\0\0abc"s)));
  EXPECT_FALSE(back<Bytes<0xffffffff>>(raw("\xff\xff\xff\xff"s)));
}

TEST(Fields, TextIsUtf8WithoutNulAtBothEnds) {
  for (const std::string_view bad : {"a\0b"sv, "\xff"sv, "\xc3"sv, "\xed\xa0\x80"sv}) {
    One<Text<8>> message{.value = bad};
    EXPECT_FALSE(encode(message));
    Frame frame = frame_of(Bytes<8>(bad));
    EXPECT_FALSE(back<Text<8>>(std::move(frame)));
  }
}

TEST(Fields, BytesAreAnythingUpToTheirBound) {
  expect_exactly(Bytes<4>("\0\xff\x80x"sv), "\x04\0\0\0\0\xff\x80x"sv);
  One<Bytes<4>> over{.value = std::string(5, 'x')};
  EXPECT_FALSE(encode(over));
}

TEST(Fields, AListHasACountAndItsItems) {
  using Names = List<Text<4>, 2>;
  expect_exactly(Names{Text<4>("a"), Text<4>("bc")}, "\x02\0\0\0\x01\0\0\0a\x02\0\0\0bc"sv);
  One<Names> over{.value = Names{Text<4>("a"), Text<4>("b"), Text<4>("c")}};
  EXPECT_FALSE(encode(over));
  EXPECT_FALSE(back<Names>(raw("\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s)));
}

TEST(Fields, AMaybeIsThereOrNot) {
  expect_exactly(Maybe<std::uint16_t>(7), "\x01\x07\0"sv);
  expect_exactly(Maybe<std::uint16_t>(), "\0"sv);
  EXPECT_FALSE(back<Maybe<std::uint16_t>>(raw("\x02\x07\0"s)));
}

TEST(Fields, ADescriptorTravelsBesideTheFrame) {
  Frame frame = frame_of(base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(frame.payload, "");
  EXPECT_EQ(frame.header.fds, 1);
  const int number = frame.fds.at(0).get();
  const base::Result<One<base::Fd>> arrived = back<base::Fd>(std::move(frame));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->value.get(), number);
}

TEST(Fields, AMissingDescriptorIsRefusedAtBothEnds) {
  One<base::Fd> closed;
  EXPECT_FALSE(encode(closed));
  EXPECT_FALSE(back<base::Fd>(raw("")));
}

TEST(Fields, ASurplusDescriptorIsRefused) {
  Frame frame = frame_of(std::uint8_t{1});
  frame.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(back<std::uint8_t>(std::move(frame)));
}

struct Four {
  base::Fd a, b, c, d;
  static auto fields(auto& m) { return std::tie(m.a, m.b, m.c, m.d); }
};

TEST(Fields, MoreDescriptorsThanAFrameCarriesDoNotEncode) {
  Four message;
  for (base::Fd* fd : {&message.a, &message.b, &message.c, &message.d})
    fd->reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(encode(message));
}

struct Nested {
  One<Text<4>> inner;
  List<One<Maybe<bool>>, 3> list;
  static auto fields(auto& m) { return std::tie(m.inner, m.list); }
};

TEST(Fields, TheLargestPayloadIsTheSumOfTheBounds) {
  static_assert(max_bytes<Nested>() == (4 + 4) + (4 + 3 * (1 + 1)));
  static_assert(max_bytes<base::Fd>() == 0);
  Nested largest{.inner = {.value = "abcd"}, .list = {}};
  for (int i = 0; i < 3; ++i) largest.list.push_back({.value = true});
  EXPECT_EQ(encode(largest)->payload.size(), max_bytes<Nested>());
}

}  // namespace
}  // namespace mcpbox::wire
