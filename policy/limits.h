// Every limit of the product: unit, reason, and what happens beyond it.  tests/ try one below, at, and one
// above.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mcpbox::policy::limits {

// clang-format off
inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// --- What an author may write -------------------------------------------------------------------------
inline constexpr std::size_t kNameBytes = 48;            // a server's or a tool's name; beyond: refused
inline constexpr std::size_t kPublishedNameBytes = 64;   // server + "__" + tool: clients drop longer ones; beyond: refused
inline constexpr std::size_t kDescriptionChars = 2000;   // Unicode characters; beyond: refused
inline constexpr std::size_t kDescriptionBytes = 4 * kDescriptionChars;
inline constexpr std::size_t kCodeChars = 100'000;       // Unicode characters of source in every path; beyond: refused
inline constexpr std::size_t kCodeBytes = 4 * kCodeChars;
inline constexpr std::size_t kNotesChars = 2000;         // publish notes and reasons; beyond: refused
inline constexpr std::size_t kNotesBytes = 4 * kNotesChars;
inline constexpr std::size_t kSchemaBytes = 64 * kKiB;   // an input schema as JSON text; beyond: the code is refused
inline constexpr std::size_t kSchemaDepth = 32;          // nesting of a schema that an author wrote; beyond: the code is refused
inline constexpr std::size_t kAnnotationsBytes = 4 * kKiB;  // annotations of a tool as JSON text; beyond: refused
inline constexpr std::size_t kIconsBytes = 16 * kKiB;    // icons of a tool as JSON text; beyond: refused
inline constexpr std::size_t kIcons = 8;                 // icons of a tool; beyond: refused
inline constexpr std::size_t kUriBytes = 1000;           // URI or URI template of a resource; beyond: refused
inline constexpr std::size_t kHeadersBytes = 4 * kKiB;   // arguments that travel as HTTP headers, as JSON text; beyond: refused
inline constexpr std::size_t kImportedModules = 64;    // top-level modules that one tool imports; beyond: the code is refused
inline constexpr std::size_t kModuleNameBytes = 64;    // name of a top-level module; beyond: the code is refused
inline constexpr std::size_t kAnalysisBytes = 256 * kKiB;  // what the analysis found, as JSON; beyond: the least severe findings are left out
inline constexpr std::size_t kCapabilityBytes = 32 * kKiB;  // what a tool may reach, as lines of text; beyond: the rest is counted
inline constexpr std::size_t kCompiledBytes = 4 * kMiB;  // marshalled code of one tool; beyond: the code is refused
inline constexpr std::size_t kCompiledCacheBytes = 64 * kMiB;  // compiled code kept in memory; beyond: the least used is compiled again
inline constexpr std::uint32_t kServers = 1000;          // servers; beyond: refused, delete one first
inline constexpr std::uint32_t kToolsPerServer = 500;    // tools of a server; beyond: refused

// --- What may be granted ------------------------------------------------------------------------------
inline constexpr std::size_t kHostBytes = 253;           // a host's name, as DNS allows; beyond: refused
inline constexpr std::size_t kHostPathBytes = 256;       // the path that a grant is limited to; beyond: refused
inline constexpr std::size_t kModulePathBytes = 128;     // a module's name with its dots; beyond: refused
inline constexpr std::size_t kJustificationMinChars = 10;  // below: refused, a reviewer has nothing to go by
inline constexpr std::uint32_t kGrantsPerServer = 200;   // hosts and modules asked for or granted in one server; beyond: refused, an administrator deletes some
inline constexpr std::uint32_t kGrants = 20'000;         // of all servers; beyond: refused
inline constexpr std::uint32_t kSecretsPerServer = 100;  // secrets of a server; beyond: refused
inline constexpr std::size_t kSecretKeyBytes = 64;       // a secret's key; beyond: refused
inline constexpr std::size_t kSecretValueBytes = 10'000;  // a secret's value; beyond: refused
inline constexpr std::size_t kPlaceholderBytes = 64;     // of a sealed secret; beyond: there is none such
inline constexpr std::size_t kSecretFormBytes = 128;     // the template that a header's value is made by; beyond: refused
inline constexpr std::size_t kSecretPlaceBytes = 64;     // name of the header, parameter or field; beyond: refused
inline constexpr std::uint32_t kReachedTools = 200;      // tools named in a review; beyond: only counted

