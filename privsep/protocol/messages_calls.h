// The published tools, and calling one.
#pragma once

#include "privsep/protocol/messages_common.h"
#include "privsep/protocol/tool_content.h"

namespace mcpbox::protocol {

// All of its JSON was made by authors and children: check before embedding.  Empty: there is none.
struct PublishedTool {
  Text<limits::kPublishedNameBytes> name;  // server__tool, or tool on a server's own endpoint
  Text<limits::kDescriptionBytes> description;
  Bytes<limits::kSchemaBytes> input_schema;
  Bytes<limits::kSchemaBytes> output_schema;
  Bytes<limits::kAnnotationsBytes> annotations;
  Bytes<limits::kIconsBytes> icons;
  Text<limits::kUriBytes> uri_template;
  Bytes<limits::kHeadersBytes> headers;
  static auto fields(auto& m) {
    return std::tie(m.name, m.description, m.input_schema, m.output_schema, m.annotations, m.icons,
                    m.uri_template, m.headers);
  }
};

struct ToolPage {
  List<PublishedTool, limits::kToolsPerListPage> tools;
  bool more = false;
  static auto fields(auto& m) { return std::tie(m.tools, m.more); }
};

// What is enabled and approved of this kind on running servers, ordered by name.
struct ListPublished {
  static constexpr Op kOp = Op::kListPublished;
  using Reply = ToolPage;
  Id ticket{};
  Text<limits::kNameBytes> server;          // empty: all servers, names with prefix
  Text<limits::kPublishedNameBytes> after;  // the last name of the page before; empty for the first
  Kind kind = Kind::kTool;
  static auto fields(auto& m) { return std::tie(m.ticket, m.server, m.after, m.kind); }
};

enum class CallEnd : std::uint8_t {
  kOk = 1,             // the tool returned
  kToolError,          // the tool raised, or its result could not be used
  kInvalidArguments,   // the arguments do not fit the input schema: nothing was run
  kForged,             // the body names another tool than was opened: nothing was run
  kTimedOut,           // killed at its deadline
  kOutOfMemory,        // ended by its memory limit
  kCrashed,            // the process ended by itself, by a signal, or by a forbidden system call
  kCancelled,          // the caller withdrew
  kUnrecorded,         // it ran, but the outcome could not be recorded: do not retry
  kInputRequired,      // 2026-07-28: the tool asks its caller, who repeats the call with the answers
  kStateRefused,       // a repeated call whose requestState is not valid for it: nothing was run
  kMissingCapability,  // 2026-07-28: the tool needs to ask what the client did not declare; `result` names it
};
constexpr bool is_known(CallEnd end) { return end >= CallEnd::kOk && end <= CallEnd::kMissingCapability; }

struct CallResult {
  Id call{};  // the call's id in the log
  CallEnd end = CallEnd::kCrashed;
  Bytes<limits::kOutcomeJsonBytes> result;  // JSON CallToolResult made by the child; empty when it made none
  Text<512> explanation;                    // for ends without a result: what happened and what to do next
  Bytes<limits::kRequestStateBytes> request_state;  // of kInputRequired: sealed, for the repeated call
  static auto fields(auto& m) { return std::tie(m.call, m.end, m.result, m.explanation, m.request_state); }
};

// kNotFound: no such published tool (unknown, not approved, disabled and server stopped look the same).
// kBusy: a limit is reached, nothing was executed.  kRefused: frozen, or audit not writable.
struct OpenCall {
  static constexpr Op kOp = Op::kOpenCall;
  using Reply = CallResult;
  Id ticket{};
  Id request{};                                     // chosen by the gateway at random, for CancelCall
  Text<limits::kNameBytes> server;                  // the endpoint's server; empty on /mcp
  Text<limits::kPublishedNameBytes> tool;           // as in the body
  Text<128> client;                                 // for the log
  Bytes<limits::kLogArgumentsBytes> arguments_log;  // redacted copy, JSON, for the log
  Bytes<limits::kBodyBytes> body;                   // the request as received
  Method method = Method::kToolsCall;               // which kinds `tool` may then be, the monitor knows
  Text<64> session;                                 // of a legacy request; what its client can is known there
  Bytes<limits::kRequestStateBytes> request_state;  // of a repeated request; empty otherwise
  static auto fields(auto& m) {
    return std::tie(m.ticket, m.request, m.server, m.tool, m.client, m.arguments_log, m.body, m.method,
                    m.session, m.request_state);
  }
};

// A client's answer to a question that a call of the same principal and session asked.  kNotFound when there
// is no such question (any more).
struct AnswerCall {
  static constexpr Op kOp = Op::kAnswerCall;
  using Reply = Done;
  Id ticket{};
  Text<64> session;
  Id request{};                              // of the call, as in OpenCall
  std::uint32_t question = 0;                // as in CallAsked
  bool refused = false;                      // the client answered with an error; then `answer` is empty
  Bytes<limits::kClientAnswerBytes> answer;  // JSON object: checked by the gateway, read by the tool
  static auto fields(auto& m) {
    return std::tie(m.ticket, m.session, m.request, m.question, m.refused, m.answer);
  }
};

struct CancelCall {
  static constexpr Op kOp = Op::kCancelCall;
  using Reply = Done;
  Id ticket{};
  Id request{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.request); }
};

}  // namespace mcpbox::protocol
