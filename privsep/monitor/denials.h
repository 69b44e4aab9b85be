// What tools tried to reach and nobody approved, on its way to the database: a suggestion for the reviewer,
// and never a grant.  Repetitions are gathered, so that a tool that tries in a loop costs a row twice a
// second.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "privsep/loop/loop.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

class Denials {
 public:
  Denials(loop::Loop& loop, Store& store) : store_(store), timer_(loop, [this] { write(); }) {}

  // One refused connection.
  void note(const wire::Id& tool, const wire::Id& server, const std::string& host, std::uint16_t port,
            std::int64_t now_ms);
  // Writes what has been gathered so far.
  void write();

 private:
  struct Counted {
    wire::Id server{};
    std::int64_t times = 0;
    std::int64_t last_ms = 0;
  };

  Store& store_;
  loop::Timer timer_;
  std::map<std::tuple<wire::Id, std::string, std::uint16_t>, Counted> counted_;
};

}  // namespace mcpbox::monitor