// --- HTTP ---------------------------------------------------------------------------------------------
inline constexpr std::size_t kBodyBytes = 1 * kMiB;      // a request body; beyond: 413
inline constexpr std::size_t kHeaderBytes = 32 * kKiB;   // request line and headers together; beyond: 400 and close
inline constexpr std::size_t kJsonDepth = 64;            // nesting of a request; beyond: -32700
inline constexpr std::uint32_t kRequestsPerMinute = 300;  // of one caller, when `requests-per-minute` does not say otherwise; beyond: 429 with Retry-After
inline constexpr std::uint32_t kRequestsPerMinuteMost = 1'000'000;  // what `requests-per-minute` may say
inline constexpr int kHeaderSeconds = 15;                // a connection without a complete request; then it is closed
inline constexpr int kIdleSeconds = 75;                  // a kept-alive connection without a request; then it is closed
inline constexpr std::uint32_t kConnections = 4000;      // open connections per listener process; beyond: the kernel's queue waits
inline constexpr std::uint32_t kStreams = 256;           // event streams per gateway; beyond: 503
inline constexpr int kKeepAliveSeconds = 15;             // comment lines on an idle stream
inline constexpr std::size_t kStreamQueueBytes = 256 * kKiB;  // unread bytes of one stream; beyond: the stream is closed

inline constexpr std::uint32_t kAdminRequestsPerMinute = 100;  // of one session, and of one address without; beyond: 429
inline constexpr std::size_t kUiFileBytes = 8 * kMiB;    // a file of the web UI; beyond: it is not served
inline constexpr std::size_t kUiBytes = 64 * kMiB;       // all of them; beyond: the admin process does not start
inline constexpr std::size_t kUiFiles = 2'000;           // beyond: the admin process does not start

// --- Sessions and lists -------------------------------------------------------------------------------
inline constexpr std::uint32_t kSessions = 1000;         // legacy sessions; beyond: the one idle for longest ends (404)
inline constexpr std::int64_t kSessionIdleMs = 24LL * 3600 * 1000;  // then the session ends (404)
inline constexpr std::uint32_t kClientTokens = 100;      // tokens for clients in containers; beyond: refused, revoke one first
inline constexpr std::size_t kClientTokenBytes = 96;     // of a token as clients send it; beyond: there is none such
inline constexpr std::uint32_t kSubscriptions = 100;     // resources that one session or stream watches; beyond: refused
inline constexpr std::uint32_t kPageDefault = 50;        // items of a page when not named
inline constexpr std::uint32_t kPageMax = 100;           // beyond: refused
inline constexpr std::uint32_t kToolsPerListPage = 50;   // tools/list page; more have a cursor
inline constexpr std::size_t kServiceTokenBytes = 128; // of the Worker; beyond: it is not read
inline constexpr std::size_t kServiceTokenLeast = 32;  // characters; below: it is not taken
inline constexpr std::uint32_t kTickets = 20'000;        // principals known to one gateway; beyond: the oldest must authenticate again

// --- Calls --------------------------------------------------------------------------------------------
inline constexpr std::uint32_t kTimeoutDefaultMs = 30'000;
inline constexpr std::uint32_t kTimeoutMinMs = 1'000;
inline constexpr std::uint32_t kTimeoutMaxMs = 300'000;
inline constexpr std::uint32_t kTestTimeoutMs = 10'000;  // wall clock of a draft run
inline constexpr std::uint32_t kTestCpuSeconds = 5;      // CPU of a draft run
inline constexpr std::uint32_t kCompileTimeoutMs = 10'000;
inline constexpr std::uint32_t kCompileCpuSeconds = 8;  // CPU of a compile child; beyond: killed, and the code is refused
inline constexpr std::uint32_t kPrepareTimeoutMs = 10'000;  // a spare that does not load its code in this time is killed
inline constexpr std::size_t kMemoryBytes = 256 * kMiB;  // private memory of a call; beyond: MemoryError in the tool
inline constexpr std::size_t kOutputBytes = 1 * kMiB;    // captured print output; beyond: cut with a marker
inline constexpr std::size_t kResultBytes = 1 * kMiB;    // serialised result; beyond: an error that says so
inline constexpr std::size_t kOutcomeJsonBytes = 3 * kMiB;  // the whole CallToolResult: result twice (text and structured), output
inline constexpr std::size_t kErrorBytes = 8 * kKiB;     // error text in the log; beyond: cut with a marker
inline constexpr std::size_t kLogArgumentsBytes = 16 * kKiB;  // redacted arguments in the log; beyond: cut with a marker
inline constexpr std::size_t kLogTextBytes = 10'000;     // result and output in the log; beyond: cut with a marker
inline constexpr std::int64_t kSparePatienceMs = 20'000;  // waiting for a call process; beyond: "busy", nothing was executed
inline constexpr std::int64_t kDeadlineGraceMs = 250;  // the child ends itself at its deadline with a better message; then it is killed
inline constexpr std::int64_t kHangUpGraceMs = 100;    // from the end of a child's link to the end of its process; beyond: it hung up itself, and is killed
inline constexpr std::int64_t kEndingPatienceMs = 1'000;  // waiting for the zygote's word on how a child ended
inline constexpr std::uint32_t kCallsInFlight = 256;     // overall; beyond: "busy", nothing was executed
inline constexpr std::uint32_t kCallsPerServer = 32;     // in flight; beyond: "busy"
inline constexpr std::uint32_t kTestsPerCaller = 1;      // draft runs at a time; beyond: "busy"

