// Backups as files of a folder: how they are named, made whole or not at all, and found again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/backup/container.h"
#include "privsep/base/fd.h"

namespace mcpbox::backup {

// "mcpbox-20261130T120000.000Z.backup"
[[nodiscard]] std::string file_name(std::int64_t created_ms);
// "2026-11-30 12:00:00 UTC"
[[nodiscard]] std::string moment(std::int64_t ms);
[[nodiscard]] std::int64_t now_ms();

struct Found {
  std::string name;
  std::uint64_t bytes = 0;
  Header header;
};
// The backups in a folder by name, which is by age; what is no backup is left out.
[[nodiscard]] Outcome<std::vector<Found>> backups_in(const std::string& folder);

// A file that gets its name when it is whole.
class NewFile {
 public:
  // Makes the folder when it is not there, locks it against a second of us, and removes what one that was
  // killed left.
  [[nodiscard]] static Outcome<NewFile> begin(const std::string& folder);
  NewFile(NewFile&&) = default;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();  // without keep(): as if it had never been
  [[nodiscard]] int fd() const { return file_.get(); }
  // Its bytes, its name, and the folder are on the disk when this returns.
  [[nodiscard]] Outcome<void> keep(const std::string& name);
  // Removes all but the newest `keep` backups.
  [[nodiscard]] Outcome<std::size_t> prune(unsigned keep) const;

 private:
  NewFile() = default;
  std::string path_;
  base::Fd folder_, file_;
};

}  // namespace mcpbox::backup
