// Runs in bench-jail, as root: stands in for launcher and monitor.  Trusts the program under test to answer.
#include "bench/jail/executor.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>

namespace mcpbox::bench {
namespace {

using protocol::Op;
using wire::Frame;
using wire::FrameKind;

constexpr uid_t kExecutorUid = 60807;
constexpr std::size_t kMostBytes = 16u << 20;
constexpr std::uint32_t kSerial = 7;

struct Pair {
  base::Fd ours;
  base::Fd theirs;
};
Pair make_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) give_up("no socket pair", errno);
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

template <class Request>
void send(int link, Request& request) {
  need(wire::write_message(link, FrameKind::kRequest, static_cast<std::uint16_t>(Request::kOp), kSerial,
                           request));
}

template <class Request>
typename Request::Reply receive(int link) {
  Frame frame = need(wire::read_frame(link, kMostBytes));
  while (frame.header.kind == FrameKind::kNotice) frame = need(wire::read_frame(link, kMostBytes));
  if (frame.header.kind != FrameKind::kReply) give_up("a child answered with an error");
  return need(wire::decode<typename Request::Reply>(frame));
}

}  // namespace

double cpu_us_of(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    give_up("no CPU clock of the process");
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

// --- Processes ----------------------------------------------------------------------------------------

Jailed::Jailed(const char* path) {
  Pair pair = make_pair();
  link_ = std::move(pair.ours);
  const char* const argv[] = {path, "--role", "zygote", "--allow-missing", "0x0", nullptr};
  const jail::DescriptorMove moves[] = {{.from = pair.theirs.get(), .to = 3}};
  child_ = need(jail::spawn({.path = path,
                             .argv = argv,
                             .uid = kExecutorUid,
                             .gid = kExecutorUid,
                             .namespaces = jail::namespaces_for(policy::kZygoteLayers),
                             .descriptors = moves}));
  pair.theirs.reset();
  protocol::LoadPackages none;
  send(link_.get(), none);
  receive<protocol::LoadPackages>(link_.get());
}

Jailed::~Jailed() { kill_and_reap(); }

void Jailed::kill_and_reap() {
  if (child_.pid <= 0) return;
  ::kill(child_.pid, SIGKILL);
  ::waitpid(child_.pid, nullptr, 0);
  child_.pid = -1;
}

void Spare::kill() const { ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0); }

void Spare::wait_dead() const {
  pollfd wait{pidfd.get(), POLLIN, 0};
  while (::poll(&wait, 1, -1) != 1)
    if (errno != EINTR) give_up("poll of a pidfd", errno);
}

pid_t Spare::pid() const {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  std::string word;
  pid_t pid = 0;
  while (file >> word)
    if (word == "Pid:") file >> pid;
  if (pid <= 0) give_up("a spare has no pid");
  return pid;
}

void Spare::wait_ready() const {
  const Frame frame = need(wire::read_frame(link.get(), kMostBytes));
  if (frame.header.op != static_cast<std::uint16_t>(Op::kSpareReady)) give_up("a spare is not ready");
}

// --- The monitor's part -------------------------------------------------------------------------------

Executor::Executor() : process_(MCPBOX_EXECUTOR) {
  Frame frame = need(wire::read_frame(process_.link(), kMostBytes));
  const protocol::Hello hello = need(wire::decode<protocol::Hello>(frame));
  if ((hello.layers & policy::kLayerBits) != policy::kZygoteLayers) give_up("the zygote is not fully jailed");
  protocol::Settings settings{.version = "bench", .listeners = {}};
  need(wire::write_message(process_.link(), FrameKind::kReply, static_cast<std::uint16_t>(Op::kHello),
                           frame.header.serial, settings));
}

Spare Executor::fork_spare(Rehearsal rehearsal) {
  const std::lock_guard<std::mutex> alone(link_mutex_);
  Pair pair = make_pair();
  protocol::ForkSpare order{
      .spare = next_++, .touch_pages = rehearsal == Rehearsal::kNow, .socket = std::move(pair.theirs)};
  send(process_.link(), order);
  order.socket.reset();
  Frame frame = next_reply();
  protocol::Forked forked = need(wire::decode<protocol::Forked>(frame));
  return {.number = order.spare, .link = std::move(pair.ours), .pidfd = std::move(forked.pidfd)};
}

wire::Frame Executor::next_reply() {
  for (;;) {
    Frame frame = need(wire::read_frame(process_.link(), kMostBytes, 1));
    if (frame.header.kind == FrameKind::kReply) return frame;
    keep(frame);
  }
}

void Executor::keep(wire::Frame& notice) {
  if (notice.header.kind != FrameKind::kNotice) give_up("the zygote refused an order");
  ended_cpu_us_ += static_cast<double>(need(wire::decode<protocol::SpareEnded>(notice)).cpu_us);
  ++ended_;
}

double Executor::children_cpu_us(std::uint64_t count) {
  while (ended_ < count) {
    Frame frame = need(wire::read_frame(process_.link(), kMostBytes));
    keep(frame);
  }
  return ended_cpu_us_;
}

// --- Calls --------------------------------------------------------------------------------------------

protocol::Prepare job_for(Executor& executor, const std::string& source) {
  const Spare spare = executor.fork_spare(Rehearsal::kNever);
  protocol::Compile question{.source = source};
  send(spare.link.get(), question);
  protocol::Compiled made = receive<protocol::Compile>(spare.link.get());
  if (!made.report.valid) give_up("the benchmark's own tool is not valid");
  protocol::Prepare job;
  job.wire_name = "srv__tool";
  job.source = source;
  job.code = std::string_view(made.code);
  job.input_schema = std::string_view(made.report.input_schema);
  return job;
}

void send_prepare(const Spare& spare, protocol::Prepare& job) { send(spare.link.get(), job); }

void take_prepared(const Spare& spare) { receive<protocol::Prepare>(spare.link.get()); }

void send_go(const Spare& spare, const std::string& arguments) {
  protocol::Go order;
  order.body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"srv__tool","arguments":)" +
               arguments + "}}";
  send(spare.link.get(), order);
}

void take_outcome(const Spare& spare) {
  const protocol::Outcome outcome = receive<protocol::Go>(spare.link.get());
  if (outcome.end != protocol::CallEnd::kOk) give_up("a call of the benchmark failed");
}

}  // namespace mcpbox::bench
