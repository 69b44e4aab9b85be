// A monitor with a fake egress and a fake dialer, and a tool that has a network and a sealed secret.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/privsep/monitor/calls_fixture.h"

namespace mcpbox::monitor {

using base::Why;
using protocol::Role;
using protocol::SecretBinding;
using protocol::State;

class NetworkTest : public CallsTest {
 public:
  NetworkTest() {
    root->person = {.who = "root", .uid = 0};
    executor.imports = {"httpx"};
    executor.on_go_later = [this](FakeExecutor::Child& child, const wire::Header& asked) {
      finish_call = [this, &child, asked] { executor.answer(child, asked); };
    };
    launcher.on_spawn = [this, zygotes = launcher.on_spawn](Role role) -> base::Result<Spawned> {
      if (role == Role::kZygote) return zygotes(role);
      if (role == Role::kEgress || role == Role::kDialer) return network_process(role);
      return base::fail(Why::kRefused, "not in this test");
    };
    monitor.children.start();
    until([this] {
      return monitor.children.link_of(Role::kEgress) != nullptr &&
             monitor.children.link_of(Role::kDialer) != nullptr;
    });
    approve_host("api.example.com", 443);
    EXPECT_TRUE(set("API_KEY", "hunter2hunter2", "api.example.com").has_value());
  }

  base::Result<protocol::SecretInfo> set(const char* key, const char* value, const char* host) {
    return finish(
        on_set_secret(monitor, *root,
                      {.server = "srv", .key = key, .binding = SecretBinding{.host = host}, .value = value}));
  }
  void approve_host(const char* host, std::uint16_t port) {
    Grant grant;
    grant.id = {77};
    grant.state = protocol::GrantState::kApproved;
    grant.server = server_id;
    grant.name = host;
    grant.port = port;
    monitor.grants.put(grant);
  }
  // A call that runs until finish_call().
  wire::Id running_call() {
    granted.reset();
    finish_call = nullptr;
    background.spawn(run_one());
    until([this] { return granted.has_value() && finish_call != nullptr; });
    return granted.value_or(wire::Id{});
  }
  std::string placeholder_of(const wire::Id& call) {
    const Call* found = monitor.calls.find(call);
    return found == nullptr || found->placeholders.empty() ? "" : found->placeholders.begin()->first;
  }
  base::Result<protocol::SecretValue> read(const wire::Id& call, const std::string& placeholder,
                                           const char* host = "api.example.com", std::uint16_t port = 443) {
    return finish(on_read_secret(
        monitor, *root,
        {.grant = call, .placeholder = placeholder, .host = std::string_view(host), .port = port}));
  }
  void end_call(const wire::Id& call) {
    finish_call();
    until([&] { return monitor.calls.find(call) == nullptr; });
  }
  // The last two numbers of the call's row in the log: requests made and denied.
  std::string logged_use() {
    const auto row = [this] {
      return std::ranges::find_if(store.texts, [](const Statement& text) {
        return std::string_view(text.sql->name) == "insert_execution";
      });
    };
    until([&] { return row() != store.texts.end(); });
    const std::vector<Param>& params = row()->params;
    return params[params.size() - 2].bytes + " " + params[params.size() - 1].bytes;
  }

  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::optional<wire::Id> granted;
  std::uint32_t seconds = 0;
  std::optional<wire::Id> closed;  // at egress
  protocol::NetworkUse use;        // what egress then says
  bool silent = false;             // or says not
  std::function<void()> finish_call;
  loop::TaskSet background;

 private:
  struct Process {
    std::unique_ptr<FakeExecutor::Sleeper> sleeper = std::make_unique<FakeExecutor::Sleeper>();
    std::unique_ptr<loop::Link> link;
  };

  base::Result<Spawned> network_process(Role role) {
    Pair pair = socket_pair(SOCK_STREAM);
    Process& made = processes_[role];
    made.link = std::make_unique<loop::Link>(
        event_loop, std::move(pair.theirs), loop::LinkLimits{.max_payload = 1 << 20, .fds_in = 1},
        [this, &made](wire::Frame frame) { on_order(made, std::move(frame)); }, [](const base::Error&) {});
    background.spawn(say_hello(*made.link, role));
    return Spawned{.link = std::move(pair.ours), .pidfd = made.sleeper->pidfd(), .pid = made.sleeper->pid()};
  }
  void on_order(Process& process, wire::Frame frame) {
    if (protocol::Op{frame.header.op} == protocol::Op::kOpenGrant) {
      const base::Result<protocol::OpenGrant> order = wire::decode<protocol::OpenGrant>(frame);
      ASSERT_TRUE(order.has_value());
      granted = order->grant;
      seconds = order->seconds;
    }
    if (protocol::Op{frame.header.op} == protocol::Op::kCloseGrant) {
      closed = wire::decode<protocol::CloseGrant>(frame)->grant;
      if (silent) return;
      process.link->reply(frame.header, use);
      return;
    }
    protocol::Done done;
    if (frame.header.kind == wire::FrameKind::kRequest) process.link->reply(frame.header, done);
  }
  static loop::Task<> say_hello(loop::Link& link, Role role) {
    protocol::Hello hello{.layers = role == Role::kEgress ? policy::kEgressLayers : policy::kDialerLayers,
                          .build = kVersion};
    const protocol::Settings settings = co_await link.ask(hello);
    static_cast<void>(settings);
    co_return loop::Nothing{};
  }
  loop::Task<> run_one() {
    const base::Result<protocol::CallResult> result = co_await loop::attempt(monitor.calls.run(job()));
    EXPECT_TRUE(result.has_value());
    co_return loop::Nothing{};
  }

  std::map<Role, Process> processes_;
};

}  // namespace mcpbox::monitor
