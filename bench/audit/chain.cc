// Runs in bench-audit.
#include "bench/audit/chain.h"

#include <sodium.h>

namespace mcpbox::bench {
namespace {

struct Key {
  Key() {
    const std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    crypto_sign_seed_keypair(open.data(), secret.data(), seed.data());
  }
  [[nodiscard]] audit::Signed sign(audit::Checkpoint checkpoint) const {
    checkpoint.key = audit::name_of_key(open);
    audit::Signed made{.statement = audit::encode(checkpoint), .signature = {}};
    crypto_sign_detached(made.signature.data(), nullptr,
                         reinterpret_cast<const unsigned char*>(made.statement.data()), made.statement.size(),
                         secret.data());
    return made;
  }
  audit::PublicKey open{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

std::string file_of(const Key& key, std::uint64_t records) {
  std::string file(audit::export_header());
  audit::Hash hash{};
  for (std::uint64_t at = 1; at <= records; ++at) {
    audit::Record record{.sequence = at, .at_ms = static_cast<std::int64_t>(at), .kind = 1};
    record.actor = "unix:alice";
    record.action = "call";
    record.payload = std::string(32, static_cast<char>(at));
    record.previous = hash;
    audit::Stored stored{.encoded = audit::encode(record), .hash = {}};
    stored.hash = hash = audit::hash_of(stored.encoded);
    file += audit::export_item(stored);
    if (at % 1'000 == 0) file += audit::export_item(key.sign({.sequence = at, .hash = hash}));
  }
  return file +
         audit::export_item(key.sign({.purpose = audit::Purpose::kEnd, .sequence = records, .hash = hash}));
}

}  // namespace

MadeExport make_export(std::uint64_t records) {
  const Key key;
  return {.file = file_of(key, records), .key = key.open};
}

}  // namespace mcpbox::bench
