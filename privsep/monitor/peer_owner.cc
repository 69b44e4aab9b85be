// Runs in the monitor.  Trusts the kernel's answer only: addresses are read from the descriptor itself.
#include "privsep/monitor/peer_owner.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace mcpbox::monitor {

using base::Why;

namespace {

constexpr const char* kUnknown =
    "the owner of this connection could not be determined: connect from a program on this machine";

struct Ends {
  sockaddr_storage local{};
  sockaddr_storage peer{};
};

struct Address {
  std::array<unsigned char, 16> bytes{};
  std::uint16_t port = 0;  // network order
  int family = AF_UNSPEC;
};

Address address_of(const sockaddr_storage& from) {
  Address address;
  address.family = from.ss_family;
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    address.port = v4.sin_port;
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    address.port = v6.sin6_port;
  }
  return address;
}

bool on_loopback(const Address& address) {
  if (address.family == AF_INET) return address.bytes[0] == 127;
  std::array<unsigned char, 16> one{};
  one[15] = 1;
  return address.bytes == one;
}

std::string written(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.family, address.bytes.data(), text.data(), text.size());
  const std::string host =
      address.family == AF_INET6 ? "[" + std::string(text.data()) + "]" : std::string(text.data());
  return host + ":" + std::to_string(ntohs(address.port));
}

bool is_listener(const Address& local, const wire::MonitorSettings& settings) {
  const std::string text = written(local);
  const auto is_it = [&text](const auto& listener) {
    return text == std::string_view(listener.data(), ::strnlen(listener.data(), listener.size()));
  };
  return std::ranges::any_of(settings.listeners, is_it) ||
         std::ranges::any_of(settings.admin_listeners, is_it);
}

// By the name that the launcher bound: every other Unix socket that a gateway could hand over has none, and a
// gateway can make and bind none.
bool is_mcp_socket(const sockaddr_storage& local, socklen_t size) {
  sockaddr_un name{};
  std::memcpy(&name, &local, std::min<std::size_t>(size, sizeof name));
  const std::string_view bound(name.sun_path, ::strnlen(name.sun_path, sizeof name.sun_path));
  return bound.starts_with('/') && bound.ends_with("/mcp.sock");
}

// Who connected: the kernel noted it then.
base::Result<std::uint32_t> uid_by_credentials(int connection) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return base::fail(Why::kRefused, kUnknown, errno);
  return credentials.uid;
}

struct Question {
  nlmsghdr head{};
  inet_diag_req_v2 body{};
};

// "The established TCP socket whose own address is the peer's and whose peer is ours."
Question question(const Address& peer, const Address& local) {
  Question ask;
  ask.head.nlmsg_len = sizeof ask;
  ask.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.head.nlmsg_flags = NLM_F_REQUEST;
  ask.body.sdiag_family = static_cast<__u8>(peer.family);
  ask.body.sdiag_protocol = IPPROTO_TCP;
  ask.body.idiag_states = 1u << TCP_ESTABLISHED;
  ask.body.id.idiag_sport = peer.port;
  ask.body.id.idiag_dport = local.port;
  std::memcpy(static_cast<void*>(ask.body.id.idiag_src), peer.bytes.data(), peer.bytes.size());
  std::memcpy(static_cast<void*>(ask.body.id.idiag_dst), local.bytes.data(), local.bytes.size());
  ask.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  ask.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return ask;
}

}  // namespace

base::Result<PeerOwner> PeerOwner::open() {
  base::Fd netlink(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return base::fail_errno("no socket for socket diagnostics");
  return PeerOwner(std::move(netlink));
}

base::Result<std::uint32_t> PeerOwner::uid_of(int connection, const wire::MonitorSettings& settings) const {
  Ends ends;
  socklen_t size = sizeof ends.local;
  if (::getsockname(connection, reinterpret_cast<sockaddr*>(&ends.local), &size) != 0)
    return base::fail(Why::kRefused, kUnknown, errno);
  if (ends.local.ss_family == AF_UNIX && is_mcp_socket(ends.local, size))
    return uid_by_credentials(connection);
  size = sizeof ends.peer;
  if (::getpeername(connection, reinterpret_cast<sockaddr*>(&ends.peer), &size) != 0)
    return base::fail(Why::kRefused, kUnknown, errno);
  const bool inet = ends.local.ss_family == AF_INET || ends.local.ss_family == AF_INET6;
  if (!inet || ends.local.ss_family != ends.peer.ss_family) return base::fail(Why::kRefused, kUnknown);
  const Address local = address_of(ends.local);
  const Address peer = address_of(ends.peer);
  if (!is_listener(local, settings) || !on_loopback(peer)) return base::fail(Why::kRefused, kUnknown);

  const Question ask = question(peer, local);
  if (::send(netlink_.get(), &ask, sizeof ask, 0) != static_cast<ssize_t>(sizeof ask))
    return base::fail(Why::kRefused, kUnknown, errno);
  alignas(nlmsghdr) std::array<unsigned char, 4096> reply{};
  const ssize_t got = ::recv(netlink_.get(), reply.data(), reply.size(), 0);
  nlmsghdr head{};
  inet_diag_msg found{};
  if (got < static_cast<ssize_t>(sizeof head + sizeof found)) return base::fail(Why::kRefused, kUnknown);
  std::memcpy(&head, reply.data(), sizeof head);
  if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY) return base::fail(Why::kRefused, kUnknown);
  std::memcpy(&found, reply.data() + NLMSG_HDRLEN, sizeof found);
  const bool same = found.id.idiag_sport == peer.port && found.id.idiag_dport == local.port &&
                    std::memcmp(static_cast<const void*>(found.id.idiag_src), peer.bytes.data(),
                                peer.family == AF_INET ? 4 : 16) == 0;
  // inode 0: no process holds the socket any more, and the uid of such an entry says 0.
  if (!same || found.idiag_inode == 0) return base::fail(Why::kRefused, kUnknown);
  return found.idiag_uid;
}

}  // namespace mcpbox::monitor
