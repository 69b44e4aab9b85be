// An export: the chain, or what retention has left of it, in a file that needs nothing else to be checked.
// docs/audit-format.md, "Exports".
//
//   16 bytes  "mcpbox-export-1\n"
//   items     1 byte type, 4 bytes length (little-endian), that many bytes:
//     'R'     a record: its encoding, then its hash (32 bytes)
//     'C'     a checkpoint: its statement, then its signature (64 bytes); stands behind the record it names
//     'E'     a checkpoint of purpose kEnd; the last item, and there is one
#pragma once

#include <string>
#include <string_view>

#include "privsep/audit/checkpoint.h"
#include "privsep/audit/verifier.h"

namespace mcpbox::audit {

[[nodiscard]] std::string_view export_header();
[[nodiscard]] std::string export_item(const Stored& record);
[[nodiscard]] std::string export_item(const Signed& checkpoint);

// Reads an export in pieces of any size and hands its items to a verifier.
class ExportReader {
 public:
  explicit ExportReader(Verifier& verifier) : verifier_(verifier) {}

  // False when the verifier has found damage: the rest need not be read.
  bool feed(std::string_view bytes);
  // No more bytes will come.
  void finish();

 private:
  bool take_item();
  void malformed(const char* what);

  Verifier& verifier_;
  std::string waiting_;   // read, but not a whole item yet
  std::size_t used_ = 0;  // of it
  bool opened_ = false;
  bool ended_ = false;
};

}  // namespace mcpbox::audit
