// Mirrors admin/ctl/terminal.cc, on a pseudo terminal.
#include "admin/ctl/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace mcpbox::ctl {
namespace {

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    int master = -1;
    int tty = -1;
    ASSERT_EQ(::openpty(&master, &tty, nullptr, nullptr, nullptr), 0);
    master_.reset(master);
    tty_.reset(tty);
  }
  [[nodiscard]] bool echoes() const {
    termios now{};
    return ::tcgetattr(tty_.get(), &now) == 0 && (now.c_lflag & ECHO) != 0;
  }
  void type(std::string_view text) const {
    ASSERT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // What the terminal shows up to `last`.
  std::string shown_until(char last) const {
    std::string seen;
    for (char c = 0; c != last && ::read(master_.get(), &c, 1) == 1;) seen += c;
    return seen;
  }
  base::Fd master_, tty_;
};

TEST_F(TerminalTest, ALineIsReadAfterItsPrompt) {
  Terminal terminal{base::Fd(::dup(tty_.get()))};
  std::jthread person([&] {
    EXPECT_EQ(shown_until('?'), "Name?");
    type("alice\n");
  });
  EXPECT_EQ(terminal.ask("Name?", 10).value(), "alice");
}

TEST_F(TerminalTest, ALineMayBeAsLongAsItsBoundAndNotOneMore) {
  Terminal terminal{base::Fd(::dup(tty_.get()))};
  std::jthread person([&] {
    shown_until('?');
    type("12345\n");
    shown_until('!');
    type("123456\n");
  });
  EXPECT_EQ(terminal.ask("a?", 5).value(), "12345");
  EXPECT_FALSE(terminal.ask("b!", 5));
}

TEST_F(TerminalTest, ASecretIsNotShownAndTheEchoComesBack) {
  Terminal terminal{base::Fd(::dup(tty_.get()))};
  EXPECT_TRUE(echoes());
  std::jthread person([&] {
    shown_until('?');
    EXPECT_FALSE(echoes());
    type("hidden\n");
  });
  EXPECT_EQ(terminal.ask_secret("Password?", 10).value(), "hidden");
  person.join();
  EXPECT_TRUE(echoes());
  type("x\n");
  EXPECT_EQ(shown_until('x').find("hidden"), std::string::npos);
}

TEST_F(TerminalTest, ASignalEndsTheProcessAfterTheEchoIsBack) {
  const pid_t child = ::fork();
  if (child == 0) {
    Terminal terminal{base::Fd(::dup(tty_.get()))};
    [[maybe_unused]] const auto never = terminal.ask_secret("Password?", 10);
    ::_exit(0);
  }
  shown_until('?');
  EXPECT_FALSE(echoes());
  ASSERT_EQ(::kill(child, SIGTERM), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_TRUE(echoes());
}

TEST_F(TerminalTest, AClosedTerminalIsNoAnswer) {
  Terminal terminal{std::move(tty_)};
  master_.reset();
  EXPECT_FALSE(terminal.ask("?", 10));
  EXPECT_FALSE(terminal.ask_secret("?", 10));
}

TEST(Wipe, LeavesNothing) {
  std::string secret = "a secret that is long enough to be on the heap";
  const char* bytes = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(bytes[0], '\0');
}

}  // namespace
}  // namespace mcpbox::ctl
