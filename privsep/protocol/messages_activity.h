// What happens, as it happens: every record of the audit chain, once it is durable.
//
// The feed is asked for, not pushed: WatchActivity waits until there is something after `after`, at most
// `wait_ms`, and answers with what there is.  The asker comes back with `next`.  So nobody can make the
// monitor queue without end: it keeps the last limits::kActivityKept events for everybody, and whoever is
// slower than that is told how many were missed.  mcpbox-admin turns this into a stream for browsers, one
// WatchActivity in flight for all of them.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct ActivityEvent {
  std::uint64_t number = 0;  // of the audit record
  std::int64_t at_ms = 0;
  std::uint16_t kind = 0;  // privsep/audit/actions.h
  Text<32> action;
  Text<512> actor;    // through visible(); cut
  Text<128> subject;  // "server__tool" or a server's name while it exists; else empty
  Id call{};          // of a call; zero otherwise
  std::int64_t value = 0;
  Text<512> says;  // the payload, where it is text: through visible(); cut
  static auto fields(auto& m) {
    return std::tie(m.number, m.at_ms, m.kind, m.action, m.actor, m.subject, m.call, m.value, m.says);
  }
};

struct ActivityPage {
  List<ActivityEvent, limits::kActivityPage> events;
  std::uint64_t next = 0;    // what to ask for next: `after`
  std::uint64_t missed = 0;  // events between `after` and the first one here that are not kept any more
  static auto fields(auto& m) { return std::tie(m.events, m.next, m.missed); }
};

// after: the number of the last event that the asker has; 0 for "from now on", which answers at once.
struct WatchActivity {
  static constexpr Op kOp = Op::kWatchActivity;
  using Reply = ActivityPage;
  std::uint64_t after = 0;
  std::uint32_t wait_ms = 0;  // at most limits::kActivityWaitMs
  static auto fields(auto& m) { return std::tie(m.after, m.wait_ms); }
};

}  // namespace mcpbox::protocol
