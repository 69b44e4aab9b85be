// What a person may ask with mcpboxctl.  Who the person is comes from SO_PEERCRED, never from a message.
#pragma once

#include "privsep/protocol/messages_manage.h"

namespace mcpbox::protocol {

// A member of the admin group proves the second half: an admin's password, typed at a terminal.
// kServing -> kDeciding.  Wrong: kRefused after a growing delay.
struct Unlock {
  static constexpr Op kOp = Op::kUnlock;
  using Reply = Done;
  Text<64> admin;
  Text<limits::kPasswordBytes> password;
  static auto fields(auto& m) { return std::tie(m.admin, m.password); }
};

struct ProcessStatus {
  Text<32> role;
  std::int32_t pid = 0;
  std::uint32_t layers = 0;
  std::uint32_t missing = 0;  // required of this kind of process and not on
  std::uint32_t restarts = 0;
  bool serving = false;
  static auto fields(auto& m) { return std::tie(m.role, m.pid, m.layers, m.missing, m.restarts, m.serving); }
};

enum class ZygoteLife : std::uint8_t {
  kStarts = 1,  // becomes the one that forks
  kForks,
  kRetired,  // replaced; ends when its calls are done
};
constexpr bool is_known(ZygoteLife life) {
  return life >= ZygoteLife::kStarts && life <= ZygoteLife::kRetired;
}

struct ZygoteStatus {
  Text<256> flavour;  // its packages, "+" between them; or "default"
  std::int32_t pid = 0;
  ZygoteLife life = ZygoteLife::kStarts;
  std::uint32_t idle = 0;    // children without a job
  std::uint32_t in_use = 0;  // children with one
  std::uint64_t forked = 0;  // since it started
  static auto fields(auto& m) { return std::tie(m.flavour, m.pid, m.life, m.idle, m.in_use, m.forked); }
};

struct Status {
  Text<32> version;
  bool trial = false;
  std::uint32_t missing_allowed = 0;  // layers that the configuration gave up by name
  bool frozen = false;
  Text<limits::kNotesBytes> freeze_reason;
  bool database_up = false;
  Text<128> database;  // "embedded" or host and name, never a password
  std::uint64_t audit_records = 0;
  std::uint32_t calls_in_flight = 0;
  std::uint32_t calls_queued = 0;  // of these: waiting for a CPU slot or for memory
  std::uint32_t cpu_slots = 0;
  std::uint32_t cpu_slots_used = 0;
  std::uint64_t calls_memory_bytes = 0;       // what all calls together may hold
  std::uint64_t calls_memory_used_bytes = 0;  // their limits; of those that wait, what they hold
  std::uint32_t spares_ready = 0;
  std::uint32_t servers_running = 0;
  std::uint32_t tools_published = 0;
  std::uint32_t tools_pending = 0;
  List<Text<64>, 8> listeners;
  List<Text<64>, 2> admin_listeners;
  List<ProcessStatus, 16> processes;
  List<ZygoteStatus, 16> zygotes;
  List<Text<256>, 16> warnings;  // ignored rows, weaker settings: a sentence each
  bool may_decide = false;       // this very connection
  bool needs_password = false;   // it may after Unlock
  Text<256> self_attack;         // the last one, in a sentence
  static auto fields(auto& m) {
    return std::tie(m.version, m.trial, m.missing_allowed, m.frozen, m.freeze_reason, m.database_up,
                    m.database, m.audit_records, m.calls_in_flight, m.calls_queued, m.cpu_slots,
                    m.cpu_slots_used, m.calls_memory_bytes, m.calls_memory_used_bytes, m.spares_ready,
                    m.servers_running, m.tools_published, m.tools_pending, m.listeners, m.admin_listeners,
                    m.processes, m.zygotes, m.warnings, m.may_decide, m.needs_password, m.self_attack);
  }
};

struct GetStatus {
  static constexpr Op kOp = Op::kGetStatus;
  using Reply = Status;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Execution log as JSON, newest first.  Without the right to decide: only the asker's own calls.
struct ReadLogs {
  static constexpr Op kOp = Op::kReadLogs;
  using Reply = JsonText;
  Text<limits::kPublishedNameBytes> tool;  // server__tool; empty for all
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  // What is empty or zero does not restrict.
  Text<limits::kNameBytes> server;    // its name at the time of the call
  Text<32> end;                       // "ok", "tool_error", ...; or "failed": every end but ok
  Text<128> caller;                   // "unix:alice"
  Text<limits::kSearchBytes> search;  // words in arguments, result, output or error
  std::int64_t since_ms = 0;          // started then or later
  std::int64_t until_ms = 0;          // started before then
  static auto fields(auto& m) {
    return std::tie(m.tool, m.page, m.page_size, m.server, m.end, m.caller, m.search, m.since_ms, m.until_ms);
  }
};

// Statistics of calls as JSON: contract 3.9, execution-logs/stats and dashboard.
struct ReadStats {
  static constexpr Op kOp = Op::kReadStats;
  using Reply = JsonText;
  std::uint32_t period_hours = 24;  // 1 to limits::kStatsHoursMax
  static auto fields(auto& m) { return std::tie(m.period_hours); }
};

// Reads for deciders, as JSON made by PostgreSQL: shapes in monitor/sql_reads.h and sql_admin.h.
enum class AdminQuery : std::uint8_t {
  kPending = 1,     // what waits for review, for mcpboxctl
  kExplain,         // tool: what explains it
  kServers,         // search, page
  kServer,          // subject = server
  kTools,           // subject = server, page
  kTool,            // subject = tool
  kVersions,        // subject or tool, page
  kVersion,         // subject or tool, number = version
  kReviews,         // filter = approval status, search, page
  kReviewStats,     //
  kExecutions,      // search = tool, subject = server or tool, filter = success, failed or test, who, page
  kExecution,       // subject = call
  kExecutionStats,  // number = hours
  kAudit,           // filter = action, subject = subject or call, page
  kDashboard,       // number = seconds
  kAdmins,          //
  kDenied,          // subject or search = server, or none for all; page: what tools tried and nobody approved
  kReviewRequest,   // subject = tool: what was known when its review was asked for last; null for never
};
constexpr bool is_known(AdminQuery query) {
  return query >= AdminQuery::kPending && query <= AdminQuery::kReviewRequest;
}

struct AdminRead {
  static constexpr Op kOp = Op::kAdminRead;
  using Reply = JsonText;
  AdminQuery query = AdminQuery::kPending;
  Text<limits::kPublishedNameBytes> tool;  // server__tool
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  Id subject{};
  Text<200> search;
  Text<32> filter;
  Text<128> who;
  std::int64_t number = 0;
  static auto fields(auto& m) {
    return std::tie(m.query, m.tool, m.page, m.page_size, m.subject, m.search, m.filter, m.who, m.number);
  }
};

// Everything that an approval of this tool would bind, and the digest over it.
struct ToolDetail : ToolContent {
  Id id{};
  Text<limits::kNameBytes> server;
  std::uint32_t effective_timeout_ms = 0;  // its own, or its server's default
  std::uint32_t version = 0;
  bool enabled = false;
  Approval approval = Approval::kDraft;
  Digest digest{};
  Text<128> created_by;
  Text<limits::kNotesBytes> notes;      // the author's, untrusted
  Text<limits::kNotesBytes> rejection;  // reason of the last rejection
  Bytes<limits::kAnalysisBytes>
      analysis;  // made now, of this code: CodeReport::analysis.  Empty when it failed
  // What was approved last and not revoked, if that is something else: by the monitor's memory, not by rows.
  Maybe<ToolContent> approved_before;
  Bytes<limits::kAnalysisBytes> analysis_before;  // made now, of approved_before
  Digest digest_before{};                         // and its digest
  std::uint32_t version_before = 0;               // the latest version with that digest
  Text<128> approved_by;                          // who approved what is approved, or was last, and when
  std::int64_t approved_at_ms = 0;
  Text<256> last_draft_run;  // how the last one of this digest ended, in words; empty for none
  // What it may reach beside computing, a line each: now, and as the last approval found it (nothing: nobody
  // approved it).  The digest is what Approve::seen takes.
  Text<limits::kCapabilityBytes> capabilities;
  Maybe<Text<limits::kCapabilityBytes>> capabilities_before;
  Digest capabilities_digest{};
  static auto fields(auto& m) {
    return std::tuple_cat(
        ToolContent::fields(m),
        std::tie(m.id, m.server, m.effective_timeout_ms, m.version, m.enabled, m.approval, m.digest,
                 m.created_by, m.notes, m.rejection, m.analysis, m.approved_before, m.analysis_before,
                 m.digest_before, m.version_before, m.approved_by, m.approved_at_ms, m.last_draft_run,
                 m.capabilities, m.capabilities_before, m.capabilities_digest));
  }
};

struct ShowTool {
  static constexpr Op kOp = Op::kShowTool;
  using Reply = ToolDetail;
  Text<limits::kPublishedNameBytes> tool;  // server__tool; or
  Id id{};                                 // its id, when that is not zero
  static auto fields(auto& m) { return std::tie(m.tool, m.id); }
};

// kConflict when `digest` is not the tool's digest now: show it again.
struct Approve {
  static constexpr Op kOp = Op::kApprove;
  using Reply = ToolSaved;
  Id tool{};
  Digest digest{};
  Maybe<Digest> seen;  // ToolDetail::capabilities_digest, when they were shown; kConflict when they changed
  static auto fields(auto& m) { return std::tie(m.tool, m.digest, m.seen); }
};

struct Reject {
  static constexpr Op kOp = Op::kReject;
  using Reply = ToolSaved;
  Id tool{};
  Digest digest{};
  Text<limits::kNotesBytes> reason;  // not empty
  static auto fields(auto& m) { return std::tie(m.tool, m.digest, m.reason); }
};

// Takes the approval of this digest back, whether it is what the tool is now or what it was.  Kills first.
struct Revoke {
  static constexpr Op kOp = Op::kRevoke;
  using Reply = ToolSaved;
  Id tool{};
  Digest digest{};
  Text<limits::kNotesBytes> reason;
  static auto fields(auto& m) { return std::tie(m.tool, m.digest, m.reason); }
};

// Renames a server, describes it anew, sets what its tools inherit.
struct ChangeServer {
  static constexpr Op kOp = Op::kChangeServer;
  using Reply = ServerInfo;
  Text<limits::kNameBytes> server;
  Maybe<Text<limits::kNameBytes>> name;
  Maybe<Text<limits::kDescriptionBytes>> description;
  Maybe<std::uint32_t> default_timeout_ms;
  static auto fields(auto& m) { return std::tie(m.server, m.name, m.description, m.default_timeout_ms); }
};

// A server with everything in it, or one tool (server__tool).
struct Remove {
  static constexpr Op kOp = Op::kRemove;
  using Reply = Done;
  Text<limits::kPublishedNameBytes> what;
  static auto fields(auto& m) { return std::tie(m.what); }
};

// Kills every call, refuses new ones, and survives a restart.
struct Freeze {
  static constexpr Op kOp = Op::kFreeze;
  using Reply = Done;
  Text<limits::kNotesBytes> reason;
  static auto fields(auto& m) { return std::tie(m.reason); }
};

struct Thaw {
  static constexpr Op kOp = Op::kThaw;
  using Reply = Done;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Creates an admin or replaces the password.
struct SetPassword {
  static constexpr Op kOp = Op::kSetPassword;
  using Reply = Done;
  Text<64> admin;
  Text<limits::kPasswordBytes> password;
  static auto fields(auto& m) { return std::tie(m.admin, m.password); }
};

}  // namespace mcpbox::protocol
