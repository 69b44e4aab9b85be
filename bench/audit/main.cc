// bench-audit: how fast a chain is verified, on one core, as mcpbox-audit-verify does it.
#include <sodium.h>

#include "bench/figures.h"
#include "privsep/audit/export_file.h"

namespace {

using namespace mcpbox;

constexpr std::uint64_t kRecords = 200'000;
constexpr int kRuns = 7;

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

// Intents as the monitor writes them, and a checkpoint every thousand records.
std::string make_export(const Key& key) {
  std::string file(audit::export_header());
  audit::Hash hash{};
  for (std::uint64_t at = 1; at <= kRecords; ++at) {
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
         audit::export_item(key.sign({.purpose = audit::Purpose::kEnd, .sequence = kRecords, .hash = hash}));
}

}  // namespace

int main() {
  if (::sodium_init() < 0) bench::give_up("libsodium does not start");
  const Key key;
  const std::string file = make_export(key);
  bench::Samples per_second;
  for (int run = 0; run < kRuns; ++run) {
    const double began = bench::now_us();
    audit::Verifier verifier(key.open);
    audit::ExportReader reader(verifier);
    for (std::size_t at = 0; at < file.size(); at += 65'536)
      if (!reader.feed(std::string_view(file).substr(at, 65'536))) break;
    reader.finish();
    if (verifier.damage() || verifier.records() != kRecords) bench::give_up("the export does not verify");
    per_second.add(static_cast<double>(kRecords) / ((bench::now_us() - began) / 1e6));
  }
  bench::print("verify_records_per_core_s", per_second, "records/s");
}