// --- What a client takes of a result ------------------------------------------------------------------
inline constexpr std::size_t kClaudeCodeResultBytes = 60'000;  // Claude Code takes 25,000 tokens; beyond: cut, the rest is a resource
inline constexpr std::size_t kClaudeResultBytes = 140'000;     // Claude Desktop and Claude Web take 150,000 characters; beyond: cut likewise
inline constexpr std::size_t kKeptResults = 64;          // results whose rest can still be read, of one gateway; beyond: the oldest is forgotten
inline constexpr std::size_t kKeptResultsPerCaller = 8;  // of one caller; beyond: that caller's oldest is forgotten
inline constexpr std::size_t kKeptResultsBytes = 16 * kMiB;  // all of them; beyond: the oldest is forgotten
inline constexpr std::int64_t kKeptResultMs = 900'000;   // then it is forgotten

// --- What a call says and asks while it runs ----------------------------------------------------------
inline constexpr std::size_t kLineBytes = 8 * kKiB;      // one progress or log message; beyond: an error in the tool
inline constexpr std::uint32_t kLinesAtOnce = 50;        // progress and log messages in a row; beyond: dropped, and counted in a log message
inline constexpr std::uint32_t kLinesPerSecond = 20;     // and then so many; beyond: dropped likewise
inline constexpr std::uint32_t kFloodAtOnce = 400;       // messages that the monitor takes in a row from a call; beyond: the call is stopped
inline constexpr std::uint32_t kFloodPerSecond = 40;     // and then so many; beyond: the call is stopped
inline constexpr std::size_t kLinesQueueBytes = 1 * kMiB;   // queued to one gateway; beyond: messages of calls are dropped
inline constexpr std::size_t kQuestionBytes = 64 * kKiB;    // one question to the client; beyond: an error in the tool
inline constexpr std::size_t kClientAnswerBytes = 512 * kKiB;  // its answer; beyond: an error in the tool
inline constexpr std::int64_t kQuestionMs = 300'000;     // waiting for one answer; beyond: an error in the tool
inline constexpr std::int64_t kWaitForClientMs = 900'000;  // of one call for all its answers; beyond: an error in the tool
inline constexpr std::uint32_t kQuestionsPerCall = 16;   // in one call; beyond: an error in the tool
inline constexpr std::uint32_t kQuestionsPerCaller = 4;  // unanswered at a time; beyond: an error in the tool
inline constexpr std::size_t kStateBytes = 32 * kKiB;    // what a call of 2026-07-28 keeps for its repetition; beyond: an error in the tool
inline constexpr std::size_t kRequestStateBytes = kStateBytes + 128;  // the same, sealed
inline constexpr std::int64_t kRequestStateMs = 600'000;  // for its repetition; beyond: refused, call again
inline constexpr std::uint32_t kRequestStates = 10'000;  // that may still be redeemed; beyond: the oldest is forgotten

