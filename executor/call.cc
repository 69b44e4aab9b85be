// Runs in [call], jailed.  Trusts the monitor's frames to be what they decode to; after Go, trusts nothing in
// its own memory: whatever it then sends is checked by the monitor.
#include "executor/call.h"

#include <sys/resource.h>

#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::executor {
namespace {

using base::Result;
using protocol::Op;
using wire::Frame;
using wire::FrameKind;

constexpr std::size_t kMaxJob = protocol::Orders::max_request_bytes(protocol::Role::kCall);

bool is_request(const Frame& frame, Op op) {
  return frame.header.kind == FrameKind::kRequest && frame.header.op == static_cast<std::uint16_t>(op);
}

template <class Reply>
CallExit answer(int link, const wire::Header& asked, Reply& reply) {
  return wire::write_message(link, FrameKind::kReply, asked.op, asked.serial, reply) ? CallExit::kAnswered
                                                                                     : CallExit::kNoAnswer;
}

CallExit refuse(int link, const wire::Header& asked, const base::Error& why) {
  wire::ErrorBody body;
  body.why = static_cast<std::uint8_t>(why.why);
  body.text = std::string_view(why.text);
  return wire::write_message(link, FrameKind::kError, asked.op, asked.serial, body) ? CallExit::kRefused
                                                                                    : CallExit::kNoAnswer;
}

// Fewer seconds of CPU than the jail gives every call.  SIGKILL follows: soft and hard limit are the same.
bool limit_cpu(std::uint32_t seconds) {
  const rlimit limit{seconds, seconds};
  return ::setrlimit(RLIMIT_CPU, &limit) == 0;
}

CallExit compile(Python& python, int link, Frame& frame) {
  const wire::Header asked = frame.header;
  Result<protocol::Compile> job = wire::decode<protocol::Compile>(frame);
  if (!job) return CallExit::kBadJob;
  if (!limit_cpu(policy::limits::kCompileCpuSeconds))
    return refuse(link, asked,
                  {base::Why::kBroken, "the CPU limit of the compilation could not be set", errno});
  Result<protocol::Compiled> made = python.compile(*job);
  return made ? answer(link, asked, *made) : refuse(link, asked, made.error());
}

CallExit run(Python& python, int link) {
  Result<Frame> frame = wire::read_frame(link, kMaxJob);
  if (!frame) return CallExit::kUnused;
  if (!is_request(*frame, Op::kGo)) return CallExit::kBadJob;
  const wire::Header asked = frame->header;
  Result<protocol::Go> order = wire::decode<protocol::Go>(*frame);
  if (!order) return CallExit::kBadJob;
  frame->payload = {};
  Result<protocol::Outcome> outcome = python.go(*order);
  return outcome ? answer(link, asked, *outcome) : refuse(link, asked, outcome.error());
}

CallExit prepare(Python& python, int link, Frame& frame) {
  const wire::Header asked = frame.header;
  Result<protocol::Prepare> job = wire::decode<protocol::Prepare>(frame);
  if (!job) return CallExit::kBadJob;
  const std::uint32_t seconds = job->cpu_seconds > 0 ? job->cpu_seconds : (job->timeout_ms + 999) / 1000;
  if (!limit_cpu(seconds))
    return refuse(link, asked, {base::Why::kBroken, "the CPU limit of the call could not be set", errno});
  const Result<void> loaded = python.prepare(*job);
  if (!loaded) return refuse(link, asked, loaded.error());
  protocol::Done done;
  const CallExit sent = answer(link, asked, done);
  *job = {};
  frame.payload = {};
  return sent == CallExit::kAnswered ? run(python, link) : sent;
}

bool say_ready(int link) {
  protocol::SpareReady notice;
  return wire::write_message(link, FrameKind::kNotice, static_cast<std::uint16_t>(Op::kSpareReady), 0, notice)
      .has_value();
}

}  // namespace

CallExit serve_call(Python& python, int link) {
  const Result<void> ready = python.reseed();
  if (!ready) return CallExit::kNoAnswer;
  if (!say_ready(link)) return CallExit::kUnused;
  Result<Frame> frame = wire::read_frame(link, kMaxJob);
  // A monitor that closes without having read SpareReady is a reset, not an end of the stream.
  if (!frame) return frame.error().why == base::Why::kInvalid ? CallExit::kBadJob : CallExit::kUnused;
  if (is_request(*frame, Op::kCompile)) return compile(python, link, *frame);
  if (is_request(*frame, Op::kPrepare)) return prepare(python, link, *frame);
  return CallExit::kBadJob;
}

}  // namespace mcpbox::executor
