// A link whose other end is a bare socket, so that the peer can be as wrong as it likes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

#include "privsep/loop/link.h"
#include "privsep/loop/task_set.h"
#include "tests/privsep/loop/turning.h"

namespace mcpbox::loop::testing {

enum class TestOp : std::uint16_t { kDouble = 11, kTake = 12, kTold = 13 };

struct Doubled {
  std::uint32_t value = 0;
  wire::Text<8> note;
  static auto fields(auto& m) { return std::tie(m.value, m.note); }
};

struct Double {
  static constexpr TestOp kOp = TestOp::kDouble;
  using Reply = Doubled;
  std::uint32_t value = 0;
  static auto fields(auto& m) { return std::tie(m.value); }
};

struct Take {
  static constexpr TestOp kOp = TestOp::kTake;
  using Reply = Doubled;
  base::Fd fd;
  static auto fields(auto& m) { return std::tie(m.fd); }
};

struct Told {
  static constexpr TestOp kOp = TestOp::kTold;
  wire::Bytes<policy::limits::kMiB> what;
  static auto fields(auto& m) { return std::tie(m.what); }
};

struct Ends {
  base::Fd near, far;
  Ends() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    near.reset(ends[0]);
    far.reset(ends[1]);
  }
};

// A link and what has happened on it.
class Watched {
 public:
  Watched(Loop& loop, base::Fd socket, LinkLimits limits = {})
      : link_(
            std::in_place, loop, std::move(socket), limits,
            [this](wire::Frame frame) { take(std::move(frame)); },
            [this](base::Error why) { closed.push_back(why); }) {}

  Link& link() { return *link_; }
  void destroy_link() { link_.reset(); }

  std::vector<wire::Frame> requests;
  std::vector<base::Error> closed;
  std::function<void(wire::Frame&)> on_request;  // called as well, when set

 private:
  void take(wire::Frame frame) {
    requests.push_back(std::move(frame));
    if (on_request) on_request(requests.back());
  }
  std::optional<Link> link_;
};

class LinkTest : public ::testing::Test {
 protected:
  bool until(auto happened) { return turn_until(loop, happened); }

  // Sends a frame from the far end.
  template <class M>
  void far_sends(wire::FrameKind kind, std::uint16_t op, std::uint32_t serial, M& message) {
    ASSERT_TRUE(wire::write_message(ends.far.get(), kind, op, serial, message));
  }
  template <class M>
  void far_asks(M& message, std::uint32_t serial) {
    far_sends(wire::FrameKind::kRequest, static_cast<std::uint16_t>(M::kOp), serial, message);
  }
  // What the near end has sent.
  wire::Frame far_reads(std::size_t room = 0) {
    base::Result<wire::Frame> frame = wire::read_frame(ends.far.get(), policy::limits::kMiB + 64, room);
    EXPECT_TRUE(frame);
    return frame ? std::move(*frame) : wire::Frame{};
  }
  void far_writes(std::string_view bytes) {
    ASSERT_EQ(::write(ends.far.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  bool until_closed() {
    return until([this] { return !near.closed.empty(); });
  }

  Loop loop;
  Ends ends;
  Watched near{loop, std::move(ends.near), LinkLimits{.max_payload = policy::limits::kMiB + 4, .fds_in = 1}};
};

inline Task<> asks(Link& link, std::uint32_t value, std::optional<base::Result<Doubled>>& answer) {
  Double question{.value = value};
  answer = co_await attempt(link.ask(question));
  co_return Nothing{};
}

}  // namespace mcpbox::loop::testing
