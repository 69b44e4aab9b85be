// Mirrors privsep/monitor/on_tools.cc, as far as names go.
#include "policy/names.h"

#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;

class ToolNamesTest : public MonitorTest {
 public:
  std::shared_ptr<Peer> gateway = peer(protocol::Role::kNetLocal, protocol::State::kServing);

  // The answer to renaming the tool.
  base::Result<protocol::ToolSaved> rename(std::string name) {
    protocol::UpdateTool change{.ticket = ticket_for(gateway), .tool = tool_id};
    change.content.name = std::move(name);
    change.given = protocol::bit(protocol::Field::kName);
    return finish(on_update_tool(monitor, *gateway, std::move(change)));
  }
};

TEST_F(ToolNamesTest, TheLongestNameIsTaken) { EXPECT_TRUE(rename(std::string(limits::kNameBytes, 'a'))); }

// Clients drop a tool whose name is longer, and its author would never learn why.
TEST_F(ToolNamesTest, ServerAndToolTogetherFitIntoAPublishedName) {
  constexpr std::size_t kRest = limits::kPublishedNameBytes - limits::kNameBytes - 2;
  for (const std::size_t length : {kRest, kRest + 1}) {
    monitor.catalogue.put(Server{.id = {9}, .name = std::string(length, 's'), .running = true});
    Tool other;
    other.id = {8};
    other.server = {9};
    other.name = "greet";
    other.code = "async def main(): return 1";
    monitor.catalogue.put(other);
    protocol::UpdateTool change{.ticket = ticket_for(gateway), .tool = other.id};
    change.given = protocol::bit(protocol::Field::kName);
    change.content.name = std::string(limits::kNameBytes, 'a');
    const auto answer = finish(on_update_tool(monitor, *gateway, std::move(change)));
    EXPECT_EQ(answer.has_value(), length == kRest);
    if (!answer) {
      EXPECT_EQ(answer.error().text, policy::reason_of(policy::NameProblem::kJoinedTooLong));
    }
  }
}

}  // namespace
}  // namespace mcpbox::monitor
