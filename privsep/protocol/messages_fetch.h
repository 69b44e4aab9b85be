// Between a call child and egress, over the child's second socket: notices only, each names its stream, a
// number that the child chose.  One stream is one HTTP exchange:
//
//   child    FetchStart, FetchBody..., (FetchRoom as it reads, FetchStop when it has enough)
//   egress   FetchHead, FetchData..., FetchEnd; or FetchFailed, at any time; (FetchRoom as it sends)
//
// Each side may send limits::kFetchWindowBytes of body before it is given more room.
#pragma once

#include <algorithm>

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct HeaderField {
  Bytes<limits::kFetchHeaderNameBytes> name;
  Bytes<limits::kFetchHeaderValueBytes> value;
  static auto fields(auto& m) { return std::tie(m.name, m.value); }
};

enum class BodyKind : std::uint8_t { kNone = 1, kSized, kUnsized };
constexpr bool is_known(BodyKind kind) { return kind >= BodyKind::kNone && kind <= BodyKind::kUnsized; }

struct FetchStart {
  static constexpr Op kOp = Op::kFetchStart;
  using Reply = Done;
  std::uint32_t stream = 0;
  bool tls = true;
  Text<limits::kFetchHostBytes> host;
  std::uint16_t port = 0;
  Text<limits::kFetchMethodBytes> method;
  Bytes<limits::kFetchTargetBytes> target;  // path and query
  List<HeaderField, limits::kFetchHeaders> headers;
  BodyKind body = BodyKind::kNone;
  std::uint64_t body_bytes = 0;  // of a sized body
  std::uint32_t connect_ms = 0;  // name, connection and TLS together
  std::uint32_t idle_ms = 0;     // without a byte of the response, once connected; 0: no limit
  std::uint32_t send_ms = 0;     // without a byte of the body that the server takes; 0: no limit
  static auto fields(auto& m) {
    return std::tie(m.stream, m.tls, m.host, m.port, m.method, m.target, m.headers, m.body, m.body_bytes,
                    m.connect_ms, m.idle_ms, m.send_ms);
  }
};

struct FetchBody {
  static constexpr Op kOp = Op::kFetchBody;
  using Reply = Done;
  std::uint32_t stream = 0;
  bool last = false;
  Bytes<limits::kFetchDataBytes> data;
  static auto fields(auto& m) { return std::tie(m.stream, m.last, m.data); }
};

// Either way: so many more bytes of body may be sent.
struct FetchRoom {
  static constexpr Op kOp = Op::kFetchRoom;
  using Reply = Done;
  std::uint32_t stream = 0;
  std::uint32_t bytes = 0;
  static auto fields(auto& m) { return std::tie(m.stream, m.bytes); }
};

struct FetchStop {
  static constexpr Op kOp = Op::kFetchStop;
  using Reply = Done;
  std::uint32_t stream = 0;
  static auto fields(auto& m) { return std::tie(m.stream); }
};

enum class HttpVersion : std::uint8_t { k10 = 1, k11, k2 };
constexpr bool is_known(HttpVersion v) { return v >= HttpVersion::k10 && v <= HttpVersion::k2; }

struct FetchHead {
  static constexpr Op kOp = Op::kFetchHead;
  using Reply = Done;
  std::uint32_t stream = 0;
  std::uint16_t status = 0;
  HttpVersion version = HttpVersion::k11;
  Bytes<limits::kFetchHeaderValueBytes> reason;
  List<HeaderField, limits::kFetchReplyHeaders> headers;
  static auto fields(auto& m) { return std::tie(m.stream, m.status, m.version, m.reason, m.headers); }
};

struct FetchData {
  static constexpr Op kOp = Op::kFetchData;
  using Reply = Done;
  std::uint32_t stream = 0;
  Bytes<limits::kFetchDataBytes> data;
  static auto fields(auto& m) { return std::tie(m.stream, m.data); }
};

struct FetchEnd {
  static constexpr Op kOp = Op::kFetchEnd;
  using Reply = Done;
  std::uint32_t stream = 0;
  static auto fields(auto& m) { return std::tie(m.stream); }
};

// What kind of failure: executor/runtime/network.py makes an httpx exception of it.
enum class FetchFault : std::uint8_t {
  kNotApproved = 1,  // no grant covers it: the text says what to request
  kAddress,          // approved, but where it leads may not be connected to
  kInvalid,          // a request that is never sent
  kName,             // DNS
  kConnect,          // nobody accepted the connection
  kConnectTimeout,
  kTls,
  kIdleTimeout,
  kRead,      // the connection broke while the response came
  kWrite,     // ... while the request was sent
  kProtocol,  // what came is not HTTP
  kBudget,    // the call's requests, bytes or seconds are used up
  kSendTimeout,
};
constexpr bool is_known(FetchFault f) {
  return f >= FetchFault::kNotApproved && f <= FetchFault::kSendTimeout;
}

struct FetchFailed {
  static constexpr Op kOp = Op::kFetchFailed;
  using Reply = Done;
  std::uint32_t stream = 0;
  FetchFault fault = FetchFault::kProtocol;
  Text<limits::kFetchTextBytes> text;
  static auto fields(auto& m) { return std::tie(m.stream, m.fault, m.text); }
};

// What egress reads from a call child; the largest of these is the reader's limit.
inline constexpr std::size_t kFetchRequestBytes =
    std::max({wire::max_bytes<FetchStart>(), wire::max_bytes<FetchBody>()});

}  // namespace mcpbox::protocol
