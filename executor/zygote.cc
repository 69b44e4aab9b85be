// Runs in [zygote], jailed, and holds nothing that an author wrote.  Trusts the monitor.  Reads nothing from
// its children: of a child it learns the wait status and the kernel's accounting, no more.
#include "executor/zygote.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "executor/call.h"
#include "executor/holes.h"
#include "privsep/protocol/messages_common.h"
#include "privsep/protocol/messages_zygote.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::executor {
namespace {

using base::fail;
using base::Result;
using base::Why;
using protocol::Op;
using wire::Frame;
using wire::FrameKind;

constexpr std::size_t kMaxOrder = protocol::Orders::max_request_bytes(protocol::Role::kZygote);
constexpr std::size_t kMaxHelloReply = wire::max_bytes<protocol::Settings>();
constexpr std::uint32_t kHelloSerial = 1;

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

base::Error Zygote::serve(int link, policy::Layers layers) {
  link_ = link;
  Result<void> went = greet(layers);
  fill_malloc_holes();  // those that the way into the jail left
  while (went) went = turn();
  return went.error();
}

Result<void> Zygote::greet(policy::Layers layers) {
  protocol::Hello hello;
  hello.layers = layers;
  hello.build = std::string_view(MCPBOX_VERSION);
  const Result<void> sent = wire::write_message(link_, FrameKind::kRequest,
                                                static_cast<std::uint16_t>(Op::kHello), kHelloSerial, hello);
  if (!sent) return sent;
  const Result<Frame> reply = wire::read_frame(link_, kMaxHelloReply);
  if (!reply) return std::unexpected(reply.error());
  if (reply->header.kind != FrameKind::kReply || reply->header.serial != kHelloSerial)
    return fail(Why::kRefused, "zygote: the monitor did not accept this process");
  return {};
}

// One wait: an order, endings, or both.
Result<void> Zygote::turn() {
  std::vector<pollfd> wait{{link_, POLLIN, 0}};
  for (const Child& child : children_) wait.push_back({child.pidfd.get(), POLLIN, 0});
  if (::poll(wait.data(), wait.size(), -1) < 0) {
    if (errno == EINTR) return {};
    return base::fail_errno("zygote: poll");
  }
  for (std::size_t i = children_.size(); i-- > 0;) {
    if (wait[i + 1].revents == 0) continue;
    const Result<void> told = report_ended(children_[i]);
    if (!told) return told;
    std::swap(children_[i], children_.back());
    children_.pop_back();
  }
  return wait[0].revents != 0 ? obey() : Result<void>{};
}

Result<void> Zygote::obey() {
  Result<Frame> frame = wire::read_frame(link_, kMaxOrder, wire::kMaxFds);
  if (!frame) return std::unexpected(frame.error());
  if (frame->header.kind != FrameKind::kRequest ||
      frame->header.op != static_cast<std::uint16_t>(Op::kForkSpare))
    return fail(Why::kInvalid, "zygote: an order that is not its own");
  Result<protocol::ForkSpare> order = wire::decode<protocol::ForkSpare>(*frame);
  if (!order) return std::unexpected(order.error());
  return fork_spare(frame->header.serial, std::move(*order));
}

Result<void> Zygote::fork_spare(std::uint32_t serial, protocol::ForkSpare order) {
  // fork(3), not os.fork(): CPython's at-fork hooks cost more than the fork, and with one thread they do
  // nothing but reseed `random`, which the child does itself.
  oom_.as_a_call();
  const pid_t pid = ::fork();
  if (pid == 0) become_call(order);
  oom_.as_itself();
  const auto op = static_cast<std::uint16_t>(Op::kForkSpare);
  base::Fd pidfd(pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  base::Fd for_monitor(pidfd ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
  if (!for_monitor) {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    wire::ErrorBody body;
    body.why = static_cast<std::uint8_t>(Why::kBusy);
    body.text = "no call child could be forked";
    return wire::write_message(link_, FrameKind::kError, op, serial, body);
  }
  children_.push_back({order.spare, pid, std::move(pidfd)});
  protocol::Forked forked{.pidfd = std::move(for_monitor), .pid = pid};
  return wire::write_message(link_, FrameKind::kReply, op, serial, forked);
}

// Its group first, which is to answer for its pages.  Its rehearsal before its jail, whose filter knows no
// reason for that: nothing of a job has been read yet.
void Zygote::become_call(const protocol::ForkSpare& order) {
  if (order.group) jail::CallJail::join_group(order.group->get());
  if (order.touch_pages) {
    rehearsal_.warm(python_, order.socket.get());
  } else {
    rehearsal_.copy_pages();
  }
  calls_.enter(order.socket.get(), order.egress ? order.egress->get() : -1);
  title_.set("mcpbox: [call]");
  ::_exit(static_cast<int>(serve_call(python_, jail::kCallLinkFd)));
}

Result<void> Zygote::report_ended(const Child& child) {
  protocol::SpareEnded ended;
  ended.spare = child.spare;
  int status = 0;
  rusage used{};
  if (::wait4(child.pid, &status, 0, &used) != child.pid) return base::fail_errno("zygote: wait4");
  ended.wait_status = status;
  ended.peak_memory_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  ended.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  return wire::write_message(link_, FrameKind::kNotice, static_cast<std::uint16_t>(Op::kSpareEnded), 0,
                             ended);
}

}  // namespace mcpbox::executor
