// A monitor for mcpboxctl to talk to: a real socket, the real codec, canned answers, and a record of what was
// asked.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "privsep/protocol/messages_ctl.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::ctl::testing {

class FakeMonitor {
 public:
  // listener: the user who seems to have made the socket; the own one for 0.
  explicit FakeMonitor(uid_t listener = 0) {
    std::string name = ::testing::TempDir() + "ctl-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    ::chmod(folder_.c_str(), 0755);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      std::abort();
    ::chmod(socket().c_str(), 0666);
    // The kernel notes who listens at the time of listen().
    if (listener != 0 && ::seteuid(listener) != 0) std::abort();
    if (::listen(listener_.get(), 4) != 0) std::abort();
    if (listener != 0 && ::seteuid(0) != 0) std::abort();
    thread_ = std::thread([this] { serve(); });
  }
  FakeMonitor(const FakeMonitor&) = delete;
  FakeMonitor& operator=(const FakeMonitor&) = delete;
  ~FakeMonitor() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string socket() const { return folder_ + "/control.sock"; }
  [[nodiscard]] std::string folder() const { return folder_; }

  // The requests of this kind, in order.
  template <class M>
  std::vector<M> asked() {
    const std::lock_guard lock(mutex_);
    std::vector<M> found;
    for (wire::Frame& frame : frames_) {
      if (frame.header.op != static_cast<std::uint16_t>(M::kOp)) continue;
      base::Result<M> message = wire::decode<M>(frame);
      if (message) found.push_back(std::move(*message));
    }
    return found;
  }

  protocol::Status status;
  protocol::ToolDetail tool;
  std::optional<protocol::ToolDetail> then;  // what the tool is when it has been shown once
  std::string json = "{}";
  base::Why refuse_decisions = base::Why::kBroken;  // kBroken: they are carried out
  bool unlocks = true;

 private:
  void serve() {
    while (true) {
      const base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      while (base::Result<wire::Frame> frame = wire::read_frame(client.get(), 1 << 22)) {
        const wire::Header header = frame->header;
        {
          const std::lock_guard lock(mutex_);
          frames_.push_back(std::move(*frame));
        }
        answer(client.get(), header);
      }
    }
  }

  template <class M>
  static void reply(int client, const wire::Header& asked, M message,
                    wire::FrameKind kind = wire::FrameKind::kReply) {
    std::ignore = wire::write_message(client, kind, asked.op, asked.serial, message);
  }
  static void refuse(int client, const wire::Header& asked, base::Why why, std::string_view text) {
    wire::ErrorBody body{.why = static_cast<std::uint8_t>(why), .text = text};
    reply(client, asked, std::move(body), wire::FrameKind::kError);
  }

  void answer(int client, const wire::Header& asked) {
    using protocol::Op;
    switch (static_cast<Op>(asked.op)) {
      case Op::kHello:
        return reply(client, asked, protocol::Settings{});
      case Op::kGetStatus:
        return reply(client, asked, protocol::Status(status));
      case Op::kShowTool:
        if (tool.name.empty()) return refuse(client, asked, base::Why::kNotFound, "no such tool");
        reply(client, asked, protocol::ToolDetail(tool));
        if (then) tool = *then;
        return;
      case Op::kReadLogs:
      case Op::kAdminRead:
        return reply(client, asked, protocol::JsonText{.json = json});
      case Op::kUnlock:
        if (!unlocks) return refuse(client, asked, base::Why::kRefused, "wrong admin name or password");
        return reply(client, asked, protocol::Done{});
      case Op::kApprove:
      case Op::kReject:
        if (refuse_decisions != base::Why::kBroken) return refuse(client, asked, refuse_decisions, "not now");
        return reply(client, asked, protocol::ToolSaved{.version = 3, .digest = tool.digest});
      default:
        return reply(client, asked, protocol::Done{});
    }
  }

  std::string folder_;
  base::Fd listener_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<wire::Frame> frames_;
};

}  // namespace mcpbox::ctl::testing
