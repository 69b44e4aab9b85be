// What tools may reach beside computing: hosts (of one server) and modules (of all).  A caller asks for one;
// a person grants it.  Request and grant are one row that changes its state.
#pragma once

#include "policy/hosts.h"
#include "policy/modules.h"
#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

enum class GrantKind : std::uint8_t { kHost = 1, kModule };
constexpr bool is_known(GrantKind kind) { return kind == GrantKind::kHost || kind == GrantKind::kModule; }

enum class GrantState : std::uint8_t { kPending = 1, kApproved, kRejected, kRevoked };
constexpr bool is_known(GrantState state) {
  return state >= GrantState::kPending && state <= GrantState::kRevoked;
}

// The states and kinds by the names that the database and clients use.
constexpr std::string_view name_of(GrantState state) {
  constexpr std::string_view kNames[] = {"pending", "approved", "rejected", "revoked"};
  return kNames[static_cast<unsigned>(state) - 1];
}
constexpr std::string_view name_of(GrantKind kind) { return kind == GrantKind::kHost ? "host" : "module"; }

struct GrantInfo {
  Id id{};
  GrantKind kind = GrantKind::kHost;
  GrantState state = GrantState::kPending;
  Id server{};  // zero: a module that an administrator added
  Text<limits::kNameBytes> server_name;
  Id tool{};  // for which it was asked; zero: an administrator added it
  Text<limits::kNameBytes> tool_name;
  Text<limits::kHostBytes> name;      // the host or pattern, or the module
  std::uint16_t port = 0;             // 0: any
  policy::Methods methods = 0;        // 0: any
  Text<limits::kHostPathBytes> path;  // empty: any
  bool private_too = false;           // an administrator approved exactly this host and port, wherever it is
  bool from_admin = false;            // provenance: an administrator, or a language model
  bool installed = true;              // a module that this machine has
  Text<limits::kNotesBytes> justification;  // the asker's, untrusted
  Text<128> requested_by;
  std::int64_t requested_at_ms = 0;
  Text<128> decided_by;
  Text<limits::kNotesBytes> reason;  // of the last rejection or revocation
  std::int64_t decided_at_ms = 0;    // 0: nobody has decided
  std::uint64_t sequence = 0;        // of the last audit record on it: what a decision must name
  static auto fields(auto& m) {
    return std::tie(m.id, m.kind, m.state, m.server, m.server_name, m.tool, m.tool_name, m.name, m.port,
                    m.methods, m.path, m.private_too, m.from_admin, m.installed, m.justification,
                    m.requested_by, m.requested_at_ms, m.decided_by, m.reason, m.decided_at_ms, m.sequence);
  }
};

// What became of a request, and the row that says so.
enum class Asked : std::uint8_t {
  kRecorded = 1,  // it waits for a person
  kGranted,       // the policy approves such requests of local callers by itself
  kCovered,       // nothing to ask for: `grant` covers it, or without an id the defaults do
  kWaits,         // it was asked for already
  kRejected,      // a person said no; `grant.reason` says why
};
constexpr bool is_known(Asked asked) { return asked >= Asked::kRecorded && asked <= Asked::kRejected; }

struct GrantAsked {
  Asked asked = Asked::kRecorded;
  GrantInfo grant;
  static auto fields(auto& m) { return std::tie(m.asked, m.grant); }
};

struct RequestHost {
  static constexpr Op kOp = Op::kRequestHost;
  using Reply = GrantAsked;
  Id ticket{};
  Id tool{};
  Text<2 * limits::kHostBytes> host;  // as the caller wrote it
  std::uint16_t port = 0;             // 0: any
  Text<limits::kNotesBytes> justification;
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool, m.host, m.port, m.justification); }
};

struct RequestModule {
  static constexpr Op kOp = Op::kRequestModule;
  using Reply = GrantAsked;
  Id ticket{};
  Id tool{};
  Text<limits::kModulePathBytes> module;
  Text<limits::kNotesBytes> justification;
  static auto fields(auto& m) { return std::tie(m.ticket, m.tool, m.module, m.justification); }
};

struct GrantPage {
  List<GrantInfo, limits::kPageMax> grants;
  std::uint32_t total = 0;
  static auto fields(auto& m) { return std::tie(m.grants, m.total); }
};

// What a list is narrowed to.
struct GrantFilter {
  Maybe<GrantKind> kind;
  Maybe<GrantState> state;
  Maybe<Id> server;  // hosts granted to it and modules asked for in it
  Maybe<Id> tool;
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  static auto fields(auto& m) { return std::tie(m.kind, m.state, m.server, m.tool, m.page, m.page_size); }
};

// Oldest request first.
struct ListGrants {
  static constexpr Op kOp = Op::kListGrants;
  using Reply = GrantPage;
  Id ticket{};
  GrantFilter filter;
  static auto fields(auto& m) { return std::tie(m.ticket, m.filter); }
};

// The same for a person who decides.
struct ReviewGrants {
  static constexpr Op kOp = Op::kReviewGrants;
  using Reply = GrantPage;
  Text<limits::kNameBytes> server;  // by name; empty for all
  GrantFilter filter;
  // In the name, the justification, or the name of the tool or the server, whatever the case of ASCII
  // letters; empty: all.
  Text<limits::kSearchBytes> search;
  static auto fields(auto& m) { return std::tie(m.server, m.filter, m.search); }
};

// One row, and what granting it reaches: the approved tools of its server, or of all for a module.
struct GrantDetail {
  GrantInfo grant;
  List<Text<limits::kPublishedNameBytes>, limits::kReachedTools> reaches;
  std::uint32_t reaches_total = 0;
  static auto fields(auto& m) { return std::tie(m.grant, m.reaches, m.reaches_total); }
};

struct ShowGrant {
  static constexpr Op kOp = Op::kShowGrant;
  using Reply = GrantDetail;
  Id grant{};
  static auto fields(auto& m) { return std::tie(m.grant); }
};

enum class GrantVerdict : std::uint8_t { kApprove = 1, kReject, kRevoke, kDelete };
constexpr bool is_known(GrantVerdict verdict) {
  return verdict >= GrantVerdict::kApprove && verdict <= GrantVerdict::kDelete;
}

// kConflict when the row has changed since `sequence`, or its state does not allow the verdict.
struct DecideGrant {
  static constexpr Op kOp = Op::kDecideGrant;
  using Reply = GrantInfo;
  Id grant{};
  std::uint64_t sequence = 0;
  GrantVerdict verdict = GrantVerdict::kApprove;
  bool private_too = false;          // kApprove: also where the name has a private address
  Text<limits::kNotesBytes> reason;  // required to reject
  static auto fields(auto& m) { return std::tie(m.grant, m.sequence, m.verdict, m.private_too, m.reason); }
};

// An administrator's own grant, approved at once.
struct AddHost {
  static constexpr Op kOp = Op::kAddHost;
  using Reply = GrantDetail;
  Text<limits::kNameBytes> server;
  Text<2 * limits::kHostBytes> host;
  std::uint16_t port = 0;
  policy::Methods methods = 0;
  Text<limits::kHostPathBytes> path;
  bool private_too = false;
  Text<limits::kNotesBytes> justification;
  static auto fields(auto& m) {
    return std::tie(m.server, m.host, m.port, m.methods, m.path, m.private_too, m.justification);
  }
};

struct AddModule {
  static constexpr Op kOp = Op::kAddModule;
  using Reply = GrantDetail;
  Text<limits::kModulePathBytes> module;
  Text<limits::kNotesBytes> justification;
  static auto fields(auto& m) { return std::tie(m.module, m.justification); }
};

}  // namespace mcpbox::protocol
