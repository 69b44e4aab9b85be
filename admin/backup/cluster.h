// A database cluster for a restored instance: made by the script that makes every other, and run for as long
// as its rows are filled in, as the launcher would run it.
#pragma once

#include <functional>
#include <string>

#include "admin/backup/entries.h"
#include "privsep/base/fd.h"
#include "privsep/jail/spawn_side.h"
#include "privsep/launcher/view.h"

namespace mcpbox::backup {

// lock: open in everything that is started, so that the folder stays locked until the last of it is gone
[[nodiscard]] Outcome<void> make_cluster(const std::string& state, int lock);

class Cluster {
 public:
  // As root this changes the caller's mount namespace.
  [[nodiscard]] static Outcome<Cluster> start(const std::string& state, int lock);
  Cluster(Cluster&& other) noexcept = default;
  Cluster& operator=(Cluster&&) = delete;
  ~Cluster();  // at once, and what it holds is then not to be used

  // feed: writes an archive of pg_dump's to the sink that it is given
  using Feed = std::function<Outcome<void>(const DumpSink&)>;
  [[nodiscard]] Outcome<void> restore(const Feed& feed);
  // In order: everything is on the disk when it returns.
  [[nodiscard]] Outcome<void> stop();

 private:
  Cluster() = default;
  [[nodiscard]] Outcome<void> wait_until_ready();
  [[nodiscard]] bool ended();
  [[nodiscard]] Outcome<void> failed(const std::string& what) const;
  launcher::View view_;
  launcher::Identity owner_;
  jail::Spawned server_;
  base::Fd log_;
  int status_ = 0;
};

}  // namespace mcpbox::backup
