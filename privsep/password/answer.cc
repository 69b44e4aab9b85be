// Runs in the password process.  Trusts the monitor's frame format; the stored hash comes from a database
// row, so it may ask for any cost: the process's own limits on memory and CPU time are the bound.
#include "privsep/password/answer.h"

#include <sodium.h>

#include <array>

#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::password {
namespace {

// RFC 9106, second recommendation, with libsodium's one lane: about a fifth of a second on a small server.
constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemoryBytes = 64 * policy::limits::kMiB;

struct Wiped {
  std::string& secret;
  ~Wiped() { sodium_memzero(secret.data(), secret.size()); }
};

base::Result<protocol::PasswordHash> answer(protocol::HashPassword& order) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str(hash.data(), order.password.data(), order.password.size(), kPasses, kMemoryBytes) !=
      0)
    return base::fail(base::Why::kBroken, "no memory to hash a password");
  return protocol::PasswordHash{.hash = std::string_view(hash.data())};
}

base::Result<protocol::PasswordVerdict> answer(protocol::CheckPassword& order) {
  const int differs =
      crypto_pwhash_str_verify(order.hash.c_str(), order.password.data(), order.password.size());
  return protocol::PasswordVerdict{.matches = differs == 0};
}

template <class Order>
base::Result<void> serve(int link, wire::Frame& asked) {
  base::Result<Order> order = wire::decode<Order>(asked);
  if (!order) return std::unexpected(order.error());
  const Wiped password{order->password};
  base::Result<typename Order::Reply> reply = answer(*order);
  if (!reply) return std::unexpected(reply.error());
  return wire::write_message(link, wire::FrameKind::kReply, asked.header.op, asked.header.serial, *reply);
}

}  // namespace

base::Result<void> answer_one(int link) {
  using protocol::Op;
  base::Result<wire::Frame> asked =
      wire::read_frame(link, protocol::Orders::max_request_bytes(protocol::Role::kPassword));
  if (!asked) return std::unexpected(asked.error());
  const Wiped payload{asked->payload};
  const Op op{asked->header.op};
  const bool request = asked->header.kind == wire::FrameKind::kRequest;
  if (request && op == Op::kHashPassword) return serve<protocol::HashPassword>(link, *asked);
  if (request && op == Op::kCheckPassword) return serve<protocol::CheckPassword>(link, *asked);
  return base::fail(base::Why::kInvalid, "an order that is none of this process");
}

}  // namespace mcpbox::password
