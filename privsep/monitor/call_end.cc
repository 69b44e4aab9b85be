// Runs in the monitor.  Pure: turns exit statuses into sentences.
#include "privsep/monitor/call_end.h"

#include <sys/wait.h>

#include <csignal>
#include <string>

namespace mcpbox::monitor {

using protocol::CallEnd;
namespace limits = policy::limits;

namespace {

// Of a second of limit.  The kernel compares ticks with the limit but reports exact time: on a busy machine
// they differ by some percent.
constexpr std::uint64_t kCpuSecondUs = 800'000;

struct Ended {
  CallEnd end;
  std::string explanation;
};

Ended killed_by_us(const Call& call) {
  if (call.killed == Killed::kDeadline)
    return {CallEnd::kTimedOut,
            "The tool did not finish within its " + std::to_string(call.timeout_ms) +
                " ms and was stopped. Make it do less in one call, or raise timeout_ms (at most "
                "300000) with mcpbox_update_tool and have it approved again."};
  if (call.killed == Killed::kAuthority)
    return {CallEnd::kCancelled,
            "The call was stopped because what allowed it was taken away: the tool was changed, disabled, or "
            "all calls "
            "were frozen by an administrator."};
  return {CallEnd::kCancelled, "The call was cancelled by its caller."};
}

// The limit of CPU time ends a process by SIGKILL, like anybody outside: the accounting tells them apart.
bool used_up_cpu(const Call& call, const protocol::SpareEnded& ending) {
  const std::uint64_t seconds =
      call.job.mode == protocol::RunMode::kTest ? limits::kTestCpuSeconds : (call.timeout_ms + 999) / 1000;
  return ending.cpu_us >= seconds * kCpuSecondUs;
}

Ended by_signal(const Call& call, const protocol::SpareEnded& ending) {
  const int signal = WTERMSIG(ending.wait_status);
  if (signal == SIGSYS)
    return {CallEnd::kCrashed,
            "The tool's process was killed because it made a forbidden system call. Tools cannot open files, "
            "sockets "
            "or processes from native code; use the Python standard library without them."};
  if (signal == SIGXCPU || (signal == SIGKILL && used_up_cpu(call, ending)))
    return {CallEnd::kTimedOut,
            "The tool used up its CPU time and was stopped. Make it compute less in one call."};
  if (signal == SIGKILL)
    return {CallEnd::kCrashed,
            "The tool's process was killed from outside: the executor restarted, or the machine ran out of "
            "memory. "
            "Whether the tool had an effect is not known; check before you call it again."};
  return {CallEnd::kCrashed, "The tool's process crashed with signal " + std::to_string(signal) +
                                 ". Very deep recursion or a bug in an extension module is the usual cause."};
}

Ended by_itself(const Call& call, const base::Result<protocol::SpareEnded>& ending) {
  if (call.killed != Killed::kNot) return killed_by_us(call);
  if (!ending)
    return {CallEnd::kCrashed,
            "The tool's process stopped answering and was ended. Call it again if that is safe."};
  if (WIFSIGNALED(ending->wait_status)) return by_signal(call, *ending);
  return {CallEnd::kCrashed,
          "The tool's process exited by itself with status " +
              std::to_string(WEXITSTATUS(ending->wait_status)) +
              " before it returned a result. Return a value from main() instead of exiting."};
}

}  // namespace

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

}  // namespace mcpbox::monitor
