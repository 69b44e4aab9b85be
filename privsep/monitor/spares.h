// Call children to be had, by flavour.  The default flavour is kept warm; one with packages is started when a
// tool needs it, kept while it is used, and ends after limits::kFlavourIdleMs without a call.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "privsep/monitor/pool.h"

namespace mcpbox::monitor {

class Spares {
 public:
  struct Plan {
    Pool::Plan pool;  // of the default flavour; others keep fewer idle children
    std::size_t flavours = policy::limits::kFlavours;
    std::int64_t flavour_idle_ms = policy::limits::kFlavourIdleMs;
  };
  Spares(Monitor& monitor, Plan plan);

  // Starts the default flavour's zygote.
  void start();

  // An idle child of this flavour, or the next one to be forked.
  //   errors  kBusy when none came within `patience_ms`, or too many flavours are in use; kInvalid when a
  //           package of the flavour is not installed, with a text that says which
  loop::Task<std::shared_ptr<Spare>> take(Flavour flavour, std::int64_t patience_ms);

  // A zygote's word on one of its children.
  void ended(Instance zygote, const protocol::SpareEnded& how);

  [[nodiscard]] std::uint32_t idle() const;
  // Every pool, the default one first; also those that only wait for their last calls.
  void each_pool(const std::function<void(const Pool&)>& visit) const;
  [[nodiscard]] const Pool& standard() const { return *pools_.at(Flavour{}).pool; }

 private:
  struct Kept {
    std::unique_ptr<Pool> pool;
    std::unique_ptr<loop::Timer> unused;  // null for the default
    std::uint64_t last_use = 0;
  };
  base::Result<Pool*> pool_for(const Flavour& flavour);
  void add(const Flavour& flavour);
  void drop(const Flavour& flavour, const base::Error& why);
  void drop_least_used();
  void missing(const Flavour& flavour, const std::string& package);
  void clear_emptied();

  Monitor& m_;
  Plan plan_;
  std::uint64_t uses_ = 0;
  std::map<Flavour, Kept> pools_;
  std::list<std::unique_ptr<Pool>> leaving_;
  std::set<std::string> texts_;  // an Error holds a literal: what was said stays, up to a bound
};

}  // namespace mcpbox::monitor
