// What a caller manages over MCP.  Names, descriptions and code arrive as text; JSON stays in the gateway.
#pragma once

#include "policy/approvals.h"
#include "privsep/protocol/messages_calls.h"

namespace mcpbox::protocol {

struct ServerInfo {
  Id id{};
  Text<limits::kNameBytes> name;
  std::uint32_t tools = 0;  // enabled and approved
  static auto fields(auto& m) { return std::tie(m.id, m.name, m.tools); }
};

// kConflict: the name is taken.  kInvalid: the name does not follow policy/names.h.
struct CreateServer {
  static constexpr Op kOp = Op::kCreateServer;
  using Reply = ServerInfo;
  Id ticket{};
  Text<limits::kNameBytes> name;
  Text<limits::kDescriptionBytes> description;
  static auto fields(auto& m) { return std::tie(m.ticket, m.name, m.description); }
};

struct StartServer {
  static constexpr Op kOp = Op::kStartServer;
  using Reply = ServerInfo;
  Id ticket{};
  Id server{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.server); }
};

struct StopServer {
  static constexpr Op kOp = Op::kStopServer;
  using Reply = ServerInfo;
  Id ticket{};
  Id server{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.server); }
};

using policy::Approval;
using policy::status_text;

// What the compile child made of a source text, without running it.
struct CodeReport {
  bool valid = false;  // it parses and has a usable main
  bool has_main = false;
  std::uint32_t line = 0;                     // of the problem; 0 when there is none
  Text<2000> problem;                         // empty when valid
  Bytes<limits::kSchemaBytes> input_schema;   // JSON; empty when not valid
  Bytes<limits::kSchemaBytes> output_schema;  // JSON; empty when the author promises nothing
  Bytes<limits::kSchemaBytes> parameters;     // JSON array of {name,type,...}; empty when not valid
  // First parts of the names that the code imports anywhere, sorted, each once; empty when not valid.  A name
  // that is only known when the code runs is not among them.
  List<Text<limits::kModuleNameBytes>, limits::kImportedModules> modules;
  // JSON object {findings[],secrets[],hosts[],modules[]}: for people, decides nothing; shape in
  // executor/runtime/analysis.py.  Empty when the code does not parse.
  Bytes<limits::kAnalysisBytes> analysis;
  static auto fields(auto& m) {
    return std::tie(m.valid, m.has_main, m.line, m.problem, m.input_schema, m.output_schema, m.parameters,
                    m.modules, m.analysis);
  }
};

// The tool as it is now.  When `report.valid` is false nothing was saved.
struct ToolSaved {
  Id id{};
  Text<limits::kNameBytes> name;
  std::uint32_t version = 0;
  Approval approval = Approval::kDraft;
  bool changed = false;  // false: the fields given are what was there already
  bool enabled = true;
  Digest digest{};
  CodeReport report;
  static auto fields(auto& m) {
    return std::tie(m.id, m.name, m.version, m.approval, m.changed, m.enabled, m.digest, m.report);
  }
};

// Without schemas, the source says what they are.
struct CreateTool {
  static constexpr Op kOp = Op::kCreateTool;
  using Reply = ToolSaved;
  Id ticket{};
  Id server{};
  ToolContent content;
  static auto fields(auto& m) { return std::tie(m.ticket, m.server, m.content); }
};

struct UpdateTool {
  static constexpr Op kOp = Op::kUpdateTool;
  using Reply = ToolSaved;
  Id ticket{};
  Id tool{};
  FieldSet given = 0;   // which fields of `content` count; an empty one of these clears the tool's
  ToolContent content;  // kind cannot change
  Maybe<bool> enabled;
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool, m.given, m.content, m.enabled); }
};

struct ValidateCode {
  static constexpr Op kOp = Op::kValidateCode;
  using Reply = CodeReport;
  Id ticket{};
  Text<limits::kCodeBytes> code;
  static auto fields(auto& m) { return std::tie(m.ticket, m.code); }
};

// Runs a tool's stored code in the jail, whatever its approval state, without secrets and network.
struct TestCode {
  static constexpr Op kOp = Op::kTestCode;
  using Reply = CallResult;
  Id ticket{};
  Id request{};
  Id tool{};
  Text<128> client;
  Bytes<limits::kLogArgumentsBytes> arguments_log;
  Bytes<limits::kBodyBytes> arguments;  // one JSON object
  static auto fields(auto& m) {
    return std::tie(m.ticket, m.request, m.tool, m.client, m.arguments_log, m.arguments);
  }
};

struct RequestPublish {
  static constexpr Op kOp = Op::kRequestPublish;
  using Reply = ToolSaved;
  Id ticket{};
  Id tool{};
  Text<limits::kNotesBytes> notes;
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool, m.notes); }
};

// Back to what the tool was: a new version with the old fields.  kNotFound: no such version.
struct RollbackTool {
  static constexpr Op kOp = Op::kRollbackTool;
  using Reply = ToolSaved;
  Id ticket{};
  Id tool{};
  std::uint32_t version = 0;
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool, m.version); }
};

// Kills its calls, and removes it with its versions and approvals.  The audit stays.
struct DeleteTool {
  static constexpr Op kOp = Op::kDeleteTool;
  using Reply = Done;
  Id ticket{};
  Id tool{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool); }
};

// The same for a server with all its tools.
struct DeleteServer {
  static constexpr Op kOp = Op::kDeleteServer;
  using Reply = ServerInfo;
  Id ticket{};
  Id server{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.server); }
};

// Named reads.  The answer is JSON made by PostgreSQL and passed on unread: shapes in monitor/sql_reads.h.
enum class Query : std::uint8_t {
  kListServers = 1,  // page
  kGetServer,        // subject = server
  kListTools,        // subject = server, page
  kGetTool,          // subject = tool
  kGetToolStatus,    // subject = tool
  kGetToolLogs,      // subject = tool, page
  kPendingTools,     // page
  kListVersions,     // subject = tool, page
  kGetVersion,       // subject = tool, number = version
};
constexpr bool is_known(Query query) { return query >= Query::kListServers && query <= Query::kGetVersion; }

struct JsonText {
  Bytes<4 * limits::kMiB> json;
  static auto fields(auto& m) { return std::tie(m.json); }
};

struct Read {
  static constexpr Op kOp = Op::kRead;
  using Reply = JsonText;
  Id ticket{};
  Query query = Query::kListServers;
  Id subject{};
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  std::uint32_t number = 0;
  static auto fields(auto& m) {
    return std::tie(m.ticket, m.query, m.subject, m.page, m.page_size, m.number);
  }
};

}  // namespace mcpbox::protocol
