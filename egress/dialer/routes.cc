// Runs in [dial].  Trusts the kernel's answer only.  The socket asks; it can change nothing, because the
// process has no right over the network that it is in.
#include "egress/dialer/routes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace mcpbox::dialer {
namespace {

using policy::Leads;

struct Question {
  nlmsghdr head{};
  rtmsg body{};
  rtattr attribute{};
  std::array<unsigned char, 16> address{};
};

// "By which route would a packet to this address go?"
Question question(const policy::Address& address, std::uint32_t number) {
  const std::size_t bytes = address.v6 ? 16 : 4;
  Question ask;
  ask.head.nlmsg_len = static_cast<__u32>(offsetof(Question, address) + bytes);
  ask.head.nlmsg_type = RTM_GETROUTE;
  ask.head.nlmsg_flags = NLM_F_REQUEST;
  ask.head.nlmsg_seq = number;
  ask.body.rtm_family = address.v6 ? AF_INET6 : AF_INET;
  ask.body.rtm_dst_len = static_cast<unsigned char>(bytes * 8);
  ask.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(bytes));
  ask.attribute.rta_type = RTA_DST;
  ask.address = address.bytes;
  return ask;
}

// connect() would fail by itself.
bool is_nowhere(int error) { return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES; }
bool is_nowhere_or_away(unsigned char type) {
  return type == RTN_UNICAST || type == RTN_UNREACHABLE || type == RTN_BLACKHOLE || type == RTN_PROHIBIT;
}

// Nothing for an answer to an earlier question.
std::optional<Leads> read_answer(std::span<const unsigned char> bytes, std::uint32_t number) {
  nlmsghdr head{};
  if (bytes.size() < sizeof head) return Leads::kHere;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.nlmsg_seq != number) return std::nullopt;
  bytes = bytes.subspan(NLMSG_HDRLEN);
  if (head.nlmsg_type == NLMSG_ERROR) {
    int error = 0;
    if (bytes.size() < sizeof error) return Leads::kHere;
    std::memcpy(&error, bytes.data(), sizeof error);
    return is_nowhere(-error) ? Leads::kAway : Leads::kHere;
  }
  rtmsg route{};
  if (head.nlmsg_type != RTM_NEWROUTE || bytes.size() < sizeof route) return Leads::kHere;
  std::memcpy(&route, bytes.data(), sizeof route);
  return is_nowhere_or_away(route.rtm_type) ? Leads::kAway : Leads::kHere;
}

}  // namespace

base::Result<Routes> Routes::open() {
  base::Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return base::fail_errno("no socket for questions about routes");
  return Routes(std::move(netlink));
}

Leads Routes::leads(const policy::Address& address) {
  const Question ask = question(address, ++asked_);
  if (::send(netlink_.get(), &ask, ask.head.nlmsg_len, 0) != static_cast<ssize_t>(ask.head.nlmsg_len))
    return Leads::kHere;
  // The kernel answers before send() returns.
  for (;;) {
    alignas(nlmsghdr) std::array<unsigned char, 8192> reply{};
    const ssize_t got = ::recv(netlink_.get(), reply.data(), reply.size(), MSG_DONTWAIT);
    if (got < 0) return Leads::kHere;
    const std::optional<Leads> said =
        read_answer(std::span(reply).first(static_cast<std::size_t>(got)), asked_);
    if (said) return *said;
  }
}

}  // namespace mcpbox::dialer
