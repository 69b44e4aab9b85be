// The HTTP server in this process, with limits small enough to reach: connections, idle time, streams nobody
// reads.
#include "privsep/http/http.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <functional>
#include <optional>
#include <thread>

#include "tests/privsep/http/raw_client.h"

namespace mcpbox::http {
namespace {

using test::RawClient;

std::string words_of(int /*status*/, std::string_view message) { return quoted(message); }

class HttpTest : public testing::Test {
 protected:
  // Runs the server in a thread of its own until the test ends.
  // `before` is called when clients can connect and no server is there yet.
  void start(HttpLimits limits, HttpServer::Handler handler, const std::function<void()>& before = [] {}) {
    base::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener.get(), 64), 0);
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    before();
    ASSERT_EQ(::pipe(stop_), 0);
    thread_ =
        std::thread([this, limits, handler = std::move(handler), listening = std::move(listener)]() mutable {
          loop::Loop loop;
          HttpServer server(loop, limits, words_of, handler);
          loop::Watch stop(loop, stop_[0], loop::Ready::kRead, [&loop] { loop.stop(); });
          stop.enable();
          server.add_listener(std::move(listening));
          server.open();
          loop.run();
        });
  }
  void TearDown() override {
    ::close(stop_[1]);
    if (thread_.joinable()) thread_.join();
    ::close(stop_[0]);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  static constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

 private:
  std::uint16_t port_ = 0;
  int stop_[2] = {-1, -1};
  std::thread thread_;
};

void say_good(const std::shared_ptr<Exchange>& exchange) { exchange->reply({.body = "{}"}); }

TEST_F(HttpTest, ConnectionsBeyondTheCapWaitUntilOneLeaves) {
  start({.connections = 2}, say_good);
  RawClient first(port());
  RawClient second(port());
  first.send(kGet);
  second.send(kGet);
  EXPECT_EQ(first.answer().status, 200);
  EXPECT_EQ(second.answer().status, 200);
  RawClient third(port());
  third.send(kGet);
  EXPECT_FALSE(third.readable_within(300));
  first.hang_up();
  EXPECT_EQ(third.answer().status, 200);
}

// How a stream of this process is set up whose other end has this port; -1 when there is none.
int no_delay_of_peer(std::uint16_t port) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || size != sizeof address)
      continue;
    int on = -1;
    socklen_t length = sizeof on;
    if (ntohs(address.sin_port) == port && ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0)
      return on;
  }
  return -1;
}

// Its second half would wait 40 ms for the acknowledgement of the first.
TEST_F(HttpTest, WhoConnectedBeforeTheServerListenedIsAnsweredWithoutDelayToo) {
  std::optional<RawClient> early;
  start({}, say_good, [&] { early.emplace(port()); });
  RawClient later(port());
  for (RawClient* client : {&*early, &later}) {
    client->send(kGet);
    EXPECT_EQ(client->answer().status, 200);
    EXPECT_EQ(no_delay_of_peer(client->local_port()), 1);
  }
}

TEST_F(HttpTest, AConnectionWithoutARequestIsClosed) {
  start({.times = {.request_ms = 200, .idle_ms = 400}}, say_good);
  RawClient silent(port());
  EXPECT_TRUE(silent.ends());
  RawClient served(port());
  served.send(kGet);
  EXPECT_EQ(served.answer().status, 200);
  EXPECT_TRUE(served.ends()) << "after its idle time";
  RawClient again(port());
  again.send(kGet);
  again.answer();
  again.send("GET");
  EXPECT_TRUE(again.ends()) << "a second request has no more time than the first";
}

TEST_F(HttpTest, AnAnswerMayTakeLongerThanARequest) {
  std::shared_ptr<Exchange> held;
  start({.times = {.request_ms = 100, .idle_ms = 100}}, [&held](const std::shared_ptr<Exchange>& exchange) {
    if (held) held->reply({.body = "late"});
    held = exchange;
    if (exchange->head().path == "/now") exchange->reply({.body = "now"});
  });
  RawClient patient(port());
  patient.send(kGet);
  EXPECT_FALSE(patient.readable_within(500));
  RawClient other(port());
  other.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(other.answer().body, "now");
  EXPECT_EQ(patient.answer().body, "late");
}

TEST_F(HttpTest, AHangUpIsNoticedWhileTheAnswerIsAwaited) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  std::shared_ptr<Exchange> held;
  start({}, [&](const std::shared_ptr<Exchange>& exchange) {
    held = exchange;
    exchange->on_hang_up([end = pipe[1]] { ::close(end); });
  });
  RawClient client(port());
  client.send(std::string(kGet) + kGet);
  EXPECT_FALSE(client.readable_within(100));
  client.hang_up();
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 0) << "the hook ran";
  ::close(pipe[0]);
}

TEST_F(HttpTest, AStreamThatNobodyReadsIsClosed) {
  start({}, [](const std::shared_ptr<Exchange>& exchange) {
    exchange->begin_stream({});
    const std::string piece(65'536, 'x');
    while (exchange->send(piece)) {
    }
    EXPECT_FALSE(exchange->send("more"));
  });
  RawClient client(port());
  client.send(kGet);
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpTest, ARequestThatNobodyAnswersIsAnError) {
  start({}, [](const std::shared_ptr<Exchange>&) {});
  RawClient client(port());
  client.send(kGet);
  EXPECT_EQ(client.answer().status, 500);
}

}  // namespace
}  // namespace mcpbox::http
