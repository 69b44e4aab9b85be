// Mirrors admin/ctl/connection.cc: a monitor that is wrong in every way it can be.
#include "admin/ctl/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <functional>
#include <thread>

namespace mcpbox::ctl {
namespace {

using base::Why;
using wire::FrameKind;

// Runs `answer` for each frame that arrives at the other end, until it is false or the connection ends.
std::jthread monitor(base::Fd socket, std::function<bool(int, wire::Frame&)> answer) {
  return std::jthread([socket = std::move(socket), answer = std::move(answer)] {
    while (base::Result<wire::Frame> asked = wire::read_frame(socket.get(), 1 << 20))
      if (!answer(socket.get(), *asked)) return;
  });
}

template <class M>
bool reply(int socket, const wire::Frame& asked, M message, FrameKind kind = FrameKind::kReply) {
  return wire::write_message(socket, kind, asked.header.op, asked.header.serial, message).has_value();
}

bool is_hello(const wire::Frame& asked) {
  return asked.header.op == static_cast<std::uint16_t>(protocol::Op::kHello);
}

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
  }
  // Connects to a monitor that greets, then answers one GetStatus so.
  Answer<protocol::Status> status_from(std::function<bool(int, wire::Frame&)> answer) {
    const std::jthread running = monitor(std::move(theirs_), [&](int socket, wire::Frame& asked) {
      return is_hello(asked) ? reply(socket, asked, protocol::Settings{}) : answer(socket, asked);
    });
    Answer<Connection> connection = Connection::over(std::move(ours_));
    EXPECT_TRUE(connection);
    protocol::GetStatus question;
    Answer<protocol::Status> got = connection->ask(question);
    return got;
  }
  base::Fd ours_, theirs_;
};

TEST_F(ConnectionTest, AsksAndIsAnswered) {
  const Answer<protocol::Status> status = status_from([](int socket, wire::Frame& asked) {
    return reply(socket, asked, protocol::Status{.version = "x", .may_decide = true});
  });
  ASSERT_TRUE(status);
  EXPECT_EQ(status->version, "x");
  EXPECT_TRUE(status->may_decide);
}

TEST_F(ConnectionTest, ARefusalCarriesTheMonitorsReasonAndItsExit) {
  struct Case {
    Why why;
    Exit exit;
  };
  for (const Case& one : {Case{Why::kRefused, Exit::kRefused}, Case{Why::kNotFound, Exit::kNotFound},
                          Case{Why::kConflict, Exit::kConflict}, Case{Why::kBroken, Exit::kRefused}}) {
    SetUp();
    const Answer<protocol::Status> status = status_from([&](int socket, wire::Frame& asked) {
      return reply(socket, asked,
                   wire::ErrorBody{.why = static_cast<std::uint8_t>(one.why), .text = "because"},
                   FrameKind::kError);
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().text, "because");
    EXPECT_EQ(exit_of(status.error()), one.exit);
  }
}

TEST_F(ConnectionTest, AMonitorThatGoesAwayIsUnreachable) {
  const Answer<protocol::Status> status = status_from([](int, wire::Frame&) { return false; });
  ASSERT_FALSE(status);
  EXPECT_EQ(exit_of(status.error()), Exit::kUnreachable);
}

TEST_F(ConnectionTest, AnAnswerToSomethingElseIsNotTaken) {
  const Answer<protocol::Status> other_serial = status_from([](int socket, wire::Frame& asked) {
    ++asked.header.serial;
    return reply(socket, asked, protocol::Status{.may_decide = true});
  });
  EXPECT_FALSE(other_serial);
  SetUp();
  const Answer<protocol::Status> other_op = status_from([](int socket, wire::Frame& asked) {
    ++asked.header.op;
    return reply(socket, asked, protocol::Status{.may_decide = true});
  });
  EXPECT_FALSE(other_op);
  SetUp();
  const Answer<protocol::Status> request = status_from([](int socket, wire::Frame& asked) {
    return reply(socket, asked, protocol::Status{.may_decide = true}, FrameKind::kRequest);
  });
  EXPECT_FALSE(request);
}

TEST_F(ConnectionTest, AnAnswerThatIsNotItsMessageIsNotTaken) {
  const Answer<protocol::Status> status = status_from(
      [](int socket, wire::Frame& asked) { return reply(socket, asked, protocol::JsonText{.json = "{}"}); });
  ASSERT_FALSE(status);
  EXPECT_EQ(exit_of(status.error()), Exit::kUnreachable);
}

TEST_F(ConnectionTest, AnErrorAnswerOfAnUnknownKindIsNotTaken) {
  const Answer<protocol::Status> status = status_from([](int socket, wire::Frame& asked) {
    return reply(socket, asked, wire::ErrorBody{.why = 99, .text = "x"}, FrameKind::kError);
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(exit_of(status.error()), Exit::kUnreachable);
}

TEST_F(ConnectionTest, AMonitorThatDoesNotGreetIsUnreachable) {
  theirs_.reset();
  const Answer<Connection> connection = Connection::over(std::move(ours_));
  ASSERT_FALSE(connection);
  EXPECT_EQ(exit_of(connection.error()), Exit::kUnreachable);
}

TEST_F(ConnectionTest, AQuestionOverItsBoundIsRefusedHere) {
  const std::jthread running = monitor(std::move(theirs_), [](int socket, wire::Frame& asked) {
    return reply(socket, asked, protocol::Settings{});
  });
  Answer<Connection> connection = Connection::over(std::move(ours_));
  ASSERT_TRUE(connection);
  protocol::ShowTool question{.tool = std::string(65, 'x')};
  const Answer<protocol::ToolDetail> tool = connection->ask(question);
  ASSERT_FALSE(tool);
  EXPECT_EQ(exit_of(tool.error()), Exit::kRefused);
}

TEST(ConnectionOpen, SaysWhyNobodyIsThere) {
  const Answer<Connection> none = Connection::open("/nonexistent/control.sock");
  ASSERT_FALSE(none);
  EXPECT_EQ(exit_of(none.error()), Exit::kUnreachable);
  EXPECT_NE(none.error().text.find("/nonexistent/control.sock"), std::string::npos);
  EXPECT_FALSE(Connection::open(std::string(500, 'x')));
}

}  // namespace
}  // namespace mcpbox::ctl
