// mcpbox-bench-verify, for bench-audit: how fast a chain is verified, on one core, as mcpbox-audit-verify
// does it.
#include <sodium.h>

#include "bench/audit/chain.h"
#include "bench/figures.h"

namespace {

using namespace mcpbox;

constexpr std::uint64_t kRecords = 200'000;
constexpr int kRuns = 7;

}  // namespace

int main() {
  if (::sodium_init() < 0) bench::give_up("libsodium does not start");
  const bench::MadeExport made = bench::make_export(kRecords);
  const std::string& file = made.file;
  bench::Samples per_second;
  for (int run = 0; run < kRuns; ++run) {
    const double began = bench::now_us();
    audit::Verifier verifier(made.key);
    audit::ExportReader reader(verifier);
    for (std::size_t at = 0; at < file.size(); at += 65'536)
      if (!reader.feed(std::string_view(file).substr(at, 65'536))) break;
    reader.finish();
    if (verifier.damage() || verifier.records() != kRecords) bench::give_up("the export does not verify");
    per_second.add(static_cast<double>(kRecords) / ((bench::now_us() - began) / 1e6));
  }
  bench::print("verify_records_per_core_s", per_second, "records/s");
}
