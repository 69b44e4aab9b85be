// A stolen child: a process of its own that speaks one role's side of the protocol and wants more.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "privsep/wire/blocking.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {

inline constexpr int kEnded = 99;  // exit status of a child whose link was closed by the monitor
inline constexpr std::size_t kMostBytes = std::size_t{16} * policy::limits::kMiB;

using Act = std::function<int(int socket)>;

inline wire::Frame frame_of(std::uint16_t op, std::string payload) {
  wire::Frame frame;
  frame.header = {.length = static_cast<std::uint32_t>(payload.size()), .serial = 7, .op = op};
  frame.payload = std::move(payload);
  return frame;
}

// Sends them; says how many were answered with yes, or that the link was closed.
inline int answers_to(int socket, const std::vector<wire::Frame>& frames) {
  int granted = 0;
  for (const wire::Frame& frame : frames) {
    if (!wire::write_frame(socket, frame)) return kEnded;
    const base::Result<wire::Frame> answer = wire::read_frame(socket, kMostBytes, wire::kMaxFds);
    if (!answer) return kEnded;
    granted += answer->header.kind == wire::FrameKind::kError ? 0 : 1;
  }
  return granted;
}

inline int raw(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return kEnded;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(socket, SHUT_WR);
  return wire::read_frame(socket, kMostBytes, wire::kMaxFds) ? 1 : kEnded;
}

inline std::string bytes_of(const wire::Frame& frame) {
  const wire::HeaderBytes head = wire::encode_header(frame.header);
  return std::string(head.begin(), head.end()) + frame.payload;
}

// A process of its own has nothing but its end of the link: with a copy of the monitor's it would never see
// the end of it.
inline void keep_only(int socket) {
  constexpr int kFirst = STDERR_FILENO + 1;
  if (socket > kFirst) ::close_range(kFirst, static_cast<unsigned>(socket) - 1, 0);
  ::close_range(static_cast<unsigned>(socket) + 1, ~0U, 0);
}

// Base: MonitorTest, or what has one.
template <class Base>
class HostileChildOf : public Base {
 public:
  HostileChildOf() { ::signal(SIGPIPE, SIG_IGN); }

  // Runs `act` in a process of its own, at the far end of a gateway's link.
  int attack(const Act& act, const std::shared_ptr<Peer>& thief) {
    base::Fd end = std::move(this->ends.back());
    this->ends.pop_back();
    const ::pid_t child = ::fork();
    if (child == 0) {
      keep_only(end.get());
      ::_exit(act(end.get()));
    }
    end = base::Fd();
    int status = 0;
    bool gone = false;
    this->until([&] { return gone = gone || ::waitpid(child, &status, WNOHANG) == child; });
    if (thief->link->open()) thief->link->close({base::Why::kCancelled, "the test is over"});
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // What an honest peer asks, and whether it is answered: `kind` of the frame.
  template <class Question>
  base::Result<wire::Frame> answer_to(const base::Fd& honest_end, Question& question) {
    const base::Result<void> sent = wire::write_message(
        honest_end.get(), wire::FrameKind::kRequest, static_cast<std::uint16_t>(Question::kOp), 1, question);
    if (!sent) return std::unexpected(sent.error());
    ::pollfd poll{.fd = honest_end.get(), .events = POLLIN, .revents = 0};
    this->until([&] { return ::poll(&poll, 1, 0) == 1; });
    return wire::read_frame(honest_end.get(), kMostBytes);
  }
};
using HostileChild = HostileChildOf<MonitorTest>;

}  // namespace mcpbox::monitor
