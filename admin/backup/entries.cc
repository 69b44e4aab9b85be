// Runs in mcpbox-backup.  What is read was authenticated as one file; whoever knows the public key may have
// made it, so each length has its bound and nothing in it is a name.
#include "admin/backup/entries.h"

#include <algorithm>

namespace mcpbox::backup {
namespace {

constexpr std::size_t kMostPiece = 65'536;
constexpr std::size_t kPieceHead = 5;
constexpr const char* kOrder = "the backup is damaged: its parts are not in their order";

// How long each may be.
std::uint64_t bound_of(Entry entry) {
  switch (entry) {
    case Entry::kMasterKey:
      return 32;
    case Entry::kConfiguration:
    case Entry::kManifest:
      return 65'536;
    case Entry::kAuditHead:
      return 120;
    case Entry::kDatabase:
      return std::uint64_t{1} << 46;
  }
  return 0;
}

// The decrypted chunks as one stream.
class Stream {
 public:
  explicit Stream(Reader& from) : from_(from) {}
  // Up to `most` bytes; none at the end.
  Outcome<std::string_view> some(std::size_t most) {
    if (rest_.empty()) {
      const Outcome<std::string_view> next = from_.next();
      if (!next) return next;
      rest_ = *next;
    }
    const std::string_view taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  Outcome<std::string> exactly(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const Outcome<std::string_view> part = some(size - bytes.size());
      if (!part) return std::unexpected(part.error());
      if (part->empty()) return refuse(kOrder);
      bytes += *part;
    }
    return bytes;
  }

 private:
  Reader& from_;
  std::string_view rest_;
};

Outcome<std::size_t> piece_of(Stream& stream, Entry entry) {
  const Outcome<std::string> head = stream.exactly(kPieceHead);
  if (!head) return std::unexpected(head.error());
  if (static_cast<Entry>((*head)[0]) != entry) return refuse(kOrder);
  std::size_t length = 0;
  for (unsigned i = 0; i < 4; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>((*head)[1 + i])) << (8 * i);
  if (length > kMostPiece) return refuse("the backup is damaged: a part of it is too long");
  return length;
}

Outcome<Measure> read_entry(Stream& stream, Entry entry, const DumpSink& sink) {
  Measuring measuring;
  std::uint64_t left = bound_of(entry);
  for (;;) {
    Outcome<std::size_t> length = piece_of(stream, entry);
    if (!length) return std::unexpected(length.error());
    if (*length == 0) return measuring.end();
    if (*length > left)
      return refuse("the backup is damaged: " + std::string(name_of(entry)) + " is too long");
    left -= *length;
    while (*length > 0) {
      const Outcome<std::string_view> part = stream.some(*length);
      if (!part) return std::unexpected(part.error());
      if (part->empty()) return refuse(kOrder);
      measuring.add(*part);
      if (Outcome<void> taken = sink(*part); !taken) return std::unexpected(taken.error());
      *length -= part->size();
    }
  }
}

}  // namespace

Outcome<void> EntryWriter::whole(Entry entry, std::string_view bytes) {
  if (Outcome<void> written = put(entry, bytes); !written) return written;
  return end(entry);
}

Outcome<void> EntryWriter::put(Entry entry, std::string_view bytes) {
  measuring_.add(bytes);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMostPiece);
    if (Outcome<void> written = piece(entry, part); !written) return written;
    bytes.remove_prefix(part.size());
  }
  return {};
}

Outcome<void> EntryWriter::end(Entry entry) {
  if (entry != Entry::kManifest) measures_[static_cast<std::size_t>(entry) - 1] = measuring_.end();
  measuring_ = Measuring();
  return piece(entry, {});
}

Outcome<void> EntryWriter::piece(Entry entry, std::string_view bytes) {
  std::string head(1, static_cast<char>(entry));
  for (unsigned i = 0; i < 4; ++i) head += static_cast<char>(bytes.size() >> (8 * i));
  if (Outcome<void> written = to_.put(head); !written) return written;
  return to_.put(bytes);
}

Outcome<Contents> read_entries(Reader& from, const DumpSink& database) {
  Stream stream(from);
  Contents contents;
  std::array<Measure, kDescribed> measures{};
  std::string key, text;
  key.reserve(contents.master_key.size());
  const auto into = [](std::string& to) {
    return DumpSink([&to](std::string_view bytes) -> Outcome<void> {
      to += bytes;
      return {};
    });
  };
  const DumpSink sinks[] = {into(key), into(contents.configuration), into(contents.audit_head), database};
  for (std::size_t i = 0; i < kDescribed; ++i) {
    Outcome<Measure> measure = read_entry(stream, static_cast<Entry>(i + 1), sinks[i]);
    if (!measure) return std::unexpected(measure.error());
    measures[i] = *measure;
  }
  const Outcome<Measure> last = read_entry(stream, Entry::kManifest, into(text));
  if (!last) return std::unexpected(last.error());
  const Outcome<std::string_view> more = stream.some(1);
  if (!more) return std::unexpected(more.error());
  Outcome<Manifest> manifest = decode_manifest(text);
  if (!manifest) return std::unexpected(manifest.error());
  if (!more->empty() || key.size() != contents.master_key.size()) return refuse(kOrder);
  for (std::size_t i = 0; i < kDescribed; ++i)
    if (measures[i] != manifest->entries[i])
      return refuse("the backup is damaged: " + std::string(name_of(static_cast<Entry>(i + 1))) +
                    " is not what its manifest says");
  std::ranges::copy(key, contents.master_key.data());
  ::explicit_bzero(key.data(), key.size());
  contents.manifest = std::move(*manifest);
  return contents;
}

}  // namespace mcpbox::backup
