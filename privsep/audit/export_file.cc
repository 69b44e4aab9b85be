// Runs in mcpboxctl (writing, and reading) and in mcpbox-audit-verify (reading).  The file may be anybody's.
#include "privsep/audit/export_file.h"

#include <cstring>
#include <utility>

namespace mcpbox::audit {
namespace {

constexpr std::string_view kHeader = "mcpbox-export-1\n";
constexpr char kRecord = 'R';
constexpr char kCheckpoint = 'C';
constexpr char kEnd = 'E';
constexpr std::size_t kItemHead = 5;
constexpr std::size_t kMostItemBytes = kMostEncodedBytes + sizeof(Hash);

std::string item(char type, std::string_view content, std::string_view tail) {
  std::string out(1, type);
  put(out, content.size() + tail.size(), 4);
  out += content;
  out += tail;
  return out;
}

std::optional<Signed> signed_from(std::string_view bytes) {
  Signed checkpoint;
  if (bytes.size() != kStatementBytes + checkpoint.signature.size()) return std::nullopt;
  checkpoint.statement = bytes.substr(0, kStatementBytes);
  std::memcpy(checkpoint.signature.data(), bytes.data() + kStatementBytes, checkpoint.signature.size());
  return checkpoint;
}

bool is_end(const Signed& checkpoint) {
  const std::optional<Checkpoint> said = decode_checkpoint(checkpoint.statement);
  return said && said->purpose == Purpose::kEnd;
}

}  // namespace

std::string_view export_header() { return kHeader; }

std::string export_item(const Stored& record) { return item(kRecord, record.encoded, view_of(record.hash)); }

std::string export_item(const Signed& checkpoint) {
  return item(is_end(checkpoint) ? kEnd : kCheckpoint, checkpoint.statement,
              {reinterpret_cast<const char*>(checkpoint.signature.data()), checkpoint.signature.size()});
}

bool ExportReader::feed(std::string_view bytes) {
  if (verifier_.damage()) return false;
  waiting_.erase(0, std::exchange(used_, 0));
  waiting_ += bytes;
  if (!opened_) {
    if (waiting_.size() < kHeader.size()) return true;
    if (!waiting_.starts_with(kHeader)) {
      malformed("it does not begin as an export of format 1 does");
      return false;
    }
    opened_ = true;
    used_ = kHeader.size();
  }
  while (take_item()) {
  }
  return !verifier_.damage();
}

// One item, if a whole one is there.
bool ExportReader::take_item() {
  if (verifier_.damage()) return false;
  std::string_view rest = std::string_view(waiting_).substr(used_);
  if (rest.empty()) return false;
  if (ended_) {
    malformed("something follows the signed end");
    return false;
  }
  if (rest.size() < kItemHead) return false;
  const char type = rest.front();
  rest.remove_prefix(1);
  const std::uint64_t size = take_integer(rest, 4).value_or(0);
  if (size > kMostItemBytes || (type == kRecord && size < sizeof(Hash))) {
    malformed("an item has a length that no item has");
    return false;
  }
  if (rest.size() < size) return false;
  const std::string_view content = rest.substr(0, size);
  used_ += kItemHead + size;
  if (type == kRecord) {
    Stored record{.encoded = std::string(content.substr(0, size - sizeof(Hash))), .hash = {}};
    std::memcpy(record.hash.data(), content.data() + (size - sizeof(Hash)), sizeof(Hash));
    verifier_.record(record);
    return true;
  }
  const std::optional<Signed> checkpoint = signed_from(content);
  if (!checkpoint || (type != kCheckpoint && type != kEnd) || (type == kEnd) != is_end(*checkpoint)) {
    malformed("an item is neither a record nor a checkpoint");
    return false;
  }
  if (type == kEnd) ended_ = true;
  verifier_.checkpoint(*checkpoint);
  return true;
}

void ExportReader::malformed(const char* what) { verifier_.broken_file(what); }

void ExportReader::finish() {
  if (verifier_.damage()) return;
  if (used_ < waiting_.size() || !opened_) return verifier_.cut_file();
  verifier_.finish();
}

}  // namespace mcpbox::audit
