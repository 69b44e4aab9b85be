// Mirrors egress/egress/fetch.cc and grant.cc: how long an exchange waits, and what becomes of connections
// that are kept.
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "privsep/base/clock.h"
#include "tests/egress/egress_world.h"

namespace mcpbox::test {
namespace {

TEST_F(EgressTest, AServerThatDoesNotAnswerIsATimeout) {
  Server server({""});
  open(host("api.test"));
  FetchStart start = request("GET", "api.test", server.port());
  start.idle_ms = 100;
  const Got got = fetch(start);
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kIdleTimeout);
}

TEST_F(EgressTest, AServerThatTakesNothingOfABodyIsATimeoutOfItsOwn) {
  Server server({kStalls});
  open(host("api.test"), 100, std::uint64_t{1} << 30);
  FetchStart start = request("POST", "api.test", server.port());
  start.body = BodyKind::kUnsized;
  start.idle_ms = 60'000;
  start.send_ms = 100;
  const std::uint32_t stream = start.stream;
  ASSERT_TRUE(child_->notify(start));
  pours_ = 16'384;  // libcurl takes each at once, and for each gives room
  pour(stream, 8);
  const Got& got = wait_for(stream);
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kSendTimeout);
}

TEST_F(EgressTest, AChildThatThinksBetweenTwoPartsOfABodyMayTakeItsTime) {
  Server server({answer("taken")});
  open(host("api.test"));
  FetchStart start = request("POST", "api.test", server.port());
  start.body = BodyKind::kSized;
  start.body_bytes = 2;
  start.idle_ms = start.send_ms = 50;
  const std::uint32_t stream = start.stream;
  ASSERT_TRUE(child_->notify(start));
  FetchBody part{.stream = stream, .last = false, .data = {}};
  part.data = "a";
  ASSERT_TRUE(child_->notify(part));
  bool thought = false;
  loop::Timer thinking(loop_, [&thought] { thought = true; });
  thinking.start(300);
  until([&] { return thought; });
  EXPECT_FALSE(got_[stream].over()) << "nobody but the child is slow";
  FetchBody rest{.stream = stream, .last = true, .data = {}};
  rest.data = "b";
  ASSERT_TRUE(child_->notify(rest));
  EXPECT_EQ(wait_for(stream).data, "taken");
}

// What libcurl kept for a child without room is refused when there is room again: the ceiling was reached
// meanwhile.  Nothing else of libcurl tells of it.
TEST_F(EgressTest, ACeilingThatIsReachedWhileTheChildWasSlowEndsTheExchangeAtOnce) {
  constexpr std::size_t kWindow = policy::limits::kFetchWindowBytes;
  const std::string whole = answer(std::string(1 << 20, 'y'));
  Server server({whole});
  gives_room_ = false;
  open(host("api.test"), 10, kWindow + 65536);
  FetchStart slow = request("GET", "api.test", server.port());
  slow.connect_ms = policy::limits::kConnectMaxMs;  // after which libcurl looks at everything once more
  const std::uint32_t stream = slow.stream;
  ASSERT_TRUE(child_->notify(slow));
  until([&] { return got_[stream].data.size() >= kWindow; });
  loop::Timer some(loop_, [this] { loop_.stop(); });
  some.start(100);
  loop_.run();

  // Another request takes all that is left, to the byte.
  const std::size_t head = whole.find("\r\n\r\n") + 4;
  std::size_t left = kWindow + 65536 - 1 - head - got_[stream].data.size() - 1;
  FetchStart greedy = request("GET", "api.test", server.port());
  while (left > 0) {
    HeaderField& header = greedy.headers.emplace_back();
    header.name = std::string_view("x");
    header.value.assign(std::min<std::size_t>(left - 1, 8000), 'v');
    left -= 1 + header.value.size();
  }
  ASSERT_TRUE(child_->notify(greedy));
  FetchRoom room{.stream = stream, .bytes = kWindow};
  ASSERT_TRUE(child_->notify(room));
  const std::int64_t since = base::SystemClock().steady_ms();
  ASSERT_TRUE(wait_for(stream).failed);
  EXPECT_EQ(got_[stream].failed->fault, FetchFault::kBudget);
  EXPECT_LT(base::SystemClock().steady_ms() - since, 30'000);
}

TEST_F(EgressTest, AKeptConnectionThatDiedIdleCostsADial) {
  Server server({answer("a"), kDiesIdle, answer("b"), kDiesIdle, answer("c")});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "a");
  until([&] { return server.hang_ups == 1; });
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "b");
  until([&] { return server.hang_ups == 2; });
  EXPECT_EQ(fetch(request("POST", "api.test", server.port())).data, "c") << "nothing of it had been sent";
  EXPECT_EQ(dials_.size(), 3U);
}

TEST_F(EgressTest, AKeptConnectionThatDiesUnderARequestCostsAGetADialAndAPostAnError) {
  Server server({answer("a"), kHangsUp, answer("b"), kHangsUp, answer("c")});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "a");
  EXPECT_EQ(fetch(request("GET", "api.test", server.port(), "/again")).data, "b");
  EXPECT_EQ(dials_.size(), 2U);
  const Got post = fetch(request("POST", "api.test", server.port(), "/pay"));
  ASSERT_TRUE(post.failed);
  EXPECT_EQ(post.failed->fault, FetchFault::kRead);
  EXPECT_NE(std::string_view(post.failed->text).find("whether it was carried out is not known"),
            std::string_view::npos)
      << std::string(post.failed->text);
  EXPECT_EQ(dials_.size(), 2U) << "nothing is paid twice";
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "c");
  const std::size_t first = server.heard.find("/pay");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(server.heard.find("/pay", first + 1), std::string::npos);
}

