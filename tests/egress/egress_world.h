// Egress in this loop, a monitor that is the test, a call child that is the test, and servers on loopback
// reached through a dialer that is the test: what the real one may connect to is choose_test's question.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "egress/egress/serve.h"
#include "privsep/loop/loop.h"
#include "privsep/protocol/messages_fetch.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::test {

using namespace protocol;

inline constexpr wire::Id kGrant{7};

inline std::array<base::Fd, 2> pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

// A server of one connection at a time: answers each request head (and body of Content-Length) with the next
// text.  An empty text is no answer: the connection stays open until the server goes.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), raw, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    const int client = client_.load();
    if (client >= 0) ::shutdown(client, SHUT_RDWR);  // whoever kept the connection open
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Everything that it was sent; ask after the exchange.
  std::string heard;
  int connections = 0;

 private:
  void serve() {
    for (auto answer = answers_.begin(); answer != answers_.end();) {
      const base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      ++connections;
      client_ = client.get();
      while (!ending_ && answer != answers_.end() && read_request(client.get())) {
        const std::string text = *answer;
        if (text.empty()) continue;
        ++answer;
        if (::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
        if (text.find("Connection: close") != std::string::npos) break;
      }
      client_ = -1;
      if (ending_) return;
    }
  }
  bool read_request(int client) {
    std::string request;
    std::array<char, 4096> some{};
    std::size_t wanted = 0;
    while (wanted == 0 || request.size() < wanted) {
      const ssize_t got = ::recv(client, some.data(), some.size(), 0);
      if (got <= 0) return false;
      request.append(some.data(), static_cast<std::size_t>(got));
      const std::size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = request.find("Content-Length: ");
      wanted = end + 4 + (length < end ? std::stoul(request.substr(length + 16)) : 0);
    }
    heard += request;
    return true;
  }

  std::vector<std::string> answers_;
  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> client_ = -1;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

struct Got {
  std::optional<FetchHead> head;
  std::string data;
  bool ended = false;
  std::optional<FetchFailed> failed;
  [[nodiscard]] bool over() const { return ended || failed; }
};

class EgressTest : public testing::Test {
 protected:
  EgressTest() {
    auto [theirs, ours] = pair();
    service_.emplace(loop_, log_, roots_, std::move(theirs));
    monitor_.emplace(
        loop_, std::move(ours), loop::LinkLimits{.max_payload = 1 << 20},
        [this](wire::Frame frame) { on_notice(std::move(frame)); }, [](const base::Error&) {});
    auto [to_egress, dialer] = pair();
    dialer_.emplace(
        loop_, std::move(dialer), loop::LinkLimits{.max_payload = 1 << 16},
        [this](wire::Frame frame) { on_dial(std::move(frame)); }, [](const base::Error&) {});
    Partner partner{.socket = std::move(to_egress)};
    EXPECT_TRUE(monitor_->notify(partner));
  }

  void open(GrantedHosts hosts, std::uint32_t requests = 100, std::uint64_t bytes = 1 << 24) {
    auto [theirs, ours] = pair();
    OpenGrant terms{.grant = kGrant,
                    .hosts = std::move(hosts),
                    .requests = requests,
                    .bytes = bytes,
                    .seconds = 60,
                    .child = std::move(theirs)};
    ASSERT_TRUE(monitor_->notify(terms));
    child_.emplace(
        loop_, std::move(ours), loop::LinkLimits{.max_payload = 1 << 20},
        [this](wire::Frame frame) { on_answer(std::move(frame)); },
        [this](const base::Error&) { child_gone_ = true; });
  }
  static GrantedHosts host(const char* name, std::uint16_t port = 0) {
    GrantedHosts hosts;
    GrantedHost& one = hosts.emplace_back();
    one.host = std::string_view(name);
    one.port = port;
    return hosts;
  }

  FetchStart request(const char* method, const char* name, std::uint16_t port, const char* target = "/") {
    FetchStart start{.stream = ++last_, .tls = false, .port = port};
    start.host = std::string_view(name);
    start.method = std::string_view(method);
    start.target = std::string_view(target);
    start.connect_ms = 10'000;
    return start;
  }
  Got fetch(FetchStart start) {
    const std::uint32_t stream = start.stream;
    EXPECT_TRUE(child_->notify(start));
    return wait_for(stream);
  }
  Got& wait_for(std::uint32_t stream) {
    until([&] { return got_[stream].over() || child_gone_; });
    return got_[stream];
  }
  void until(const std::function<bool()>& done) {
    std::function<void()> look = [&] {
      if (done()) return loop_.stop();
      timer_.emplace(loop_, look);
      timer_->start(1);
    };
    loop::Timer late(loop_, [&] { loop_.stop(); });
    late.start(60'000);
    look();
    if (!done()) loop_.run();
    timer_.reset();
  }

  void on_dial(wire::Frame frame) {
    const base::Result<Dial> question = wire::decode<Dial>(frame);
    ASSERT_TRUE(question);
    dials_.push_back(question->host + ":" + std::to_string(question->port));
    if (refuse_) return dialer_->reply_error(frame.header, *refuse_);
    if (forged_) {
      Dialled made{.socket = forged_()};
      return dialer_->reply(frame.header, made);
    }
    Dialled made{.socket = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(leads_to_);
    address.sin_port = htons(question->port);
    ASSERT_EQ(::connect(made.socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    dialer_->reply(frame.header, made);
  }
  void on_notice(wire::Frame frame) {
    if (Op{frame.header.op} == Op::kReadSecret) return on_read_secret(frame);
    if (Op{frame.header.op} != Op::kReportDenied) return;
    const base::Result<ReportDenied> denied = wire::decode<ReportDenied>(frame);
    ASSERT_TRUE(denied);
    denied_.push_back((denied->what == Denied::kPlaceholder ? "secret to " : "") + denied->host + ":" +
                      std::to_string(denied->port));
  }
  // What the monitor decides, in short: a secret is for one host and port.
  void on_read_secret(wire::Frame& frame) {
    base::Result<ReadSecret> question = wire::decode<ReadSecret>(frame);
    ASSERT_TRUE(question);
    ++reads_;
    if (late_) return;
    const auto found = secrets_.find(question->placeholder);
    if (found == secrets_.end())
      return monitor_->reply_error(frame.header, base::Error{base::Why::kNotFound, "no such secret"});
    if (found->second.host != question->host)
      return monitor_->reply_error(frame.header, base::Error{base::Why::kRefused, "it is for another host"});
    monitor_->reply(frame.header, found->second.value);
  }
  void on_answer(wire::Frame frame) {
    const Op op{frame.header.op};
    if (op == Op::kFetchHead) {
      base::Result<FetchHead> head = wire::decode<FetchHead>(frame);
      ASSERT_TRUE(head);
      got_[head->stream].head = std::move(*head);
    } else if (op == Op::kFetchData) {
      const base::Result<FetchData> data = wire::decode<FetchData>(frame);
      ASSERT_TRUE(data);
      got_[data->stream].data += data->data;
      FetchRoom room{.stream = data->stream, .bytes = static_cast<std::uint32_t>(data->data.size())};
      if (gives_room_) {
        EXPECT_TRUE(child_->notify(room));
      }
    } else if (op == Op::kFetchEnd) {
      got_[wire::decode<FetchEnd>(frame)->stream].ended = true;
    } else if (op == Op::kFetchFailed) {
      base::Result<FetchFailed> failed = wire::decode<FetchFailed>(frame);
      ASSERT_TRUE(failed);
      got_[failed->stream].failed = std::move(*failed);
    }
  }

  base::Log log_{"test"};
  loop::Loop loop_;
  egress::Roots roots_ = std::move(*egress::Roots::load("/etc/ssl/certs/ca-certificates.crt"));
  std::optional<egress::Service> service_;
  std::optional<loop::Link> monitor_;
  std::optional<loop::Link> dialer_;
  std::optional<loop::Link> child_;
  std::optional<loop::Timer> timer_;
  std::optional<base::Error> refuse_;
  std::map<std::uint32_t, Got> got_;
  struct Bound {
    std::string host;
    SecretValue value;
  };
  std::map<std::string, Bound> secrets_;  // by placeholder
  std::function<base::Fd()> forged_;      // what a stolen dialer passes on instead of a connection
  int reads_ = 0;
  bool late_ = false;                         // the monitor does not answer
  std::uint32_t leads_to_ = INADDR_LOOPBACK;  // every host
  std::vector<std::string> dials_;
  std::vector<std::string> denied_;
  std::uint32_t last_ = 0;
  bool child_gone_ = false;
  bool gives_room_ = true;
};

inline std::string answer(const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 200 OK\r\nX-A: b\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace mcpbox::test