// --- Zygotes, CPU slots, memory -----------------------------------------------------------------------
inline constexpr std::uint64_t kForksPerZygote = 10'000;  // children of one zygote; beyond: a new one takes its place, calls in flight finish
inline constexpr std::uint32_t kFlavours = 4;            // zygotes with packages beside the default one; beyond: the one least used goes
inline constexpr std::size_t kPackagesPerFlavour = 16;   // packages that one tool may need; beyond: the call is refused
inline constexpr std::int64_t kFlavourIdleMs = 600'000;  // without a call; then a zygote with packages ends
inline constexpr std::int64_t kReplacePauseMs = 2'000;   // between two replacements of a flavour after violations; until then the old one serves
inline constexpr std::int64_t kHelloTimeoutMs = 60'000;  // from the start of a child to its Hello; beyond: it is ended and started again
inline constexpr std::int64_t kForkTimeoutMs = 10'000;   // a zygote that does not fork when told; beyond: it is ended and started again
inline constexpr std::int64_t kTurnPatienceMs = 20'000;  // in the queue for a CPU slot and memory; beyond: "busy", nothing was executed
inline constexpr std::int64_t kSlotTurnMs = 100;         // a call's first turn on its CPU slot; beyond: the next one has it too
inline constexpr std::uint64_t kMemoryDivisor = 2;       // all calls together get this part of the machine's memory; beyond: they wait, then "busy"
inline constexpr std::int64_t kMemoryLookMs = 250;       // between two looks at what waiting calls hold; what a liar takes in between is what the processors can fill
inline constexpr std::size_t kWaitingSpareBytes = 4 * kMiB;  // of a call that waits, beyond what it holds: page tables, socket buffers, growth between two looks

// --- Network of tools ---------------------------------------------------------------------------------
inline constexpr std::size_t kFetchHostBytes = 260;      // a host name (253), or a pattern with `*.`; beyond: refused
inline constexpr std::size_t kFetchMethodBytes = 32;     // an HTTP method; beyond: refused
inline constexpr std::size_t kGrantMethodsBytes = 128;   // the methods of an approval, as words
inline constexpr std::size_t kGrantPathBytes = 1024;      // the path of an approval; beyond: refused
inline constexpr std::size_t kHostsPerGrant = 128;       // approvals that one call carries; beyond: the later ones have no effect
inline constexpr std::uint32_t kRequestsPerCall = 1000;  // HTTP requests of one call; beyond: an error in the tool
inline constexpr std::uint64_t kNetworkBytesPerCall = 256 * kMiB;  // bodies and headers of one call, both ways; beyond: an error in the tool
inline constexpr std::size_t kStreamsPerCall = 256;      // HTTP exchanges of one call at a time; beyond: an error in the tool
inline constexpr long kConnectionsPerCall = 32;          // connections of one call; beyond: its requests wait for one
inline constexpr std::int64_t kGrantAnswerMs = 5'000;   // a dialer that does not take a grant in this time; it is ended and started again
inline constexpr std::size_t kLiveGrants = 512;          // calls with network at a time; beyond: an error in the tool
inline constexpr std::size_t kFetchWindowBytes = 256 * kKiB;  // of a body, sent and not yet taken; beyond: the sender waits
inline constexpr std::size_t kFetchDataBytes = 64 * kKiB;  // of a body in one message
inline constexpr std::size_t kFetchTargetBytes = 16 * kKiB;  // path and query; beyond: refused
inline constexpr std::size_t kFetchHeaders = 128;        // headers of a request; beyond: refused
inline constexpr std::size_t kFetchHeaderNameBytes = 256;  // beyond: refused
inline constexpr std::size_t kFetchHeaderValueBytes = 8 * kKiB;  // beyond: refused
inline constexpr std::size_t kFetchReplyHeaders = 256;   // headers of a response; beyond: the exchange fails
inline constexpr std::size_t kFetchReplyHeaderBytes = 128 * kKiB;  // all of them, trailers and interim responses too; beyond: the exchange fails
inline constexpr std::size_t kFetchTextBytes = 512;      // words of a failure
inline constexpr std::uint32_t kConnectMaxMs = 60'000;   // name, connection and TLS; a tool may ask for less
inline constexpr std::size_t kResolvers = 32;            // names that are looked up at a time; beyond: they wait
inline constexpr std::size_t kAddressesPerName = 16;     // addresses of a name that are looked at; more are left out
inline constexpr std::size_t kDialsAtOnce = 1024;        // connections being made; beyond: refused
inline constexpr std::uint32_t kDenialsPerTool = 64;     // refused destinations of one tool that are kept as suggestions; beyond: the others are only counted in the log
inline constexpr std::size_t kDenialsWaiting = 1'024;    // of all tools, until they are written; beyond: not written
inline constexpr std::int64_t kDenialsWriteMs = 500;     // so long they are gathered before they are written
inline constexpr std::size_t kDenialsPerCall = 32;       // refused destinations of one call that are recorded

