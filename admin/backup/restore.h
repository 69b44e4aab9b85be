// A backup that was read whole and found good, and the instance that is made of it.
#pragma once

#include <string>

#include "admin/backup/entries.h"
#include "admin/backup/options.h"
#include "privsep/base/fd.h"
#include "privsep/launcher/config.h"

namespace mcpbox::backup {

struct Opened {
  base::Fd file;
  Header header;
  Key key;
  Contents contents;
  launcher::Config config;
};

// Opens a backup and reads it to its end: every tag, size and hash; that its master key is the one its
// audit.head was sealed with; that this build knows its schema; that its configuration can be read.  Changes
// nothing.
[[nodiscard]] Outcome<Opened> open_backup(const Options& options);

// Makes an instance of it: everything in INTO.restoring, then one rename.  What a restore that was killed
// left there is removed first.  As root this changes the caller's mount namespace.
//   into           absolute; not there yet, or an empty folder
//   configuration  of the new instance
[[nodiscard]] Outcome<void> make_instance(const Opened& backup, const std::string& into,
                                          const std::string& configuration);

// The configuration of the backup for an instance at `into`: `state` says so, and the database is an embedded
// one.  Only where an installed service is restored to its own place does its database stay its unit's.
[[nodiscard]] std::string configuration_for(std::string_view text, const std::string& into);

// Starts a real instance from it in a folder that is removed afterwards.
[[nodiscard]] Outcome<void> drill(const Opened& backup, const std::string& scratch);

// Removes a folder with everything in it; false when something is left.
bool remove_tree(const std::string& folder);

}  // namespace mcpbox::backup
