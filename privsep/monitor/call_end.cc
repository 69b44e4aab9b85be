// Runs in the monitor.  Pure: turns exit statuses into sentences.
#include "privsep/monitor/call_end.h"

#include <sys/wait.h>

#include <csignal>
#include <string>

#include "privsep/monitor/calls.h"

namespace mcpbox::monitor {

using protocol::CallEnd;
namespace limits = policy::limits;

// The words of call_end.h name these figures.
static_assert(limits::kCallsInFlight == 256 && limits::kCallsPerServer == 32);
static_assert(limits::kTurnPatienceMs == 20'000);

namespace {

// Of a second of limit.  The kernel compares ticks with the limit but reports exact time: on a busy machine
// they differ by some percent.
constexpr std::uint64_t kCpuSecondUs = 800'000;

struct Ended {
  CallEnd end;
  std::string explanation;
};

// What to change about a tool that took too long.
std::string how_to_be_in_time(const Call& call) {
  if (call.job.draft)
    return " Make it do less in one run: drafts are held to " + std::to_string(limits::kTestTimeoutMs) +
           " ms, of which they may compute for " + std::to_string(limits::kTestCpuSeconds) + " seconds.";
  return " Make it do less in one call, or raise timeout_ms (at most " +
         std::to_string(limits::kTimeoutMaxMs) + ") with mcpbox_update_tool and have it approved again.";
}

Ended killed_by_us(const Call& call) {
  if (call.killed == Killed::kDeadline)
    return {CallEnd::kTimedOut, "The tool did not finish within its " + std::to_string(call.timeout_ms) +
                                    " ms and was stopped." + how_to_be_in_time(call)};
  if (call.killed == Killed::kFlood)
    return {CallEnd::kCrashed,
            "The tool sent more progress or log messages than anybody can read and was stopped. Use "
            "ctx.progress and ctx.log, which keep to the limits by themselves."};
  if (call.killed == Killed::kStop)
    return {
        CallEnd::kCancelled,
        "The call was stopped because MCPbox is being stopped or restarted and the tool did not finish in "
        "time. Whether it had an effect is not known; check before you call it again."};
  if (call.killed == Killed::kAuthority)
    return {CallEnd::kCancelled,
            "The call was stopped because what allowed it was taken away: the tool was changed, disabled, or "
            "all calls were frozen by an administrator."};
  if (call.killed == Killed::kMemory)
    return {
        CallEnd::kOutOfMemory,
        "The tool waited for something and then took more memory than was left for all calls together, so it "
        "was stopped: a call that waits keeps room for what it holds, not for what it might want. Let it "
        "take "
        "its memory before it first waits, or work on less at a time, or call it when fewer calls run. "
        "Whether "
        "it had an effect is not known; check before you call it again."};
  return {CallEnd::kCancelled, "The call was cancelled by its caller."};
}

// The limit of CPU time ends a process by SIGKILL, like anybody outside: the accounting tells them apart.
std::uint64_t cpu_seconds_of(const Call& call) {
  return call.job.draft ? limits::kTestCpuSeconds : (call.timeout_ms + 999) / 1000;
}

bool used_up_cpu(const Call& call, const protocol::SpareEnded& ending) {
  return ending.cpu_us >= cpu_seconds_of(call) * kCpuSecondUs;
}

// Killed by the machine's own shortage of memory, or by a limit of its own: it was then not far below.
bool near_memory_limit(const protocol::SpareEnded& ending) {
  return ending.peak_memory_bytes >= limits::kMemoryBytes / 4 * 3;
}

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes / limits::kMiB) + " MB"; }

Ended by_signal(const Call& call, const protocol::SpareEnded& ending) {
  const int signal = WTERMSIG(ending.wait_status);
  if (signal == SIGSYS)
    return {
        CallEnd::kCrashed,
        "The tool tried something that its jail does not allow (a forbidden system call; the kernel does "
        "not tell which) and was stopped at once. Tools cannot reach files, sockets, processes or threads "
        "through native code: use the modules of the Python standard library without ctypes."};
  if (signal == SIGXCPU || (signal == SIGKILL && used_up_cpu(call, ending)))
    return {CallEnd::kTimedOut, "The tool used up its CPU time (" + std::to_string(cpu_seconds_of(call)) +
                                    " s) and was stopped." + how_to_be_in_time(call)};
  if (signal == SIGKILL && near_memory_limit(ending))
    return {CallEnd::kOutOfMemory, "The tool's process was stopped by the kernel for its use of memory (" +
                                       megabytes(ending.peak_memory_bytes) + " of " +
                                       megabytes(limits::kMemoryBytes) +
                                       "). Let it work on less at a time. Whether it had an effect is not "
                                       "known; check before you call it again."};
  if (signal == SIGKILL && call.fault == Fault::kHungUp)
    return {CallEnd::kCrashed,
            "The tool closed its connection to MCPbox, through which its result would have gone, and was "
            "stopped. Leave the descriptors alone and return a value from main()."};
  if (signal == SIGKILL)
    return {
        CallEnd::kCrashed,
        "The tool's process was stopped by the kernel, most likely because the machine ran out of memory. "
        "Whether the tool had an effect is not known; check before you call it again."};
  return {CallEnd::kCrashed, "The tool's process crashed with signal " + std::to_string(signal) +
                                 ". Very deep recursion or a bug in an extension module is the usual cause."};
}

Ended by_itself(const Call& call, const base::Result<protocol::SpareEnded>& ending) {
  if (call.killed != Killed::kNot) return killed_by_us(call);
  if (call.fault == Fault::kNoReport)
    return {CallEnd::kCrashed,
            "The tool ran, but its process could not report what came of it: the tool replaced something in "
            "builtins or in a module that the report needs, or left no memory for it. Leave modules as they "
            "are, and return less."};
  if (call.fault == Fault::kBrokeProtocol)
    return {CallEnd::kCrashed,
            "The tool's process sent something that is no answer and was stopped. Do not write to its "
            "descriptors or change MCPbox's own modules; return a value from main()."};
  if (!ending)
    return {
        CallEnd::kCrashed,
        "The process that runs tools ended, and this call with it; it is being started again. Whether the "
        "tool had an effect is not known; check before you call it again."};
  if (WIFSIGNALED(ending->wait_status)) return by_signal(call, *ending);
  return {CallEnd::kCrashed,
          "The tool's process exited by itself with status " +
              std::to_string(WEXITSTATUS(ending->wait_status)) +
              " before it returned a result. Return a value from main() instead of exiting."};
}

// Only the monitor can know the other ends.  Whoever asks its caller does so in 2026-07-28, in a real call.
bool is_for_a_child_to_say(CallEnd end) {
  using enum CallEnd;
  return end == kOk || end == kToolError || end == kInvalidArguments || end == kForged || end == kTimedOut ||
         end == kOutOfMemory || end == kInputRequired || end == kStateRefused || end == kMissingCapability;
}

}  // namespace

