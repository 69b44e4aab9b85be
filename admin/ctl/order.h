// An order that is carried out or refused, and nothing more to tell.
#pragma once

#include <string_view>

#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"

namespace mcpbox::ctl {

// Gives it to a monitor that will take it, and says that it is done: `said` with --json, else `sentence`.
template <class Order>
Exit give_order(const Options& options, Connection& monitor, Order& order, Object& said,
                std::string_view sentence) {
  const Answer<protocol::Done> done = monitor.ask(order);
  if (!done) return report(done.error());
  if (options.json)
    print(json_text(said.take().get()));
  else
    print(sentence);
  return Exit::kOk;
}

// The same, over a connection of its own that may decide.
template <class Order>
Exit give_order(const Options& options, Order& order, Object& said, std::string_view sentence) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  return give_order(options, *monitor, order, said, sentence);
}

}  // namespace mcpbox::ctl
