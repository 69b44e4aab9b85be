// Disk space that is kept free for what must be written: a file of ballast beside the database, owned by the
// monitor.
//
//   held       the file has its size.  Below limits::kSpaceLowBytes of free space no call begins and no
//   caller of a
//              gateway changes anything: what is left is for outcomes and for administrators.
//   given up   the database said that the disk is full, or almost nothing is left: the file is empty, and
//   what it
//              took is there for the outcomes of the calls in flight, a freeze, a pruning, somebody who signs
//              in. Readable texts of calls are not written then.
//
// It is filled again when there is room for it.  Without a file (a database elsewhere) there is always room.
#pragma once

#include <functional>

#include "privsep/base/error.h"
#include "privsep/base/fd.h"
#include "privsep/base/log.h"
#include "privsep/loop/loop.h"

namespace mcpbox::monitor {

class SpaceReserve {
 public:
  SpaceReserve(loop::Loop& loop, const base::Log& log);

  // Takes the open file, fills it, and looks after it from now on.
  void keep(base::Fd file);
  // The database said that the disk is full.
  //   returns  whether something could be given up: then it is worth another try
  bool give_up();
  // For what can wait: kBusy with a sentence while space is short.
  [[nodiscard]] base::Result<void> check() const;
  // For what can wait: the sentence of check().
  static constexpr const char* kShort =
      "the disk is almost full, and what is left is kept for the audit log: an administrator must make room "
      "(`mcpboxctl audit prune`)";
  // Told when it is given up, and when it is held again.
  void when_changed(std::function<void(bool held)> changed) { changed_ = std::move(changed); }
  [[nodiscard]] bool held() const { return !file_ || held_; }

 private:
  void look();
  [[nodiscard]] std::uint64_t free_bytes() const;
  void hold();

  const base::Log& log_;
  base::Fd file_;
  loop::Timer timer_;
  std::function<void(bool)> changed_;
  bool held_ = false;
  bool usable_ = true;  // the file system can set space aside
};

}  // namespace mcpbox::monitor
