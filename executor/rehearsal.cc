// Runs in [zygote] before its jail (learn), and in forked children before theirs (warm).  Nothing that an
// author wrote is near.
#include "executor/rehearsal.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "executor/call.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::executor {
namespace {

using base::Result;

template <class Order>
Result<wire::Frame> as_request(Order order) {
  Result<wire::Frame> frame = wire::encode(order);
  if (!frame) return frame;
  frame->header.kind = wire::FrameKind::kRequest;
  frame->header.op = static_cast<std::uint16_t>(Order::kOp);
  return frame;
}

}  // namespace

Result<Rehearsal> Rehearsal::learn(Python& python) {
  Result<Python::UsualCall> usual = python.usual_call();
  if (!usual) return std::unexpected(usual.error());
  Result<wire::Frame> prepare = as_request(std::move(usual->prepare));
  if (!prepare) return std::unexpected(prepare.error());
  Result<wire::Frame> go = as_request(std::move(usual->go));
  if (!go) return std::unexpected(go.error());
  Rehearsal made;
  made.prepare_ = std::move(*prepare);
  made.go_ = std::move(*go);
  Result<HotPages> hot = HotPages::learn([&] {
    if (!made.play(python)) ::_exit(1);
  });
  if (!hot) return std::unexpected(hot.error());
  made.hot_ = std::move(*hot);
  return made;
}

void Rehearsal::warm(Python& python, int link) const {
  hot_.touch(link);
  pollfd job{link, POLLIN, 0};
  // One that cannot make this call can make none: it ends, and the monitor forks another.
  if (::poll(&job, 1, 0) == 0 && !play(python)) ::_exit(static_cast<int>(CallExit::kNoAnswer));
}

bool Rehearsal::play(Python& python) const {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  const base::Fd ours(ends[0]);
  const base::Fd theirs(ends[1]);
  if (!wire::write_frame(ours.get(), prepare_) || !wire::write_frame(ours.get(), go_)) return false;
  const CallExit how = serve_call(python, theirs.get());
  python.forget_call();
  return how == CallExit::kAnswered;
}

}  // namespace mcpbox::executor
