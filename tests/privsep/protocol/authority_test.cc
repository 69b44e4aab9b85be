// The tables printed per role, compared with authority.txt: a new power is a line in that file's diff.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "privsep/protocol/network.h"
#include "privsep/protocol/op_names.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::protocol {
namespace {

std::string states_text(States states) {
  std::string text;
  if (contains(states, State::kConnected)) text += " connected";
  if (contains(states, State::kServing)) text += " serving";
  if (contains(states, State::kDeciding)) text += " deciding";
  if (contains(states, State::kYielded)) text += " yielded";
  return text;
}

std::string asks_of(Role role) {
  std::string text;
  Protocol::each([&]<class Row>() {
    if (!contains(Row::kWho, role)) return;
    text.append("  ").append(name_of(Row::kOp)).append(", while").append(states_text(Row::kWhile));
    if (Row::kThen != State::kStay)
      text.append(", then").append(states_text(static_cast<States>(Row::kThen)));
    text += "\n";
  });
  return text;
}

std::string says_of(Role role) {
  std::string text;
  Network::each([&]<class Row>() {
    if (contains(Row::kWho, role)) text.append("  ").append(name_of(Row::kOp)).append("\n");
  });
  return text;
}

std::string orders_of(Role role) {
  std::string text;
  Orders::each([&]<class Row>() {
    if (contains(Row::kWho, role)) text.append("  ").append(name_of(Row::kOp)).append("\n");
  });
  return text;
}

std::string listing() {
  std::string text;
  for (const RoleName& role : kRoleNames) {
    if (role.role == Role::kMonitor) continue;
    const std::string asks = asks_of(role.role);
    const std::string orders = orders_of(role.role);
    text.append(role.name).append(" may ask\n").append(asks.empty() ? "  nothing\n" : asks);
    const std::string says = says_of(role.role);
    if (!says.empty()) text.append(role.name).append(" may say to others than the monitor\n").append(says);
    text.append(role.name)
        .append(" may be ordered\n")
        .append(orders.empty() ? "  nothing\n" : orders)
        .append("\n");
  }
  return text;
}

TEST(Authority, IsExactlyWhatTheListingSays) {
  std::ifstream file(AUTHORITY_LISTING);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(listing(), expected.str()) << "the tables say:\n" << listing();
}

struct ExpectAName {
  template <class Row>
  void operator()() const {
    EXPECT_NE(name_of(Row::kOp), "unknown") << static_cast<int>(Row::kOp);
  }
};

TEST(Authority, EveryMessageHasANameOfItsOwn) {
  Protocol::each(ExpectAName{});
  Orders::each(ExpectAName{});
  Network::each(ExpectAName{});
  for (const OpName& one : kOpNames) {
    EXPECT_EQ(Protocol::count(one.op) + Orders::count(one.op) + Network::count(one.op), 1U)
        << one.name << " is not one row of one table";
    for (const OpName& other : kOpNames) EXPECT_EQ(one.op == other.op, one.name == other.name) << one.name;
  }
}

}  // namespace
}  // namespace mcpbox::protocol
