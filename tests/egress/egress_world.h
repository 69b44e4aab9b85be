// Egress in this loop, a monitor that is the test, a call child that is the test, and servers on loopback
// reached through a dialer that is the test: what the real one may connect to is choose_test's question.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "egress/egress/serve.h"
#include "privsep/loop/loop.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_fetch.h"
#include "privsep/wire/blocking.h"
#include "tests/egress/server.h"

namespace mcpbox::test {

using namespace protocol;

inline constexpr wire::Id kGrant{7};

inline std::array<base::Fd, 2> pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

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
    meet_dialer();
  }

  void meet_dialer() {
    auto [to_egress, dialer] = pair();
    dialer_.emplace(
        loop_, std::move(dialer), loop::LinkLimits{.max_payload = 1 << 16},
        [this](wire::Frame frame) { on_dial(std::move(frame)); }, [](const base::Error&) {});
    Partner partner{.socket = std::move(to_egress)};
    EXPECT_TRUE(monitor_->notify(partner));
  }

  void open(GrantedHosts hosts, std::uint32_t requests = 100, std::uint64_t bytes = 1 << 24,
            std::uint32_t seconds = 60) {
    auto [theirs, ours] = pair();
    OpenGrant terms{.grant = kGrant,
                    .hosts = std::move(hosts),
                    .requests = requests,
                    .bytes = bytes,
                    .seconds = seconds,
                    .child = std::move(theirs)};
    ASSERT_TRUE(monitor_->notify(terms));
    child_.emplace(
        loop_, std::move(ours), loop::LinkLimits{.max_payload = 1 << 20},
        [this](wire::Frame frame) { on_answer(std::move(frame)); },
        [this](const base::Error&) { child_gone_ = true; });
  }
  // Ends the grant.  What egress says that the call did.
  NetworkUse close() {
    std::optional<base::Result<NetworkUse>> told;
    tasks_.spawn(close_grant(told));
    until([&] { return told.has_value(); });
    EXPECT_TRUE(told && *told);
    return told && *told ? **told : NetworkUse{};
  }
  loop::Task<> close_grant(std::optional<base::Result<NetworkUse>>& told) {
    CloseGrant order{.grant = kGrant};
    told = co_await loop::attempt(monitor_->ask(order));
    co_return loop::Nothing{};
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
    if (holds_dials_) return held_.push_back({frame.header, question->port});
    connect(frame.header, question->port);
  }
  // What was asked for longest is dialled now.
  void let_one_go() {
    ASSERT_FALSE(held_.empty());
    const auto [asked, port] = held_.front();
    held_.pop_front();
    connect(asked, port);
  }
  void connect(const wire::Header& asked, std::uint16_t port) {
    if (refuse_) return dialer_->reply_error(asked, *refuse_);
    if (forged_) {
      Dialled made{.socket = forged_()};
      return dialer_->reply(asked, made);
    }
    Dialled made{.socket = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(leads_to_);
    address.sin_port = htons(port);
    ASSERT_EQ(::connect(made.socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    dialer_->reply(asked, made);
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
  // So many parts of a body, one more for each time that there is room again.
  void pour(std::uint32_t stream, int parts) {
    for (int i = 0; i < parts; ++i) {
      FetchBody part{.stream = stream, .last = false, .data = {}};
      part.data.assign(pours_, 'x');
      EXPECT_TRUE(child_->notify(part));
    }
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
    } else if (op == Op::kFetchRoom && pours_ > 0) {
      pour(wire::decode<FetchRoom>(frame)->stream, 1);
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
  loop::TaskSet tasks_;
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
  bool holds_dials_ = false;
  std::deque<std::pair<wire::Header, std::uint16_t>> held_;
  std::vector<std::string> denied_;
  std::uint32_t last_ = 0;
  bool child_gone_ = false;
  bool gives_room_ = true;
  std::size_t pours_ = 0;  // bytes of each part
};

inline std::string answer(const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 200 OK\r\nX-A: b\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace mcpbox::test
