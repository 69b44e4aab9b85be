// Runs in mcpbox-backup.  The text was authenticated, but who knows the public key may have written it.
#include "admin/backup/manifest.h"

#include <sodium.h>

#include <charconv>

namespace mcpbox::backup {
namespace {

constexpr std::string_view kFirst = "mcpbox-backup 1\n";
constexpr std::size_t kMostVersion = 32;

// The value of the next line, which must have this name; empty when it has another.
std::string_view line(std::string_view& rest, std::string_view name) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view whole = rest.substr(0, end);
  if (!whole.starts_with(name) || whole.size() <= name.size() || whole[name.size()] != ' ') return {};
  rest.remove_prefix(end + 1);
  return whole.substr(name.size() + 1);
}

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_measure(std::string_view text, Measure& measure) {
  const std::size_t space = text.find(' ');
  return space != std::string_view::npos && read(text.substr(0, space), measure.bytes) &&
         bytes_of(text.substr(space + 1), measure.hash.data(), measure.hash.size());
}

}  // namespace

std::string_view name_of(Entry entry) {
  switch (entry) {
    case Entry::kMasterKey:
      return "master.key";
    case Entry::kConfiguration:
      return "mcpbox.conf";
    case Entry::kAuditHead:
      return "audit.head";
    case Entry::kDatabase:
      return "database";
    case Entry::kManifest:
      return "manifest";
  }
  return "";
}

std::string encode(const Manifest& manifest) {
  std::string text(kFirst);
  text += "version " + manifest.version + "\ncreated " + std::to_string(manifest.created_ms) + "\nschema " +
          std::to_string(manifest.schema) + "\naudit-key " + manifest.audit_key + "\naudit-record " +
          std::to_string(manifest.audit_record) + "\n";
  for (std::size_t i = 0; i < kDescribed; ++i) {
    const Measure& measure = manifest.entries[i];
    text += std::string(name_of(static_cast<Entry>(i + 1))) + " " + std::to_string(measure.bytes) + " " +
            hex_of(measure.hash.data(), measure.hash.size()) + "\n";
  }
  return text;
}

Outcome<Manifest> decode_manifest(std::string_view text) {
  constexpr const char* kWrong = "the backup is damaged: its manifest is not of this form";
  Manifest manifest;
  std::string_view rest = text;
  if (!rest.starts_with(kFirst)) return refuse(kWrong);
  rest.remove_prefix(kFirst.size());
  manifest.version = line(rest, "version");
  bool good = !manifest.version.empty() && manifest.version.size() <= kMostVersion;
  good = good && read(line(rest, "created"), manifest.created_ms);
  good = good && read(line(rest, "schema"), manifest.schema);
  manifest.audit_key = good ? line(rest, "audit-key") : std::string_view();
  good = good && read(line(rest, "audit-record"), manifest.audit_record);
  for (std::size_t i = 0; good && i < kDescribed; ++i)
    good = read_measure(line(rest, name_of(static_cast<Entry>(i + 1))), manifest.entries[i]);
  // One text for one meaning: no second spelling of a number, nothing behind the last line.
  if (!good || encode(manifest) != text) return refuse(kWrong);
  return manifest;
}

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string text(2 * size + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

bool bytes_of(std::string_view hex, unsigned char* into, std::size_t size) {
  std::size_t length = 0;
  return hex.size() == 2 * size &&
         ::sodium_hex2bin(into, size, hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
         length == size;
}

}  // namespace mcpbox::backup
