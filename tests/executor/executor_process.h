// The real mcpbox-executor in its real jail, with the test as its launcher and its monitor.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <optional>
#include <string>

#include "privsep/jail/spawn_side.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::test {

using base::Fd;
using base::Result;
using protocol::CallEnd;
using protocol::Op;
using wire::Frame;
using wire::FrameKind;

inline constexpr uid_t kExecutorUid = 60807;
inline constexpr std::size_t kMostBytes = 16u << 20;
inline constexpr int kPatienceSeconds = 20;  // for an answer that must come; a failure, not a measurement

struct Pair {
  Fd ours;
  Fd theirs;
};
inline Pair make_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return {Fd(ends[0]), Fd(ends[1])};
}

template <class Request>
Result<void> send(int link, Request request, std::uint32_t serial = 7) {
  return wire::write_message(link, FrameKind::kRequest, static_cast<std::uint16_t>(Request::kOp), serial,
                             request);
}

// The next frame that is not a notice.
inline Result<Frame> read_answer(int link, std::size_t room = 0) {
  for (;;) {
    Result<Frame> frame = wire::read_frame(link, kMostBytes, room);
    if (!frame || frame->header.kind != FrameKind::kNotice) return frame;
  }
}

// The answer to `Request`; kRefused with nothing else when the child answered with an error.
template <class Request>
Result<typename Request::Reply> receive(int link, std::size_t room = 0) {
  Result<Frame> frame = read_answer(link, room);
  if (!frame) return std::unexpected(frame.error());
  EXPECT_EQ(frame->header.op, static_cast<std::uint16_t>(Request::kOp));
  if (frame->header.kind != FrameKind::kReply) return base::fail(base::Why::kRefused, "an error reply");
  return wire::decode<typename Request::Reply>(*frame);
}

template <class Request>
Result<typename Request::Reply> ask(int link, Request request, std::size_t room = 0) {
  const Result<void> sent = send(link, std::move(request));
  if (!sent) return std::unexpected(sent.error());
  return receive<Request>(link, room);
}

// One spare call child, seen from the monitor.
struct Spare {
  std::uint64_t number = 0;
  Fd link;
  Fd pidfd;

  void kill() const { ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0); }
  [[nodiscard]] bool ends_within(int milliseconds) const {
    pollfd wait{pidfd.get(), POLLIN, 0};
    return ::poll(&wait, 1, milliseconds) == 1;
  }
};

class ExecutorProcess {
 public:
  using Packages = protocol::LoadPackages;

  // Starts it, gives it its first order and answers its Hello.  Check ready() before anything else.
  //   allow_missing   as the launcher passes it: a mask of policy::Layers, in hexadecimal
  explicit ExecutorProcess(uid_t uid = kExecutorUid, const char* allow_missing = "0x0",
                           const Packages& packages = {}) {
    ::signal(SIGPIPE, SIG_IGN);  // a child that is gone is an error of write(), as in the monitor
    Pair pair = make_pair();
    link_ = std::move(pair.ours);
    const char* const argv[] = {MCPBOX_EXECUTOR,   "--role",      "zygote",
                                "--allow-missing", allow_missing, nullptr};
    const jail::DescriptorMove moves[] = {{.from = pair.theirs.get(), .to = 3}};
    Result<jail::Spawned> child = jail::spawn({.path = MCPBOX_EXECUTOR,
                                               .argv = argv,
                                               .uid = uid,
                                               .gid = uid,
                                               .namespaces = jail::namespaces_for(policy::kZygoteLayers),
                                               .descriptors = moves});
    if (!child) {
      ADD_FAILURE() << child.error().text << " errno " << child.error().sys_errno;
      return;
    }
    pair.theirs.reset();
    child_ = std::move(*child);
    give_first_order(packages);
    if (loaded_ && loaded_->missing.empty()) greet();
  }
  ~ExecutorProcess() {
    link_.reset();
    if (child_.pid > 0) {
      ::kill(child_.pid, SIGKILL);
      ::waitpid(child_.pid, nullptr, 0);
    }
  }
  ExecutorProcess(const ExecutorProcess&) = delete;
  ExecutorProcess& operator=(const ExecutorProcess&) = delete;

  [[nodiscard]] bool ready() const { return layers_.has_value(); }
  // What it answered to its first order; nothing when it ended instead.
  [[nodiscard]] const std::optional<protocol::Loaded>& loaded() const { return loaded_; }
  [[nodiscard]] policy::Layers layers() const { return *layers_; }
  [[nodiscard]] pid_t pid() const { return child_.pid; }
  [[nodiscard]] int link() const { return link_.get(); }
  void close_link() { link_.reset(); }
  // The wait status after the process ended by itself.
  int wait_ended() {
    int status = 0;
    EXPECT_EQ(::waitpid(child_.pid, &status, 0), child_.pid);
    child_.pid = -1;
    return status;
  }

  bool warm_spares = true;  // what the next orders to fork say

