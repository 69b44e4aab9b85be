// Runs in mcpbox-backup.  What goes to the disk is encrypted before: the dump comes through a pipe.
#include <sodium.h>

#include "admin/backup/files.h"
#include "admin/backup/locks.h"
#include "admin/backup/source.h"

namespace mcpbox::backup {
namespace {

std::string folder_of(const Options& options) {
  return options.words.empty() ? std::string(kDefaultFolder) : options.words.front();
}

// Of the rows and of the key, asked before and after the dump: a key that is replaced in between is in
// neither.
Outcome<void> one_key(const Source& source, const Database& database) {
  const Outcome<std::string> name = database.key_name();
  if (!name) return std::unexpected(name.error());
  if (name->empty() || *name == source.key_name) return {};
  return refuse(
      "the master key is being replaced, or a rotation was cut (`mcpboxctl key rotate` finishes it): try "
      "again");
}

// audit.head was read before the dump begins, so the database continues what it remembers.
Outcome<Manifest> write_all(EntryWriter& entries, const Source& source, const Database& database,
                            Manifest manifest) {
  const std::string_view key(reinterpret_cast<const char*>(source.master_key.data()),
                             source.master_key.size());
  Outcome<void> done = one_key(source, database);
  if (done) done = entries.whole(Entry::kMasterKey, key);
  if (done) done = entries.whole(Entry::kConfiguration, source.file.text);
  if (done) done = entries.whole(Entry::kAuditHead, source.audit_head);
  if (done)
    done = database.dump([&](std::string_view piece) { return entries.put(Entry::kDatabase, piece); });
  if (done) done = entries.end(Entry::kDatabase);
  if (done) done = one_key(source, database);
  manifest.entries = entries.measures();
  if (done) done = entries.whole(Entry::kManifest, encode(manifest));
  if (!done) return std::unexpected(done.error());
  return manifest;
}

}  // namespace

Outcome<void> create(const Options& options) {
  const Outcome<Source> source = open_source(options);
  if (!source) return std::unexpected(source.error());
  const Outcome<Database> database = Database::find(source->file);
  if (!database) return std::unexpected(database.error());
  const Outcome<std::uint32_t> schema = database->schema();
  if (!schema) return std::unexpected(schema.error());
  const std::int64_t created = now_ms();
  const Outcome<Lock> lock = make_lock(options, created);
  if (!lock) return std::unexpected(lock.error());

  const std::string folder = folder_of(options);
  Outcome<NewFile> file = NewFile::begin(folder);
  if (!file) return std::unexpected(file.error());
  Outcome<Writer> writer = Writer::begin(file->fd(), lock->header, lock->key);
  if (!writer) return std::unexpected(writer.error());
  EntryWriter entries(*writer);
  const Outcome<Manifest> manifest = write_all(entries, *source, *database,
                                               {.version = MCPBOX_VERSION,
                                                .created_ms = created,
                                                .schema = *schema,
                                                .audit_key = source->audit_key,
                                                .audit_record = source->audit_record});
  if (!manifest) return std::unexpected(manifest.error());
  if (Outcome<void> whole = writer->finish(); !whole) return whole;
  const std::string name = file_name(created);
  if (Outcome<void> kept = file->keep(name); !kept) return kept;
  say(folder + "/" + name);
  say("locked with: " + words_for(lock->header));
  say("public key of the audit log: " + manifest->audit_key);
  if (options.keep == 0) return {};
  const Outcome<std::size_t> pruned = file->prune(options.keep);
  if (!pruned) return std::unexpected(pruned.error());
  if (*pruned > 0) say("older backups removed: " + std::to_string(*pruned));
  return {};
}

Outcome<void> list(const Options& options) {
  const std::string folder = folder_of(options);
  const Outcome<std::vector<Found>> all = backups_in(folder);
  if (!all) return std::unexpected(all.error());
  if (all->empty()) say("no backup in " + folder);
  for (const Found& one : *all)
    say(one.name + "  " + moment(one.header.created_ms) + "  " + std::to_string(one.bytes) + " bytes  " +
        words_for(one.header));
  return {};
}

}  // namespace mcpbox::backup
