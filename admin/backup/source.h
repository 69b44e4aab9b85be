// A living instance, as a backup sees it: configuration, key, end of the audit log, database.
#pragma once

#include <string>

#include "admin/backup/entries.h"
#include "admin/backup/options.h"
#include "privsep/base/fd.h"
#include "privsep/launcher/config_file.h"
#include "privsep/launcher/view.h"

namespace mcpbox::backup {

struct Source {
  launcher::ConfigFile file;
  Wiped<32> master_key;
  std::string key_name;            // what the database says of the key that it was sealed with
  std::string audit_key;           // of the checkpoints that this master key signs, 64 digits
  std::string audit_head;          // the file's bytes; empty before the first start
  std::uint64_t audit_record = 0;  // that it remembers
};

// Reads all but the database.  Refused when the key is not the one that audit.head was sealed with.
[[nodiscard]] Outcome<Source> open_source(const Options& options);

// What a master key and an audit.head say of each other: the public key, and the record; an error when the
// seal does not fit.  A restore asks this of a file before it makes anything.
struct Sworn {
  std::string key_name;
  std::string audit_key;
  std::uint64_t audit_record = 0;
};
[[nodiscard]] Outcome<Sworn> sworn_by(const Wiped<32>& master_key, std::string_view audit_head);

// The database of a configuration, as its owner reaches it.
class Database {
 public:
  [[nodiscard]] static Outcome<Database> find(const launcher::ConfigFile& file);
  // The number of its last migration: the first thing asked, so it also says when nothing answers.
  [[nodiscard]] Outcome<std::uint32_t> schema() const;
  // The name of the master key that the rows are sealed with; empty before the first rotation.
  [[nodiscard]] Outcome<std::string> key_name() const;
  // Streams pg_dump's archive into the sink, from one snapshot.
  [[nodiscard]] Outcome<void> dump(const DumpSink& sink) const;

 private:
  [[nodiscard]] Outcome<std::string> ask(const std::string& sql) const;
  [[nodiscard]] std::vector<std::string> environment() const;
  std::string conninfo_, password_;
  base::Fd socket_folder_;
  launcher::Identity owner_;
};

}  // namespace mcpbox::backup
