// Monitor -> spare call child.  A spare gets either one Compile, or one Prepare and then one Go; it answers
// and exits.  By itself it says that it is ready and that its tool waits, and passes on what the tool says
// and asks.  The child reads and writes with read(2) and write(2) only.
#pragma once

#include "privsep/protocol/messages_access.h"
#include "privsep/protocol/messages_manage.h"

namespace mcpbox::protocol {

struct Compiled {
  CodeReport report;
  Bytes<limits::kCompiledBytes> code;  // marshalled; empty unless report.valid
  static auto fields(auto& m) { return std::tie(m.report, m.code); }
};

// Parses and compiles; runs nothing of it.
struct Compile {
  static constexpr Op kOp = Op::kCompile;
  using Reply = Compiled;
  Text<limits::kCodeBytes> source;
  Text<limits::kSchemaBytes> input_schema;   // the author's own, to be checked; empty: what the source says
  Text<limits::kSchemaBytes> output_schema;  // likewise
  static auto fields(auto& m) { return std::tie(m.source, m.input_schema, m.output_schema); }
};

enum class RunMode : std::uint8_t {
  kCall = 1,  // Go's body is the JSON-RPC request as the gateway received it
  kTest,      // Go's body is a JSON object: the arguments
};
constexpr bool is_known(RunMode mode) { return mode == RunMode::kCall || mode == RunMode::kTest; }

// Loads code and schema; still nothing of it runs.
struct Prepare {
  static constexpr Op kOp = Op::kPrepare;
  using Reply = Done;
  RunMode mode = RunMode::kCall;
  Text<limits::kPublishedNameBytes> wire_name;  // what params.name in the body must be (kCall)
  Text<limits::kCodeBytes> source;              // for tracebacks
  Bytes<limits::kCompiledBytes> code;           // marshalled
  Bytes<limits::kSchemaBytes> input_schema;     // JSON
  Bytes<limits::kSchemaBytes> output_schema;    // JSON, or empty
  Kind kind = Kind::kTool;
  Method method = Method::kToolsCall;                    // kCall: what the body must be
  Text<limits::kUriBytes> uri;                           // of a resource, or a template's pattern
  std::uint32_t timeout_ms = limits::kTimeoutDefaultMs;  // the child gives up by itself too, a little earlier
  std::uint32_t cpu_seconds = 0;                         // RLIMIT_CPU; 0 = timeout_ms rounded up
  static auto fields(auto& m) {
    return std::tie(m.mode, m.wire_name, m.source, m.code, m.input_schema, m.output_schema, m.kind, m.method,
                    m.uri, m.timeout_ms, m.cpu_seconds);
  }
};

// Call child -> monitor, a notice: its pages are its own (or that was left out), it waits for a job.
struct SpareReady {
  static constexpr Op kOp = Op::kSpareReady;
  using Reply = Done;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Call child -> monitor, a notice, once: the tool waits for the first time, so its CPU slot is free.
struct Waits {
  static constexpr Op kOp = Op::kWaits;
  using Reply = Done;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

enum class SayKind : std::uint8_t {
  kProgress = 1,     // {"progress", "total"?, "message"?}
  kLog,              // {"level", "logger"?, "data"}
  kResourceUpdated,  // {"uri"}: for whoever subscribed to it, not only for the caller
  kToolsChanged,     // {}: for whoever listens; and likewise the other lists
  kPromptsChanged,
  kResourcesChanged,
};
constexpr bool is_known(SayKind kind) {
  return kind >= SayKind::kProgress && kind <= SayKind::kResourcesChanged;
}

// Call child -> monitor, a notice, after Go: what its tool tells the client while it runs.  Opaque here.
struct Say {
  static constexpr Op kOp = Op::kSay;
  using Reply = Done;
  SayKind kind = SayKind::kProgress;
  Bytes<limits::kLineBytes> json;
  static auto fields(auto& m) { return std::tie(m.kind, m.json); }
};

enum class AskKind : std::uint8_t { kElicit = 1, kSample, kRoots };
constexpr bool is_known(AskKind kind) { return kind >= AskKind::kElicit && kind <= AskKind::kRoots; }

struct ClientAnswer {
  bool refused = false;                      // by the client, with an error of its own
  Bytes<limits::kClientAnswerBytes> answer;  // JSON object of the client's
  static auto fields(auto& m) { return std::tie(m.refused, m.answer); }
};

// Call child -> monitor, after Go: a question of its tool to the client.  Legacy calls only; those of
// 2026-07-28 end with kInputRequired.  kRefused: the client did not declare that it can be asked this.
struct AskClient {
  static constexpr Op kOp = Op::kAskClient;
  using Reply = ClientAnswer;
  AskKind kind = AskKind::kElicit;
  bool by_url = false;                   // elicitation in URL mode
  Bytes<limits::kQuestionBytes> params;  // JSON, opaque here
  static auto fields(auto& m) { return std::tie(m.kind, m.by_url, m.params); }
};

struct Outcome {
  CallEnd end = CallEnd::kCrashed;  // kOk to kForged, kTimedOut, kOutOfMemory, kInputRequired, kStateRefused
  Bytes<limits::kOutcomeJsonBytes> result;       // JSON CallToolResult without resultType; empty for kForged
  Bytes<limits::kLogTextBytes + 64> log_result;  // readable result for the log, cut
  Bytes<limits::kLogTextBytes + 64> log_output;  // captured print, cut
  Bytes<limits::kErrorBytes> log_error;          // error text with the tool's lines, cut
  Bytes<limits::kStateBytes> state;              // of kInputRequired: what the repeated call gets back
  static auto fields(auto& m) {
    return std::tie(m.end, m.result, m.log_result, m.log_output, m.log_error, m.state);
  }
};

// One entry of the tool's `secrets`.
struct CallSecret {
  Text<limits::kSecretKeyBytes> key;
  Text<limits::kSecretValueBytes> value;  // sealed: a placeholder made for this call
  bool redact = false;                    // replace it in whatever leaves the call
  static auto fields(auto& m) { return std::tie(m.key, m.value, m.redact); }
};

// "The intent is durable": run.
struct Go {
  static constexpr Op kOp = Op::kGo;
  using Reply = Outcome;
  Bytes<limits::kBodyBytes> body;
  List<CallSecret, limits::kSecretsPerServer> secrets;  // those that have a value; none in a draft run
  bool legacy = false;                                  // else what follows is in the body itself
  std::uint32_t can = 0;                                // ClientCan of the session
  LogLevel log_level{};                                 // of the session
  Bytes<limits::kStateBytes> state;                     // of the call that this one repeats
  static auto fields(auto& m) { return std::tie(m.body, m.secrets, m.legacy, m.can, m.log_level, m.state); }
};

}  // namespace mcpbox::protocol
