// Every request and every answer of both tables: what is encoded decodes to the same bytes again, and no
// change of the bytes makes a value that is out of bounds or that would be encoded differently.  Seeds are
// fixed: a failure repeats.
#include "tests/privsep/wire/any_message.h"

#include <gtest/gtest.h>

#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::wire::testing {
namespace {

constexpr std::uint64_t kSeed = 20'251'122;
constexpr int kValues = 60;
constexpr int kMutations = 40;

Frame copy_of(const Frame& frame, std::string payload) {
  Frame copy{.header = frame.header, .payload = std::move(payload), .fds = {}};
  for (const base::Fd& fd : frame.fds) copy.fds.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  return copy;
}

std::string mutated(std::string payload, Random& random) {
  const std::size_t at = below(random, payload.size() + 1);
  switch (below(random, 5)) {
    case 0:
      return payload.substr(0, at);
    case 1:
      return payload.insert(at, random_bytes(random, 1 + below(random, 8)));
    case 2:
      return payload.erase(at, 1 + below(random, 4));
    case 3:
      if (at + 4 <= payload.size()) payload.replace(at, 4, "\xff\xff\xff\xff");
      return payload;
    default:
      if (at < payload.size()) payload[at] = static_cast<char>(random());
      return payload;
  }
}

template <class M>
void expect_canonical(Frame frame, std::string_view what) {
  const std::string payload = frame.payload;
  base::Result<M> value = decode<M>(frame);
  if (!value) return;
  EXPECT_TRUE(within_bounds(*value)) << what;
  base::Result<Frame> again = encode(*value);
  ASSERT_TRUE(again) << what;
  EXPECT_EQ(again->payload, payload) << what;
}

template <class M>
void check_message() {
  Random random(kSeed);
  for (int i = 0; i < kValues; ++i) {
    M message;
    fill(message, random);
    base::Result<Frame> frame = encode(message);
    ASSERT_TRUE(frame);
    EXPECT_LE(frame->payload.size(), max_bytes<M>());
    Frame same = copy_of(*frame, frame->payload);
    ASSERT_TRUE(decode<M>(same)) << "a value that encodes must decode";
    expect_canonical<M>(copy_of(*frame, frame->payload), "unchanged");
    for (int change = 0; change < kMutations; ++change)
      expect_canonical<M>(copy_of(*frame, mutated(frame->payload, random)), "changed");
    if (!frame->fds.empty()) {
      Frame without{.header = frame->header, .payload = frame->payload, .fds = {}};
      EXPECT_FALSE(decode<M>(without)) << "a descriptor is missing";
    }
    Frame surplus = copy_of(*frame, frame->payload);
    surplus.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(decode<M>(surplus)) << "a descriptor too many";
  }
}

struct CheckRow {
  template <class Row>
  void operator()() const {
    check_message<typename Row::Request>();
    check_message<typename Row::Request::Reply>();
  }
};

TEST(AnyMessage, OfTheMonitorsTableSurvivesTheRoundTripAndNoMutationFoolsTheDecoder) {
  protocol::Protocol::each(CheckRow{});
}

TEST(AnyMessage, OfTheOrdersSurvivesTheRoundTripAndNoMutationFoolsTheDecoder) {
  protocol::Orders::each(CheckRow{});
}

TEST(AnyMessage, ErrorAnswersToo) { check_message<ErrorBody>(); }

}  // namespace
}  // namespace mcpbox::wire::testing