// --- Links --------------------------------------------------------------------------------------------
inline constexpr std::uint32_t kFramesPerTurn = 32;      // read from one link before others have their turn
inline constexpr std::size_t kLinkQueueBytes = 16 * kMiB;   // queued to one peer; beyond: the peer is ended
inline constexpr std::size_t kLinkPauseBytes = 4 * kMiB;    // queued to one peer; beyond: its requests wait
inline constexpr std::uint32_t kRequestsPerPeer = 1024;  // unanswered requests of one peer; beyond: its requests wait
inline constexpr std::uint32_t kCtlClients = 32;         // control connections of everybody but root; beyond: closed at once
inline constexpr std::int64_t kCtlClientsPerUser = 4;    // of one user; beyond: closed at once

// --- Stopping -----------------------------------------------------------------------------------------
inline constexpr std::int64_t kDrainMs = 10'000;         // from the order to stop for calls in flight to finish; beyond: killed, and told so
inline constexpr std::int64_t kDrainAnswerMs = 2'000;    // then for their outcomes and answers to leave

// --- Supervision --------------------------------------------------------------------------------------
inline constexpr std::uint32_t kQuickRestarts = 3;       // immediate, then every kRestartPauseMs
inline constexpr std::int64_t kRestartPauseMs = 2'000;

// --- Audit and passwords ------------------------------------------------------------------------------
inline constexpr std::uint32_t kAuditBatch = 128;        // records of one group commit
inline constexpr std::size_t kAuditPayloadBytes = 4 * kKiB;
inline constexpr std::size_t kAuditRecordBytes = 4405;   // of a record's encoding, all fields at their bounds
inline constexpr std::size_t kAuditStatementBytes = 117; // of a checkpoint, without its signature
inline constexpr std::size_t kAuditPageRecords = 500;    // records, or checkpoints, of one read; more have a next page
inline constexpr std::uint64_t kCheckpointRecords = 1'000;  // between two signed checkpoints, at most
inline constexpr std::int64_t kCheckpointMs = 600'000;   // from a record to the checkpoint that covers it, at most
inline constexpr std::int64_t kRepeatMs = 60'000;        // refusals of one kind and source in this time are one record with a count
inline constexpr std::size_t kRepeatSources = 500;       // kinds and sources counted apart; beyond: all others of a kind together
inline constexpr std::size_t kActivityKept = 1'000;      // events for whoever watches; beyond: the oldest is forgotten
inline constexpr std::size_t kActivityPage = 100;        // events of one answer
inline constexpr std::uint32_t kActivityWaitMs = 25'000; // a watcher's question waits so long for an event; then the answer is empty
inline constexpr std::size_t kActivityWatchers = 64;     // questions that wait; beyond: "busy"
inline constexpr std::size_t kHistogramBuckets = 20;     // of one histogram
inline constexpr std::size_t kSearchBytes = 256;         // of a text to search for; beyond: refused
inline constexpr std::uint32_t kCountedRows = 100'000;   // a page's total is exact up to here; beyond: marked as capped
inline constexpr std::uint32_t kStatsHoursMax = 8'760;   // period of statistics; beyond: refused
inline constexpr std::size_t kPasswordBytes = 1024;      // beyond: refused
inline constexpr std::size_t kPasswordMinChars = 12;
inline constexpr std::uint32_t kPasswordQueue = 4;       // passwords waiting to be checked; beyond: 429
inline constexpr std::size_t kAdminNameBytes = 64;       // beyond: refused
inline constexpr std::uint32_t kAdmins = 100;            // beyond: refused
inline constexpr std::uint32_t kAdminSessions = 100;     // signed in at a time; beyond: the one idle for longest ends
inline constexpr std::int64_t kAdminSessionMs = 7LL * 24 * 3600 * 1000;  // from signing in; then the session ends
inline constexpr std::int64_t kAdminSessionIdleMs = 24LL * 3600 * 1000;  // without a request; then the session ends
inline constexpr std::int64_t kSetupCodeMs = 24LL * 3600 * 1000;  // then the setup code is void
inline constexpr std::uint32_t kSetupCodeTries = 10;     // beyond: the setup code is void
inline constexpr std::size_t kSessionRequestBytes = 4 * kMiB;  // a message inside InSession; larger rows do not compile
inline constexpr std::size_t kSessionReplyBytes = 8 * kMiB;    // its answer; larger rows do not compile
inline constexpr std::int64_t kPasswordDelayMs = 1'000;  // after a wrong password, doubled each time up to a minute

// clang-format on

}  // namespace mcpbox::policy::limits