  // group: cgroup.procs of the control group that it is to enter; -1: none
  Spare fork_spare(int group = -1) {
    Pair pair = make_pair();
    protocol::ForkSpare order{.spare = next_++, .touch_pages = warm_spares, .socket = std::move(pair.theirs)};
    if (group >= 0) order.group = Fd(::dup(group));
    Spare spare{.number = order.spare, .link = std::move(pair.ours), .pidfd = Fd()};
    const Result<void> sent = wire::write_message(link_.get(), FrameKind::kRequest,
                                                  static_cast<std::uint16_t>(Op::kForkSpare), 1, order);
    EXPECT_TRUE(sent.has_value());
    order.socket.reset();
    Result<Frame> frame = next_but_notices();
    if (!frame || frame->header.kind != FrameKind::kReply) {
      ADD_FAILURE() << "no spare was forked";
      return spare;
    }
    Result<protocol::Forked> forked = wire::decode<protocol::Forked>(*frame);
    EXPECT_TRUE(forked.has_value());
    if (forked) spare.pidfd = std::move(forked->pidfd);
    return spare;
  }

  // How the spare ended, as the zygote tells it.
  protocol::SpareEnded ending_of(const Spare& spare) {
    for (;;) {
      for (const protocol::SpareEnded& ended : endings_)
        if (ended.spare == spare.number) return ended;
      Result<Frame> frame = wire::read_frame(link_.get(), kMostBytes, 1);
      if (!frame || !keep_notice(*frame)) {
        ADD_FAILURE() << "no ending was reported";
        return {};
      }
    }
  }

 private:
  void give_first_order(const Packages& packages) {
    const Result<protocol::Loaded> loaded = ask(link_.get(), packages);
    if (loaded) loaded_ = *loaded;
  }
  void greet() {
    Result<Frame> frame = wire::read_frame(link_.get(), kMostBytes);
    if (!frame) {
      ADD_FAILURE() << "no Hello: " << frame.error().text;
      return;
    }
    const std::uint32_t serial = frame->header.serial;
    const Result<protocol::Hello> hello = wire::decode<protocol::Hello>(*frame);
    ASSERT_TRUE(hello.has_value());
    protocol::Settings settings{.version = "test", .listeners = {}};
    ASSERT_TRUE(wire::write_message(link_.get(), FrameKind::kReply, static_cast<std::uint16_t>(Op::kHello),
                                    serial, settings)
                    .has_value());
    layers_ = hello->layers;
  }
  bool keep_notice(Frame& frame) {
    if (frame.header.kind != FrameKind::kNotice) return false;
    Result<protocol::SpareEnded> ended = wire::decode<protocol::SpareEnded>(frame);
    if (!ended) return false;
    endings_.push_back(*ended);
    return true;
  }
  Result<Frame> next_but_notices() {
    for (;;) {
      Result<Frame> frame = wire::read_frame(link_.get(), kMostBytes, 1);
      if (!frame || !keep_notice(*frame)) return frame;
    }
  }

  Fd link_;
  jail::Spawned child_;
  std::optional<protocol::Loaded> loaded_;
  std::optional<policy::Layers> layers_;
  std::uint64_t next_ = 1;
  std::deque<protocol::SpareEnded> endings_;
};

// --- Jobs ---------------------------------------------------------------------------------------------

inline std::string request_body(const std::string& arguments = "{}", const std::string& name = "srv__tool") {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + name + R"(","arguments":)" +
         arguments + "}}";
}

inline Result<protocol::Compiled> compile(ExecutorProcess& executor, const std::string& source) {
  const Spare spare = executor.fork_spare();
  return ask(spare.link.get(), protocol::Compile{.source = source});
}

// The Prepare that the monitor would send for this source.
inline protocol::Prepare job_for(ExecutorProcess& executor, const std::string& source) {
  Result<protocol::Compiled> made = compile(executor, source);
  protocol::Prepare job;
  if (!made || !made->report.valid) {
    ADD_FAILURE() << "not valid: " << (made ? made->report.problem : std::string("no answer"));
    return job;
  }
  job.wire_name = "srv__tool";
  job.source = source;
  job.code = std::string_view(made->code);
  job.input_schema = std::string_view(made->report.input_schema);
  return job;
}

// Prepares and runs in this spare; the error when the child gave no outcome.
inline Result<protocol::Outcome> run_in(const Spare& spare, const protocol::Prepare& job,
                                        const std::string& body) {
  const Result<protocol::Done> prepared = ask(spare.link.get(), job);
  if (!prepared) return std::unexpected(prepared.error());
  return ask(spare.link.get(), protocol::Go{.body = body});
}

inline Result<protocol::Outcome> run(ExecutorProcess& executor, const std::string& source,
                                     const std::string& arguments = "{}") {
  const protocol::Prepare job = job_for(executor, source);
  const Spare spare = executor.fork_spare();
  return run_in(spare, job, request_body(arguments));
}

}  // namespace mcpbox::test
