// What the answers about tools share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "privsep/loop/task.h"
#include "privsep/monitor/catalogue.h"
#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_call.h"

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

// What a compile child is to be told of it: the source, and the schemas that the author gave beside it.
protocol::Compile source_of(const Tool& tool);

// Which rule of the author's fields it breaks.  JSON in them is the gateway's and the compile child's to
// check.
base::Result<void> check_content(const Tool& tool);

// The columns of tools and tool_versions in the order of sql.h.
std::vector<Param> content_params(const Tool& tool);

enum class Source : std::uint8_t { kLlm, kRollback };
Statement version_row(const Tool& tool, const std::string& summary, Source source, const std::string& author);

// Saves `next` (one version after `before`) and makes it the tool; kills what runs under the old one.
loop::Task<std::uint64_t> save_change(Monitor& m, std::string who, Tool before, Tool next,
                                      std::string summary, Source source);

}  // namespace mcpbox::monitor
