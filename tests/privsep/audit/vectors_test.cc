// The vectors of tests/vectors/audit.txt, for whoever writes another verifier: the file says exactly what our
// code makes.  After a change of format, which is another format's name, the failure prints the new text.
#include <fstream>
#include <sstream>

#include "tests/privsep/audit/chain_maker.h"

namespace mcpbox::audit {
namespace {

std::string vectors() {
  const Signer signer;
  Chain chain;
  chain.add(1'700'000'000'123);
  chain.add(1'700'000'000'124, "approve");
  std::ostringstream out;
  out << "# Test vectors of docs/audit-format.md.  NAME = hexadecimal bytes\n"
      << "seed = " << hex(std::string(32, 9)) << "\n"
      << "public-key = " << hex({reinterpret_cast<const char*>(signer.key.data()), signer.key.size()})
      << "\n";
  for (std::uint64_t at = 1; at <= 2; ++at) {
    const Stored& stored = chain.records[at - 1];
    out << "record-" << at << " = " << hex(stored.encoded) << "\n"
        << "record-" << at << "-hash = " << hex(stored.hash) << "\n";
  }
  const std::pair<const char*, Purpose> kinds[] = {
      {"periodic", Purpose::kPeriodic}, {"end", Purpose::kEnd}, {"segment", Purpose::kSegment}};
  for (const auto& [name, purpose] : kinds) {
    const Signed made = signer.sign(chain.checkpoint(2, purpose));
    out << "checkpoint-" << name << " = " << hex(made.statement) << "\n"
        << "checkpoint-" << name << "-signature = "
        << hex({reinterpret_cast<const char*>(made.signature.data()), made.signature.size()}) << "\n";
  }
  std::string file(export_header());
  file += export_item(chain.records[0]) + export_item(signer.sign(chain.checkpoint(1))) +
          export_item(chain.records[1]) + export_item(signer.sign(chain.checkpoint(2, Purpose::kEnd)));
  out << "export = " << hex(file) << "\n";
  return out.str();
}

TEST(AuditVectors, AreTheOnesInTheFile) {
  std::ifstream file(AUDIT_VECTORS);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), vectors());
}

}  // namespace
}  // namespace mcpbox::audit
