// What became of a call, or why it did not begin, in words that a language model can act on.  All of them are
// here.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "privsep/base/error.h"
#include "privsep/protocol/messages_call.h"
#include "privsep/protocol/messages_zygote.h"

namespace mcpbox::monitor {

struct Call;

// Why nothing was executed.
namespace words {
inline constexpr const char* kFrozen =
    "MCPbox is frozen: an administrator must run `mcpboxctl thaw` before any tool runs";
inline constexpr const char* kStopping =
    "MCPbox is being stopped or restarted: nothing was executed, try again in a minute";
inline constexpr const char* kNoSuchTool = "no such tool is published";
inline constexpr const char* kNoAudit =
    "the audit log cannot be written, so nothing may run: tell the administrator";
inline constexpr const char* kTooManyCalls =
    "256 calls are running: nothing was executed, try again in a moment";
inline constexpr const char* kTooManyOfServer =
    "32 calls of this server are running: nothing was executed, try again in a moment";
inline constexpr const char* kDraftRuns =
    "a draft run of yours is still running: wait for its result, then try again";
inline constexpr const char* kNoSlot =
    "the processors were busy with other calls for 20 seconds: nothing was executed, try again in a moment";
inline constexpr const char* kNoMemory =
    "the calls that are running may use all the memory that calls have: nothing was executed, try again when "
    "one of them has ended";
inline constexpr const char* kNoProcess =
    "no call process became free in time: nothing was executed, try again in a moment";
inline constexpr const char* kTooManyFlavours =
    "calls with too many different packages are running: nothing was executed, try again in a minute";
inline constexpr const char* kNotInstalled =
    "a package that the tool imports is approved, but not installed on this machine: tell the administrator";
inline constexpr const char* kDidNotStart =
    "the process that was to run the tool ended before it began: nothing was executed, try again";
inline constexpr const char* kWithdrawn = "the call was withdrawn";
inline constexpr const char* kChanged =
    "the tool was changed while the call was starting: nothing was executed; see mcpbox_get_tool_status";
inline constexpr const char* kModuleRevoked =
    "a module that the tool imports was revoked while the call was starting: nothing was executed; ask for "
    "it "
    "with mcpbox_request_module or do without it";
inline constexpr const char* kTooManyPackages =
    "the tool imports more than 16 modules beside the default ones: split it into several tools";
inline constexpr const char* kStateUsed = "requestState was used before: call the tool again without it";
inline constexpr const char* kNoQuestion = "no call of yours waits for this answer";
inline constexpr const char* kDraftAsks =
    "a test run has no client that could be asked: call the tool by its name to try that";
inline constexpr const char* kStaleCode =
    "the stored code does not compile any more: save it again with mcpbox_update_tool";
inline constexpr const char* kCompileTooLong =
    "the code took too long to compile: make it smaller or simpler";
inline constexpr const char* kCompileDied = "the process that compiles the code ended: simplify the code";

// kNotInstalled, with what to do about it.
std::string not_installed(std::string_view package);
}  // namespace words

// As the log and the metrics name it: "ok", "tool_error", ...
std::string_view name_of(protocol::CallEnd end);

// The result that the caller gets: the child's own answer, or an explanation of why there is none.
protocol::CallResult conclude(const Call& call, base::Result<protocol::Outcome>& outcome,
                              const base::Result<protocol::SpareEnded>& ending);

// The error for a caller whose call ended before go, when a process is to blame.
base::Error before_go(const base::Error& error);

// It ran, but the audit could not take the outcome.
protocol::CallResult unrecorded(const Call& call);

}  // namespace mcpbox::monitor
