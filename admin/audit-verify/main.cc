// mcpbox-audit-verify: checks an export of the audit log with the public key of the monitor that wrote it.
// Runs anywhere, needs no MCPbox.  Trusts its command line; the file may be anybody's.
#include <sodium.h>

#include <cstdio>
#include <memory>

#include "privsep/audit/export_file.h"

namespace {

using namespace mcpbox::audit;

constexpr const char* kUsage =
    "usage: mcpbox-audit-verify EXPORT PUBLIC-KEY [--known RECORD:HASH]\n"
    "  PUBLIC-KEY  64 digits, from `mcpboxctl audit head`, noted when you trusted the machine\n"
    "  --known     a record that the log must hold: from the line of a checkpoint, or an older export\n"
    "exit status: 0 whole, 1 damaged, 2 wrong use, 3 the file cannot be read\n";
constexpr std::size_t kPiece = 1 << 16;
enum Exit : int { kWhole, kDamaged, kUsageExit, kUnreadable };

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

int main(int argc, char** argv) {
  const std::optional<PublicKey> key = argc >= 3 ? public_key_from(argv[2]) : std::nullopt;
  std::optional<Known> known;
  if (argc == 5 && std::string_view(argv[3]) == "--known") known = known_from(argv[4]);
  if (!key || (argc != 3 && !known) || ::sodium_init() < 0) {
    std::fputs(kUsage, stderr);
    return kUsageExit;
  }
  const std::unique_ptr<std::FILE, Close> file(std::fopen(argv[1], "rbe"));
  if (file == nullptr) {
    std::perror(argv[1]);
    return kUnreadable;
  }
  Verifier verifier(*key, known);
  ExportReader reader(verifier);
  std::string piece(kPiece, '\0');
  std::size_t length = 0;
  while ((length = std::fread(piece.data(), 1, piece.size(), file.get())) > 0)
    if (!reader.feed(std::string_view(piece).substr(0, length))) break;
  if (std::ferror(file.get()) != 0) {
    std::perror(argv[1]);
    return kUnreadable;
  }
  reader.finish();
  std::fputs(report_of(verifier).c_str(), stdout);
  return verifier.damage() ? kDamaged : kWhole;
}
