// The pool of idle call children.  Each is taken once; a new one is forked in its place.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "privsep/base/log.h"
#include "privsep/loop/task_set.h"
#include "privsep/monitor/spare.h"

namespace mcpbox::monitor {

class Spares {
 public:
  Spares(loop::Loop& loop, const base::Log& log, std::uint32_t keep) : loop_(loop), log_(log), keep_(keep) {}

  // A zygote serves, or is gone (nullptr): all its children are gone with it.
  void use_zygote(loop::Link* zygote);

  // An idle child, or the next one to be forked.  kBusy when none came within `patience_ms`.
  loop::Task<std::shared_ptr<Spare>> take(std::int64_t patience_ms);

  void ended(const protocol::SpareEnded& how);
  [[nodiscard]] std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
  // Forked by the present zygote, idle or used.
  [[nodiscard]] std::uint64_t forked() const { return forked_; }

 private:
  void refill();
  loop::Task<> fork_one();
  void hand_out(std::shared_ptr<Spare> spare);

  loop::Loop& loop_;
  const base::Log& log_;
  std::uint32_t keep_;
  loop::Link* zygote_ = nullptr;
  std::uint64_t next_number_ = 1;
  std::uint64_t forked_ = 0;
  std::uint32_t forking_ = 0;
  std::deque<std::shared_ptr<Spare>> idle_;
  std::deque<loop::Later<std::shared_ptr<Spare>>> waiting_;
  std::map<std::uint64_t, std::weak_ptr<Spare>> known_;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
