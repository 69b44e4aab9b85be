// The latest events for whoever watches: every durable record of the chain, in a ring of fixed size.
// What the feed promises is in privsep/protocol/messages_activity.h.
#pragma once

#include <deque>

#include "privsep/loop/loop.h"
#include "privsep/loop/task.h"
#include "privsep/monitor/catalogue.h"
#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_activity.h"

namespace mcpbox::monitor {

class Activity {
 public:
  Activity(loop::Loop& loop, Catalogue& catalogue) : loop_(loop), catalogue_(catalogue) {}

  void add(const Store::Durable& durable);

  // kBusy when limits::kActivityWatchers questions wait already.
  loop::Task<protocol::ActivityPage> watch(std::uint64_t after, std::uint32_t wait_ms);

 private:
  [[nodiscard]] std::string name_of_subject(const wire::Id& id) const;
  [[nodiscard]] protocol::ActivityPage page_after(std::uint64_t after) const;

  loop::Loop& loop_;
  Catalogue& catalogue_;
  std::deque<protocol::ActivityEvent> kept_;
  std::uint64_t last_ = 0;
  std::vector<loop::Later<loop::Nothing>> watchers_;
};

}  // namespace mcpbox::monitor
