// The real mcpbox-gateway in its real jail, with the test as its launcher and its monitor.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "privsep/jail/spawn_side.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"
#include "privsep/wire/blocking.h"
#include "tests/privsep/http/raw_client.h"

namespace mcpbox::test {

namespace p = mcpbox::protocol;

// Lines, more of them than some clients take in one result.
std::string long_text();

// A result with this text, and `more` beside it: `, "KEY": JSON`.
std::string content(const std::string& text, const std::string& more = "");

// A monitor with one published tool per ending that a call can have (see open_call), and sessions that are
// real.
class GatewayProcess {
 public:
  // requests_per_minute: of one caller, as the monitor would say.  role: net-local, or net-tunnel, whose
  // callers are whoever they say that they are, here
  explicit GatewayProcess(std::uint32_t requests_per_minute = 1'000'000, const char* role = "net-local");
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  [[nodiscard]] bool ready() const { return port_ != 0; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return child_.pid; }
  [[nodiscard]] bool alive() const;
  [[nodiscard]] std::uint32_t layers() const { return layers_; }

  // From now on nobody may connect.
  void refuse_callers() { refusing_ = true; }
  void tools_changed(const std::string& server, std::uint32_t lists = protocol::kToolList);
  void rate_changed(std::uint32_t requests_per_minute);
  void caller_gone(const std::string& who);
  // Ends the link; the wait status follows.
  int end_monitor();

  // What the gateway asked, by the name of the message, so far.
  [[nodiscard]] int asked(const std::string& what);
  // Waits until it was asked so often.
  [[nodiscard]] bool wait_for(const std::string& what, int times);
  [[nodiscard]] p::OpenCall last_call();
  [[nodiscard]] p::TestCode last_test();

  [[nodiscard]] p::AnswerCall last_answer();
  // demo__talks_later begins to talk.
  void talk_now();
  void resource_updated(const std::string& server, const std::string& json);

  // A new legacy session; its id.
  std::string initialize();

 private:
  void serve();
  bool answer(wire::Frame& frame);
  template <class Request>
  Request take(wire::Frame& frame, const char* name);
  template <class Message>
  void reply(const wire::Header& asked, Message message);
  void refuse(const wire::Header& asked, base::Why why, const char* text);
  void open_call(const wire::Header& asked, p::OpenCall call);
  bool answer_more(wire::Frame& frame);
  void talk(const wire::Id& request);
  static p::ToolPage other_kinds(p::Kind kind);
  void manage(wire::Frame& frame);
  void manage_tools(wire::Frame& frame);
  void manage_reads(wire::Frame& frame);
  void manage_authority(wire::Frame& frame);

  base::Fd link_;
  jail::Spawned child_;
  std::uint16_t port_ = 0;
  std::uint32_t layers_ = 0;
  const std::uint32_t requests_per_minute_;
  std::atomic<bool> refusing_ = false;
  std::thread thread_;
  std::mutex mutex_;
  std::map<std::string, int> asked_;
  std::map<std::string, p::Session> sessions_;
  std::map<std::string, std::string> subscribed_;
  std::map<wire::Id, wire::Header> waiting_;  // calls that end when they are cancelled
  p::OpenCall last_call_;
  p::TestCode last_test_;
  p::AnswerCall last_answer_;
};

template <class Request>
Request GatewayProcess::take(wire::Frame& frame, const char* name) {
  base::Result<Request> request = wire::decode<Request>(frame);
  EXPECT_TRUE(request) << name;
  const std::scoped_lock lock(mutex_);
  ++asked_[name];
  return request ? std::move(*request) : Request{};
}

template <class Message>
void GatewayProcess::reply(const wire::Header& asked, Message message) {
  (void)wire::write_message(link_.get(), wire::FrameKind::kReply, asked.op, asked.serial, message);
}

// One gateway for all tests of a program: starting it is the slow part.
class GatewayTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  // Every test leaves it alive.
  void TearDown() override;
  static GatewayProcess& gateway() { return *shared_; }
  static std::uint16_t port() { return shared_->port(); }

 private:
  static GatewayProcess* shared_;
};

}  // namespace mcpbox::test
