// mirrors privsep/launcher/state.cc and listeners.cc
#include "privsep/launcher/state.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "privsep/launcher/listeners.h"
#include "tests/privsep/launcher/scratch.h"

namespace mcpbox::launcher {
namespace {

class State : public testing::Test {
 protected:
  Scratch scratch;
  base::Fd folder{open(scratch.path().c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC)};
};

TEST_F(State, AFolderThatOthersMayWriteToIsRefused) {
  EXPECT_TRUE(open_state(scratch.path()));
  chmod(scratch.path().c_str(), 0775);
  EXPECT_FALSE(open_state(scratch.path()));
  chmod(scratch.path().c_str(), 0702);
  EXPECT_FALSE(open_state(scratch.path()));
  EXPECT_FALSE(open_state(scratch.path() + "/none"));
}

TEST_F(State, ASecondLockIsRefusedAndNamesTheHolder) {
  const Outcome<base::Fd> first = lock_state(folder.get());
  ASSERT_TRUE(first);
  EXPECT_EQ(contents(scratch.path() + "/lock"), std::to_string(getpid()) + "\n");
  const Outcome<base::Fd> second = lock_state(folder.get());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("pid " + std::to_string(getpid())), std::string::npos);
}

TEST_F(State, ALockIsFreeAgainWhenItsHolderIsGone) {
  {
    ASSERT_TRUE(lock_state(folder.get()));
  }
  EXPECT_TRUE(lock_state(folder.get()));
}

TEST_F(State, ALockThatADyingDatabaseStillHoldsIsWaitedFor) {
  // The launcher (first child) dies at once; its database (the second) keeps the descriptor until told to
  // end.
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const pid_t launcher = fork();
  ASSERT_GE(launcher, 0);
  if (launcher == 0) {
    const Outcome<base::Fd> lock = lock_state(folder.get());
    if (lock && fork() == 0) {
      close(gate[1]);
      char byte = 0;
      _exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
    }
    _exit(lock ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(launcher, &status, 0), launcher);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  EXPECT_TRUE(lock_state(folder.get()));
  close(gate[0]);
  close(gate[1]);
}

// Where mcpboxctl and `mcpboxctl stdio` connect: to both everybody may, and the kernel says who they are.
TEST_F(State, ItsSocketsAreOpenToAllUsers) {
  const std::pair<const char*, Outcome<base::Fd> (*)(int)> sockets[] = {{"control.sock", open_control},
                                                                        {"mcp.sock", open_mcp}};
  for (const auto& [file, make] : sockets) {
    const base::Fd before(make(folder.get()).value_or(base::Fd()));  // of a launcher that was killed
    const Outcome<base::Fd> listener = make(folder.get());
    ASSERT_TRUE(listener) << listener.error();
    struct stat about{};
    ASSERT_EQ(fstatat(folder.get(), file, &about, 0), 0);
    EXPECT_TRUE(S_ISSOCK(about.st_mode));
    EXPECT_EQ(about.st_mode & 0777, 0666u);
    const base::Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path, sizeof name.sun_path, "%s/%s", scratch.path().c_str(), file);
    EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
}

TEST_F(State, TheAuditHeadIsOpenedByItsNameByNobodyElse) {
  const Outcome<base::Fd> head = open_audit_head(folder.get());
  ASSERT_TRUE(head) << head.error();
  struct stat about{};
  ASSERT_EQ(fstat(head->get(), &about), 0);
  EXPECT_EQ(about.st_uid, geteuid());
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(State, ALinkInTheStateFolderIsNotFollowed) {
  const std::string target = scratch.file("target", "precious");
  for (const char* name : {"audit.head", "space.reserve", "lock", "log"})
    ASSERT_EQ(symlink("target", (scratch.path() + "/" + name).c_str()), 0);
  EXPECT_FALSE(open_audit_head(folder.get()));
  EXPECT_FALSE(lock_state(folder.get()));
  EXPECT_FALSE(open_log(folder.get(), "log"));
  EXPECT_EQ(contents(target), "precious");
}

Endpoint free_endpoint() {
  const base::Fd probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  bind(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  getsockname(probe.get(), reinterpret_cast<sockaddr*>(&name), &size);
  return parse_endpoint("127.0.0.1:" + std::to_string(ntohs(name.sin_port))).value();
}

TEST(Listeners, AnAddressThatIsTakenIsNamed) {
  Config config;
  config.listen = {free_endpoint()};
  const Outcome<OpenListeners> first = open_listeners(config);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->names, std::vector<std::string>{config.listen[0].text});
  const Outcome<OpenListeners> second = open_listeners(config);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find(config.listen[0].text), std::string::npos);
}

TEST(Listeners, NoneIsInheritedByAccident) {
  Config config;
  config.listen = {free_endpoint()};
  const Outcome<OpenListeners> open = open_listeners(config);
  ASSERT_TRUE(open) << open.error();
  EXPECT_NE(fcntl(open->sockets[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace mcpbox::launcher