std::string words::not_installed(std::string_view package) {
  return "the tool's package " + std::string(package) +
         " is approved, but not installed on this machine: nothing was executed; an administrator can "
         "install "
         "it (apt install python3-" +
         std::string(package) + ")";
}

base::Error before_go(const base::Error& error) {
  return error.why == base::Why::kBroken ? base::Error{base::Why::kBusy, words::kDidNotStart} : error;
}

protocol::CallResult conclude(const Call& call, base::Result<protocol::Outcome>& outcome,
                              const base::Result<protocol::SpareEnded>& ending) {
  protocol::CallResult result{.call = call.id};
  if (!outcome) {
    const Ended how = by_itself(call, ending);
    result.end = how.end;
    result.explanation = how.explanation;
    return result;
  }
  result.end = outcome->end;
  result.result = outcome->result;
  if (!is_for_a_child_to_say(outcome->end)) {
    result.end = CallEnd::kCrashed;
    result.result.clear();
    result.explanation = std::string(
        "The tool's process reported an end that is not for it to say. Do not change MCPbox's own modules; "
        "return a value from main().");
  }
  if (outcome->end == CallEnd::kStateRefused)
    result.explanation = std::string(
        "requestState belongs to a call with other arguments, so nothing was run. Repeat the call with the "
        "same arguments, or call it anew without requestState.");
  if (outcome->end == CallEnd::kForged)
    result.explanation =
        "The request's body names another tool than the one that was opened, so nothing was run. Send the "
        "call again.";
  return result;
}

protocol::CallResult unrecorded(const Call& call) {
  return {.call = call.id,
          .end = CallEnd::kUnrecorded,
          .explanation = std::string(
              "The tool ran, but its outcome could not be written to the audit log, so its result is "
              "withheld. Do not call it again before an administrator has looked: it may have had its "
              "effect already.")};
}

std::string_view name_of(protocol::CallEnd end) {
  using enum protocol::CallEnd;
  switch (end) {
    case kOk:
      return "ok";
    case kToolError:
      return "tool_error";
    case kInvalidArguments:
      return "invalid_arguments";
    case kForged:
      return "forged";
    case kTimedOut:
      return "timed_out";
    case kOutOfMemory:
      return "out_of_memory";
    case kCrashed:
      return "crashed";
    case kCancelled:
      return "cancelled";
    case kInputRequired:
      return "input_required";
    case kStateRefused:
      return "state_refused";
    case kMissingCapability:
      return "missing_capability";
    case kUnrecorded:
      return "unrecorded";
  }
  return "unknown";
}

}  // namespace mcpbox::monitor
