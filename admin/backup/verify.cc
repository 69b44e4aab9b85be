// Runs in mcpbox-backup.  The file may be anybody's.
#include <fcntl.h>
#include <sys/stat.h>

#include "admin/backup/files.h"
#include "admin/backup/locks.h"
#include "admin/backup/restore.h"
#include "admin/backup/source.h"
#include "privsep/migrate/schema_files.h"

namespace mcpbox::backup {
namespace {

Outcome<void> check(Opened& opened) {
  const Contents& contents = opened.contents;
  const Outcome<Sworn> sworn = sworn_by(contents.master_key, contents.audit_head);
  if (!sworn) return refuse("the backup's key and its audit.head do not belong together: " + sworn.error());
  if (sworn->audit_key != contents.manifest.audit_key ||
      sworn->audit_record != contents.manifest.audit_record)
    return refuse("the backup is damaged: its manifest speaks of another key");
  const std::size_t known = migrate::schema_files().size();
  if (contents.manifest.schema > known)
    return refuse("the backup was made by a newer MCPbox (" + contents.manifest.version + ", schema " +
                  std::to_string(contents.manifest.schema) + "; this build knows " + std::to_string(known) +
                  "): install that one, or newer");
  std::expected<launcher::Config, launcher::ConfigError> config =
      launcher::parse_config(contents.configuration);
  if (!config)
    return refuse("the backup's configuration, line " + std::to_string(config.error().line) + ": " +
                  config.error().text);
  opened.config = std::move(*config);
  return {};
}

void describe(const Opened& opened) {
  const Manifest& manifest = opened.contents.manifest;
  say("made: " + moment(manifest.created_ms) + " by MCPbox " + manifest.version + ", schema " +
      std::to_string(manifest.schema));
  say("locked with: " + words_for(opened.header));
  for (std::size_t i = 0; i < kDescribed; ++i)
    say("holds: " + std::string(name_of(static_cast<Entry>(i + 1))) + ", " +
        std::to_string(manifest.entries[i].bytes) + " bytes");
  say("audit log: at least to record " + std::to_string(manifest.audit_record));
  say("public key of the audit log: " + manifest.audit_key);
}

}  // namespace

Outcome<Opened> open_backup(const Options& options) {
  const std::string& path = options.words.front();
  Opened opened{.file = base::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (!opened.file) return refuse_errno("cannot open " + path);
  struct stat about{};
  if (::fstat(opened.file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return refuse(path + " is no file");
  Outcome<Header> header = read_header(opened.file.get());
  if (!header) return std::unexpected(header.error());
  opened.header = *header;
  Outcome<Key> key = unlock(options, *header);
  if (!key) return std::unexpected(key.error());
  opened.key = std::move(*key);
  Outcome<Reader> reader = Reader::begin(opened.file.get(), opened.header, opened.key);
  if (!reader) return std::unexpected(reader.error());
  Outcome<Contents> contents =
      read_entries(*reader, [](std::string_view /*piece*/) -> Outcome<void> { return {}; });
  if (!contents) return std::unexpected(contents.error());
  opened.contents = std::move(*contents);
  if (Outcome<void> good = check(opened); !good) return std::unexpected(good.error());
  return opened;
}

Outcome<void> verify(const Options& options) {
  const Outcome<Opened> opened = open_backup(options);
  if (!opened) return std::unexpected(opened.error());
  describe(*opened);
  if (!options.drill) {
    say("whole: every part is what it was; `verify --drill` starts an instance from it");
    return {};
  }
  if (Outcome<void> drilled = drill(*opened, options.scratch); !drilled) return drilled;
  say("drill: an instance started from it, its audit log is whole, and it stopped in order");
  return {};
}

}  // namespace mcpbox::backup
