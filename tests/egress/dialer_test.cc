// Mirrors egress/dialer/serve.cc: the real dialer between a monitor and an egress that are the test, and may
// be hostile.
#include "egress/dialer/serve.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_fetch.h"

// The C library's, for this program: no name server is asked, and one for "slow" names never answers.
extern "C" int getaddrinfo(const char* name, const char* /*service*/, const addrinfo* /*hints*/,
                           addrinfo** found) {
  if (std::string_view(name).ends_with("slow.test")) ::pause();
  static sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  static addrinfo one{};
  one.ai_family = AF_INET;
  one.ai_addr = reinterpret_cast<sockaddr*>(&address);
  one.ai_addrlen = sizeof address;
  *found = &one;
  return 0;
}

namespace mcpbox::dialer {
namespace {

using namespace protocol;

constexpr wire::Id kGrant{7};

std::array<base::Fd, 2> pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

class DialerTest : public testing::Test {
 protected:
  DialerTest() {
    auto [theirs, ours] = pair();
    const auto away = [](const policy::Address&) { return policy::Leads::kAway; };
    service_.emplace(loop_, log_, away, std::move(theirs));
    monitor_.emplace(
        loop_, std::move(ours), loop::LinkLimits{.max_payload = 1 << 16}, [](const wire::Frame&) {},
        [](const base::Error&) {});
    meet();
  }
  void meet() {
    auto [to_dialer, egress] = pair();
    gone_ = false;
    egress_.emplace(
        loop_, std::move(egress), loop::LinkLimits{.max_payload = 1 << 16, .fds_in = 1},
        [](const wire::Frame&) {}, [this](const base::Error&) { gone_ = true; });
    Partner partner{.socket = std::move(to_dialer)};
    ASSERT_TRUE(monitor_->notify(partner));
  }
  void allow(const char* host, std::uint16_t port, bool private_too, const wire::Id& grant = kGrant) {
    AllowDials order{.grant = grant, .hosts = {}};
    GrantedHost& one = order.hosts.emplace_back();
    one.host = std::string_view(host);
    one.port = port;
    one.private_too = private_too;
    tasks_.spawn(tell(std::move(order)));
    until([this] { return told_; });
    told_ = false;
  }
  // Asked, and not waited for: the answer is for whoever looks at `answers_`.
  void begin_to_dial(const char* host, const wire::Id& grant = kGrant) {
    Dial question{.grant = grant, .host = std::string_view(host), .port = 443, .timeout_ms = 60'000};
    tasks_.spawn(gather(std::move(question)));
  }
  base::Result<Dialled> dial(const char* host, std::uint16_t port, const wire::Id& grant = kGrant) {
    Dial question{.grant = grant, .host = std::string_view(host), .port = port, .timeout_ms = 2'000};
    answer_.reset();
    tasks_.spawn(ask(std::move(question)));
    until([this] { return answer_.has_value(); });
    return answer_ ? std::move(*answer_) : base::Result<Dialled>(base::fail(base::Why::kBroken, "no answer"));
  }
  void until(const std::function<bool()>& done) {
    for (int tries = 0; tries < 4'000 && !done(); ++tries) {
      loop::Timer soon(loop_, [this] { loop_.stop(); });
      soon.start(5);
      loop_.run();
    }
    EXPECT_TRUE(done());
  }

  base::Log log_{"test"};
  loop::Loop loop_;
  std::optional<Service> service_;
  std::optional<loop::Link> monitor_;
  std::optional<loop::Link> egress_;
  std::optional<base::Result<Dialled>> answer_;
  std::vector<base::Result<Dialled>> answers_;
  bool gone_ = false;
  bool told_ = false;
  loop::TaskSet tasks_;

 private:
  loop::Task<> tell(AllowDials order) {
    const base::Result<Done> done = co_await loop::attempt(monitor_->ask(order));
    EXPECT_TRUE(done.has_value());
    told_ = true;
    co_return loop::Nothing{};
  }
  loop::Task<> gather(Dial question) {
    answers_.push_back(co_await loop::attempt(egress_->ask(question)));
    co_return loop::Nothing{};
  }
  loop::Task<> ask(Dial question) {
    answer_ = co_await loop::attempt(egress_->ask(question));
    co_return loop::Nothing{};
  }
};

TEST_F(DialerTest, AStolenEgressIsConnectedToNothingThatItWasNotGiven) {
  // Somebody who would notice.
  const base::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
  const std::uint16_t port = ntohs(here.sin_port);

  EXPECT_EQ(dial("1.1.1.1", 443).error().why, base::Why::kRefused) << "no grant at all";
  allow("127.0.0.1", port, true);
  EXPECT_EQ(dial("127.0.0.1", port).error().why, base::Why::kInvalid) << "approved, and still loopback";
  EXPECT_EQ(dial("localhost", port).error().why, base::Why::kRefused);
  for (const char* host : {"127.1", "2130706433", "0x7f000001", "[::1]", "::ffff:127.0.0.1", "", "*",
                           "*.example.com", "169.254.169.254", "a b", "127.0.0.1@x"})
    EXPECT_EQ(dial(host, port).error().why, base::Why::kRefused) << host;
  EXPECT_EQ(dial("127.0.0.1.", port).error().why, base::Why::kInvalid) << "the same address";
  EXPECT_EQ(dial("127.0.0.1", 0).error().why, base::Why::kRefused);
  EXPECT_EQ(dial("127.0.0.1", port, wire::Id{8}).error().why, base::Why::kRefused) << "another call's grant";
  allow("*", 0, false, wire::Id{9});
  EXPECT_EQ(dial("127.0.0.1", port, wire::Id{9}).error().why, base::Why::kInvalid)
      << "all public hosts, no more";
  EXPECT_EQ(dial("10.0.0.1", port, wire::Id{9}).error().why, base::Why::kRefused);
  EXPECT_EQ(dial("localhost", port, wire::Id{9}).error().why, base::Why::kInvalid)
      << "a name that leads here";
  const base::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_FALSE(client) << "somebody was connected to";
}

TEST_F(DialerTest, TheEndOfAGrantIsTheEndOfItsConnections) {
  allow("127.0.0.1", 80, true);
  EndGrant end{.grant = kGrant};
  ASSERT_TRUE(monitor_->notify(end));
  const base::Result<Dialled> dialled = dial("127.0.0.1", 80);
  ASSERT_FALSE(dialled.has_value());
  EXPECT_STREQ(dialled.error().text, "the call has no network, or is over");
}

TEST_F(DialerTest, TheEndOfAGrantIsTheEndOfWhatIsBeingDialled) {
  allow("slow.test", 443, false);
  begin_to_dial("slow.test");
  begin_to_dial("slow.test");
  allow("other.test", 443, false, wire::Id{9});  // taken after the questions were
  ASSERT_TRUE(answers_.empty());
  EndGrant end{.grant = kGrant};
  ASSERT_TRUE(monitor_->notify(end));
  until([this] { return answers_.size() == 2; });
  for (const base::Result<Dialled>& answer : answers_) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().why, base::Why::kRefused) << answer.error().text;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "somebody looks the name up still";
  EXPECT_EQ(errno, ECHILD);
  // Its places are free again.
  EXPECT_NE(std::string_view(dial("other.test", 443, wire::Id{9}).error().text).find("loopback"),
            std::string_view::npos);
}

TEST_F(DialerTest, OneCallDoesNotTakeEveryPlaceOfTheNameServices) {
  allow("slow.test", 443, false);
  allow("other.test", 443, false, wire::Id{9});
  for (std::size_t i = 0; i < policy::limits::kResolvers + 8; ++i) begin_to_dial("slow.test");
  for (int i = 0; i < 3; ++i) {
    const base::Result<Dialled> answer = dial("other.test", 443, wire::Id{9});
    ASSERT_FALSE(answer.has_value());
    EXPECT_NE(std::string_view(answer.error().text).find("loopback"), std::string_view::npos)
        << answer.error().text;
  }
  EXPECT_TRUE(answers_.empty());
}

// Who waited, and is gone, passes on the place that was meant for it.
TEST_F(DialerTest, APlaceThatIsGivenToOneWhoIsGoneGoesToTheNext) {
  constexpr std::size_t kCalls = policy::limits::kResolvers / Resolver::kOfOneCall;
  for (std::uint8_t call = 1; call <= kCalls; ++call) {
    allow("slow.test", 443, false, wire::Id{call});
    for (std::size_t i = 0; i < Resolver::kOfOneCall; ++i) begin_to_dial("slow.test", wire::Id{call});
  }
  allow("slow.test", 443, false, wire::Id{100});
  allow("other.test", 443, false, wire::Id{101});
  begin_to_dial("slow.test", wire::Id{100});
  begin_to_dial("other.test", wire::Id{101});
  allow("other.test", 443, false, wire::Id{102});  // taken after the questions were
  ASSERT_TRUE(answers_.empty()) << "every place is taken";
  // One place is free, given to the first who waits, who is gone at once.
  for (const wire::Id& over : {wire::Id{1}, wire::Id{100}}) {
    EndGrant end{.grant = over};
    ASSERT_TRUE(monitor_->notify(end));
  }
  until([this] { return answers_.size() == Resolver::kOfOneCall + 2; });
  EXPECT_EQ(std::ranges::count_if(answers_,
                                  [](const base::Result<Dialled>& answer) {
                                    return std::string_view(answer.error().text).contains("loopback");
                                  }),
            1);
}

TEST_F(DialerTest, WhoeverSaysWhatIsNoQuestionLosesTheLinkAndTheNextOneIsServed) {
  FetchStop not_for_it{.stream = 1};
  ASSERT_TRUE(egress_->notify(not_for_it));
  until([this] { return gone_; });
  meet();
  Dial as_notice{.grant = kGrant, .host = std::string_view("1.1.1.1"), .port = 80, .timeout_ms = 1};
  ASSERT_TRUE(egress_->notify(as_notice));
  until([this] { return gone_; });
  meet();
  EXPECT_EQ(dial("1.1.1.1", 80).error().why, base::Why::kRefused) << "served, and nothing is granted";
}

}  // namespace
}  // namespace mcpbox::dialer
