// The grants of a call, on their way to the two processes that act on them, and what these say to each other.
#pragma once

#include "policy/secrets.h"
#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

// One approved destination (policy/requests.h, HostRule).
struct GrantedHost {
  Text<limits::kFetchHostBytes> host;  // "api.example.com", "*.example.com", "192.168.1.20", "fd00::1"
  std::uint16_t port = 0;              // 0: any
  bool private_too = false;            // an admin approved exactly this host and port, whatever its address
  Text<limits::kGrantMethodsBytes> methods;   // "GET, HEAD"; empty: any
  Text<limits::kGrantPathBytes> path_prefix;  // empty: any
  static auto fields(auto& m) { return std::tie(m.host, m.port, m.private_too, m.methods, m.path_prefix); }
};
using GrantedHosts = List<GrantedHost, limits::kHostsPerGrant>;

// Monitor -> dialer: from now on these hosts may be dialled in the name of this grant.
struct AllowDials {
  static constexpr Op kOp = Op::kAllowDials;
  using Reply = Done;
  Id grant{};
  GrantedHosts hosts;
  static auto fields(auto& m) { return std::tie(m.grant, m.hosts); }
};

// Monitor -> egress: serve this call child.  seconds: from now until the grant ends by itself.
struct OpenGrant {
  static constexpr Op kOp = Op::kOpenGrant;
  using Reply = Done;
  Id grant{};
  GrantedHosts hosts;
  std::uint32_t requests = 0;
  std::uint64_t bytes = 0;  // both ways, bodies and headers
  std::uint32_t seconds = 0;
  base::Fd child;  // the egress socket of the call child
  static auto fields(auto& m) { return std::tie(m.grant, m.hosts, m.requests, m.bytes, m.seconds, m.child); }
};

// Monitor -> dialer, a notice: the call is over, or what allowed it is.
struct EndGrant {
  static constexpr Op kOp = Op::kEndGrant;
  using Reply = Done;
  Id grant{};
  static auto fields(auto& m) { return std::tie(m.grant); }
};

// What a call did with its network.
struct NetworkUse {
  std::uint32_t requests = 0;  // that began to be sent
  std::uint32_t denied = 0;    // that no grant, no address or no place of a secret allowed
  static auto fields(auto& m) { return std::tie(m.requests, m.denied); }
};

// Monitor -> egress: the call is over, or what allowed it is.  A grant that is not there did nothing.
struct CloseGrant {
  static constexpr Op kOp = Op::kCloseGrant;
  using Reply = NetworkUse;
  Id grant{};
  static auto fields(auto& m) { return std::tie(m.grant); }
};

// Monitor -> egress and dialer: their link to each other.  A new one when either was started anew.
struct Partner {
  static constexpr Op kOp = Op::kPartner;
  using Reply = Done;
  base::Fd socket;
  static auto fields(auto& m) { return std::tie(m.socket); }
};

struct Dialled {
  base::Fd socket;  // connected, non-blocking
  static auto fields(auto& m) { return std::tie(m.socket); }
};

// Egress -> dialer, over their own link.
//   kRefused   the grant is not known, or does not cover host and port, or no address of the host may be
//              connected to
//   kNotFound  the name has no address, or nobody answered for it: a matter of names
//   kTimeout   nobody accepted in time;  kBroken  whoever was asked refused
struct Dial {
  static constexpr Op kOp = Op::kDial;
  using Reply = Dialled;
  Id grant{};
  Text<limits::kFetchHostBytes> host;
  std::uint16_t port = 0;
  std::uint32_t timeout_ms = 0;
  static auto fields(auto& m) { return std::tie(m.grant, m.host, m.port, m.timeout_ms); }
};

// Egress -> monitor, a notice: a call tried what nobody approved, or to send a placeholder of a sealed secret
// where no value is filled in.
enum class Denied : std::uint8_t { kDestination = 1, kPlaceholder };
constexpr bool is_known(Denied what) { return what == Denied::kDestination || what == Denied::kPlaceholder; }

struct ReportDenied {
  static constexpr Op kOp = Op::kReportDenied;
  using Reply = Done;
  Id grant{};
  Text<limits::kFetchHostBytes> host;
  std::uint16_t port = 0;
  Denied what = Denied::kDestination;
  static auto fields(auto& m) { return std::tie(m.grant, m.host, m.port, m.what); }
};

// The value of a sealed secret and where it may stand: policy/secrets.h.
struct SecretValue {
  policy::SecretPlace place = policy::SecretPlace::kHeader;
  Text<limits::kSecretPlaceBytes> name;
  Text<limits::kSecretFormBytes> form;
  Text<limits::kSecretValueBytes> value;
  static auto fields(auto& m) { return std::tie(m.place, m.name, m.form, m.value); }
};

// Egress -> monitor, when a request of a call first needs it: what stands behind this placeholder, for a
// request to this host and port?  The read is recorded before it is answered.
//   kNotFound  no live call has this placeholder
//   kRefused   the secret is for another host or port, or nobody approved that one for the server any more
struct ReadSecret {
  static constexpr Op kOp = Op::kReadSecret;
  using Reply = SecretValue;
  Id grant{};
  Text<limits::kPlaceholderBytes> placeholder;
  Text<limits::kFetchHostBytes> host;  // in its one spelling: policy/host_names.h
  std::uint16_t port = 0;
  static auto fields(auto& m) { return std::tie(m.grant, m.placeholder, m.host, m.port); }
};

}  // namespace mcpbox::protocol
