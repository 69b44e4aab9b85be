// What the answers about tools share.
#pragma once

#include <string>
#include <string_view>

#include "privsep/loop/task.h"
#include "privsep/monitor/catalogue.h"

namespace mcpbox::monitor {

class Monitor;

// While it lives, other changes of the tool are refused: two of them would be based on the same version.
class SavingMark {
 public:
  SavingMark(Catalogue& catalogue, const wire::Id& tool) : catalogue_(catalogue), tool_(tool) { set(true); }
  SavingMark(const SavingMark&) = delete;
  SavingMark& operator=(const SavingMark&) = delete;
  ~SavingMark() { set(false); }

 private:
  void set(bool saving) {
    if (Tool* tool = catalogue_.find_tool(tool_)) tool->saving = saving;
  }
  Catalogue& catalogue_;
  wire::Id tool_;
};

// Saves `next` (one version after `before`) and makes it the tool; kills what runs under the old one.
loop::Task<std::uint64_t> save_change(Monitor& m, std::string who, Tool before, Tool next,
                                      std::string summary);

}  // namespace mcpbox::monitor
