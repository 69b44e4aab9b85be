// Runs in the monitor, in mcpboxctl and in mcpbox-audit-verify.  Holds no secret: signing is in keys.cc.
#include "privsep/audit/checkpoint.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace mcpbox::audit {
namespace {

constexpr std::string_view kFormat = "mcpbox-checkpoint-1\n";

int digit_of(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t found = kDigits.find(c);
  return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

}  // namespace

std::string encode(const Checkpoint& checkpoint) {
  std::string out(kFormat);
  put(out, static_cast<std::uint64_t>(checkpoint.purpose), 1);
  out.append(reinterpret_cast<const char*>(checkpoint.key.data()), checkpoint.key.size());
  put(out, checkpoint.sequence, 8);
  out += view_of(checkpoint.hash);
  put(out, static_cast<std::uint64_t>(checkpoint.at_ms), 8);
  put(out, checkpoint.first, 8);
  out += view_of(checkpoint.before);
  return out;
}

std::optional<Checkpoint> decode_checkpoint(std::string_view bytes) {
  if (bytes.size() != kStatementBytes || !bytes.starts_with(kFormat)) return std::nullopt;
  bytes.remove_prefix(kFormat.size());
  Checkpoint checkpoint;
  checkpoint.purpose = static_cast<Purpose>(take_integer(bytes, 1).value_or(0));
  if (!is_known(checkpoint.purpose)) return std::nullopt;
  std::memcpy(checkpoint.key.data(), bytes.data(), checkpoint.key.size());
  bytes.remove_prefix(checkpoint.key.size());
  checkpoint.sequence = take_integer(bytes, 8).value_or(0);
  if (!take_hash(bytes, checkpoint.hash)) return std::nullopt;
  checkpoint.at_ms = static_cast<std::int64_t>(take_integer(bytes, 8).value_or(0));
  checkpoint.first = take_integer(bytes, 8).value_or(0);
  if (checkpoint.first == 0 || checkpoint.first > checkpoint.sequence + 1) return std::nullopt;
  if (!take_hash(bytes, checkpoint.before)) return std::nullopt;
  return checkpoint;
}

KeyName name_of_key(const PublicKey& key) {
  const Hash whole = hash_of({reinterpret_cast<const char*>(key.data()), key.size()});
  KeyName name{};
  std::copy_n(whole.begin(), name.size(), name.begin());
  return name;
}

Doubt doubt_of(const Signed& checkpoint, const PublicKey& key) {
  const std::optional<Checkpoint> said = decode_checkpoint(checkpoint.statement);
  if (!said) return Doubt::kNotOfForm;
  if (said->key != name_of_key(key)) return Doubt::kOtherKey;
  const int bad = crypto_sign_verify_detached(
      checkpoint.signature.data(), reinterpret_cast<const unsigned char*>(checkpoint.statement.data()),
      checkpoint.statement.size(), key.data());
  return bad == 0 ? Doubt::kNone : Doubt::kBadSignature;
}

Doubt KeyRing::add(const Signed& voucher) {
  const Doubt doubt = doubt_of(voucher);
  if (doubt != Doubt::kNone) return doubt;
  const std::optional<Checkpoint> said = decode_checkpoint(voucher.statement);
  if (!said || said->purpose != Purpose::kKey || keys_.size() > kMostVouchers) return Doubt::kNotOfForm;
  keys_.push_back({.key = said->hash, .last = said->sequence});
  return Doubt::kNone;
}

// A key that was replaced may have been stolen: what it says of later records is nobody's word.
Doubt KeyRing::doubt_of(const Signed& checkpoint) const {
  const std::optional<Checkpoint> said = decode_checkpoint(checkpoint.statement);
  if (!said) return Doubt::kNotOfForm;
  for (const Trusted& trusted : keys_)
    if (said->key == name_of_key(trusted.key) && said->sequence <= trusted.last)
      return audit::doubt_of(checkpoint, trusted.key);
  return Doubt::kOtherKey;
}

std::optional<PublicKey> public_key_from(std::string_view text) {
  PublicKey key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    key[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return key;
}

}  // namespace mcpbox::audit
