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

struct Peer;

class Monitor;
namespace p = mcpbox::protocol;

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

// Which rule the name of a new or renamed tool breaks.
base::Result<void> check_new_name(Monitor& m, const wire::Id& server, const std::string& name);

// Which rule of the author's fields it breaks.  JSON in them is the gateway's and the compile child's to
// check.
base::Result<void> check_content(const Tool& tool);

// The columns of tools and tool_versions in the order of sql.h.
std::vector<Param> content_params(const Tool& tool);

// The same columns of a row into the tool, from this one on.
void take_content(Tool& into, const std::vector<std::optional<std::string>>& row, std::size_t first);

inline constexpr base::Error kSaving{
    base::Why::kConflict, "another change of this tool is being saved: read it again, then repeat yours"};

// Where the tool stands in review; what its columns mean is in sql.h.
Statement state_row(const wire::Id& tool, protocol::Approval state, const Param& who, const Param& reason,
                    const Param& notes);

p::ToolSaved saved(const Tool& tool, bool changed);

// Who wrote a version: a language model, a person by hand, or nobody anew.
enum class Source : std::uint8_t { kLlm, kManual, kRollback };
std::string_view name_of(Source source);
Source source_of_change(const Peer& asker);
Statement version_row(const Tool& tool, const std::string& summary, Source source, const std::string& author);

// Saves `next` (one version after `before`) and makes it the tool; kills what runs under the old one.
loop::Task<std::uint64_t> save_change(Monitor& m, std::string who, Tool before, Tool next,
                                      std::string summary, Source source);

}  // namespace mcpbox::monitor