// Two connections that are kept, of which the next one to be used dies under its request.
class TwoConnections {
 public:
  TwoConnections() {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), raw, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TwoConnections() {
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  TwoConnections(const TwoConnections&) = delete;
  TwoConnections& operator=(const TwoConnections&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::atomic<int> posts = 0;

 private:
  void serve() {
    std::array<base::Fd, 2> clients;
    for (base::Fd& client : clients) {
      client.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!hears(client.get())) return;
    }
    for (const base::Fd& client : clients) answers(client.get());
    while (!ending_) {
      std::array<pollfd, 2> ready{{{clients[0].get(), POLLIN, 0}, {clients[1].get(), POLLIN, 0}}};
      if (::poll(ready.data(), ready.size(), 10) <= 0) continue;
      base::Fd& client = clients.at(ready[0].revents != 0 ? 0 : 1);
      if (hears(client.get()) && posts > 1) answers(client.get());
      client.reset();
    }
  }
  // One request's head, which comes in one piece.
  bool hears(int client) {
    std::array<char, 4096> some{};
    const ssize_t got = ::recv(client, some.data(), some.size(), 0);
    if (got > 0 && some[0] == 'P') ++posts;
    return got > 0;
  }
  static void answers(int client) {
    const std::string text = answer("ok");
    static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL));
  }

  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

// libcurl would take the other one by itself.
TEST_F(EgressTest, NothingIsSentTwiceOverAnotherKeptConnection) {
  TwoConnections server;
  open(host("api.test"));
  std::array<std::uint32_t, 2> streams{};
  for (std::uint32_t& stream : streams) {
    FetchStart start = request("GET", "api.test", server.port());
    stream = start.stream;
    ASSERT_TRUE(child_->notify(start));
  }
  for (const std::uint32_t stream : streams) ASSERT_EQ(wait_for(stream).data, "ok");
  ASSERT_EQ(dials_.size(), 2U);
  const Got post = fetch(request("POST", "api.test", server.port(), "/pay"));
  ASSERT_TRUE(post.failed);
  EXPECT_EQ(post.failed->fault, FetchFault::kRead);
  EXPECT_NE(post.failed->text.find("whether it was carried out is not known"), std::string::npos)
      << post.failed->text;
  EXPECT_EQ(server.posts, 1);
}

// Each answer ends its connection, so that each request needs one.
TEST_F(EgressTest, MoreRequestsThanConnectionsWaitForOne) {
  constexpr int kRequests = 3 * policy::limits::kConnectionsPerCall;
  Server server(std::vector<std::string>(kRequests, answer("ok", "Connection: close\r\n")));
  open(host("api.test"), kRequests);
  std::vector<std::uint32_t> streams;
  for (int i = 0; i < kRequests; ++i) {
    FetchStart start = request("GET", "api.test", server.port());
    streams.push_back(start.stream);
    ASSERT_TRUE(child_->notify(start));
  }
  int most = 0;
  until([&] {
    most = std::max(most, static_cast<int>(dials_.size()) - server.answered);
    return std::ranges::all_of(streams, [&](std::uint32_t stream) { return got_[stream].over(); });
  });
  for (const std::uint32_t stream : streams) EXPECT_EQ(got_[stream].data, "ok");
  EXPECT_EQ(dials_.size(), static_cast<std::size_t>(kRequests));
  EXPECT_LE(most, policy::limits::kConnectionsPerCall);
}

// And where connections are kept, no more are made than may be.
TEST_F(EgressTest, ARequestThatWaitedTakesAKeptConnection) {
  std::vector<std::unique_ptr<Server>> servers;
  open(host("api.test"), 1000);
  for (int i = 0; i < policy::limits::kConnectionsPerCall + 8; ++i) {
    servers.push_back(std::make_unique<Server>(std::vector<std::string>{answer("1"), answer("2")}));
    EXPECT_EQ(fetch(request("GET", "api.test", servers.back()->port())).data, "1");
  }
  EXPECT_EQ(dials_.size(), servers.size()) << "one that idles makes room for another place";
  EXPECT_EQ(fetch(request("GET", "api.test", servers.back()->port())).data, "2");
  EXPECT_EQ(dials_.size(), servers.size());
}

TEST_F(EgressTest, ConnectionsOfOneGrantAreNoOthers) {
  Server server({answer("mine"), answer("mine"), answer("yours")});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "mine");
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "mine");
  EXPECT_EQ(dials_.size(), 1U) << "within one grant they are kept";
  child_.reset();
  close();
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "yours");
  EXPECT_EQ(dials_.size(), 2U);
}

// A dialer that was started again knows nothing of the calls that run.
TEST_F(EgressTest, AnotherDialerIsNoRefusalAndNothingToApprove) {
  Server server({answer("one")});
  open(host("api.test"));
  dialer_.reset();
  meet_dialer();
  const Got got = fetch(request("GET", "api.test", server.port()));
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kConnect);
  EXPECT_NE(got.failed->text.find("call the tool again"), std::string::npos) << got.failed->text;
  EXPECT_TRUE(dials_.empty());
  EXPECT_TRUE(denied_.empty());
  child_.reset();
  close();
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "one");
}

TEST_F(EgressTest, TheSecondsOfAGrantEndWhatIsUnderWay) {
  Server server({""});
  open(host("api.test"), 100, 1 << 24, 1);
  FetchStart start = request("GET", "api.test", server.port());
  ASSERT_TRUE(child_->notify(start));
  until([this] { return child_gone_; });
  EXPECT_TRUE(child_gone_);
  EXPECT_EQ(close().requests, 1U) << "and it is remembered until it is asked for";
}

}  // namespace
}  // namespace mcpbox::test
