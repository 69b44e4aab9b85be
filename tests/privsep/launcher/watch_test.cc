// mirrors privsep/launcher/watch.cc, start.cc, view.cc, database.cc and members.cc: the real launcher, with
// stand-ins for the binaries that it starts, and in the last tests with a real PostgreSQL.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <vector>

#include "privsep/base/clock.h"
#include "privsep/base/fd.h"
#include "tests/privsep/launcher/scenario.h"
#include "tests/privsep/launcher/scratch.h"

namespace mcpbox::launcher {
namespace {

constexpr std::int64_t kPatienceMs =
    60'000;  // for a machine that is busy with other things; reached only in failure
constexpr const char* kNoDatabase = "database = postgresql://me@/none?host=/nonexistent\n";

bool eventually(const std::function<bool()>& condition) {
  const base::SystemClock clock;
  const std::int64_t deadline = clock.steady_ms() + kPatienceMs;
  while (!condition()) {
    if (clock.steady_ms() > deadline) return false;
    usleep(10'000);
  }
  return true;
}

class Instance : public testing::Test {
 protected:
  Instance() { std::filesystem::create_directory(state + "/log"); }
  ~Instance() override {
    if (pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

  static std::string isolation() {
    return geteuid() == 0 ? "isolation = full\n" : "isolation = trial\nmissing-layers = own-uid\n";
  }

  // A configuration for one scenario, on a port that only this process uses: below those that the kernel
  // gives to connections.
  void configure(Scenario scenario, const std::string& more = kNoDatabase) {
    scratch.file("master.key", std::string(32, 'k'));
    chmod((state + "/master.key").c_str(), 0600);
    const int port = 12'000 + getpid() % 20'000;
    scratch.file("mcpbox.conf", isolation() + "spares = " + std::to_string(static_cast<unsigned>(scenario)) +
                                    "\nadmin-listen = off\nlisten = 127.0.0.1:" + std::to_string(port) +
                                    "\n" + more);
  }

  // prepare: in the launcher's process, before it is one
  void start(const std::function<void()>& prepare = [] {}) {
    pid = fork();
    ASSERT_GE(pid, 0);
    if (pid != 0) return;
    prepare();
    const std::string errors = state + "/errors";
    dup2(open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), STDERR_FILENO);
    const std::string config = state + "/mcpbox.conf";
    execl(FAMILY "/mcpbox-launcher", "mcpbox-launcher", config.c_str(), nullptr);
    _exit(127);
  }

  [[nodiscard]] std::string log() const { return contents(state + "/log/mcpbox.log"); }
  [[nodiscard]] std::string errors() const { return contents(state + "/errors"); }
  bool logged(const std::string& text) {
    const bool found = eventually([&] { return log().find(text) != std::string::npos; });
    if (!found) {
      ADD_FAILURE() << "never logged: " << text << "\n" << log() << errors();
    }
    return found;
  }

  // The launcher's exit status; 256 + the signal when one ended it.
  int ending() {
    int status = 0;
    const bool ended = eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; });
    EXPECT_TRUE(ended) << log();
    if (ended) pid = -1;
    return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  // What the launcher has started and not yet reaped.
  [[nodiscard]] std::vector<pid_t> children() const {
    std::vector<pid_t> all;
    const std::string pids =
        contents("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    for (std::size_t at = 0; at < pids.size(); at = pids.find(' ', at) + 1)
      all.push_back(std::stoi(pids.substr(at)));
    return all;
  }

  // Ended; whoever inherited them may not have reaped them yet.
  static bool all_gone(const std::vector<pid_t>& pids) {
    const auto runs = [](pid_t one) {
      const std::string stat = contents("/proc/" + std::to_string(one) + "/stat");
      return !stat.empty() && stat.find(") Z ") == std::string::npos;
    };
    return eventually([&] { return std::ranges::none_of(pids, runs); });
  }

  Scratch scratch;
  std::string state = scratch.path();
  pid_t pid = -1;
};

TEST_F(Instance, HandsTheMonitorExactlyWhatItNeeds) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::string uid = std::to_string(geteuid() == 0 ? 60801 : geteuid());
  EXPECT_NE(log().find("monitor: uid=" + uid + " key=32 head=1 sealed=1 control=1"), std::string::npos)
      << log();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0) << log();
}

TEST_F(Instance, StartsChildrenWithTheirUserAndDescriptorsAndNothingElse) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const bool root = geteuid() == 0;
  const std::string gateway = std::to_string(root ? 60802 : geteuid());
  const std::string zygote = std::to_string(root ? 60807 : geteuid());
  const std::string mask = root ? "0x0" : "0x1";
  const std::string text = log();
  EXPECT_NE(text.find("child serial=1 uid " + gateway +
                      " fds 0 1 2 3 4 5 argv mcpbox-gateway [net-local] --role "
                      "net-local --allow-missing " +
                      mask + " --listeners 2"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("child serial=2 uid " + zygote + " fds 0 1 2 3 argv mcpbox-executor [zygote] --role zygote"),
      std::string::npos)
      << text;
  kill(pid, SIGINT);
  EXPECT_EQ(ending(), 0);
}

// As systemd starts it: the listener outlives it, so that who connects while it restarts waits and is not
// refused.
TEST_F(Instance, AListenerThatWasHandedOverStaysWhenTheLauncherGoes) {
  const base::Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const base::Fd manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string path = state + "/notify";
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  path.copy(where.sun_path, sizeof where.sun_path - 1);
  ASSERT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  configure(Scenario::kBehaves);
  const std::string config = contents(state + "/mcpbox.conf");
  const std::size_t port = config.find("127.0.0.1:") + std::string_view("127.0.0.1:").size();
  scratch.file("mcpbox.conf", config.substr(0, port) + std::to_string(ntohs(name.sin_port)) +
                                  config.substr(config.find('\n', port)));
  start([&] {
    dup2(listener.get(), 3);
    fcntl(3, F_SETFD, 0);  // when it was 3 already
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  });
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const auto told = [&manager] {
    std::string text(64, '\0');
    const ssize_t length = recv(manager.get(), text.data(), text.size(), MSG_DONTWAIT);
    return text.substr(0, length > 0 ? static_cast<std::size_t>(length) : 0);
  };
  EXPECT_EQ(told(), "READY=1") << "a gateway was started";
  EXPECT_EQ(told(), "WATCHDOG=1") << "the monitor said that it is alive";
  EXPECT_EQ(told(), "");
  EXPECT_NE(log().find("child serial=1 uid"), std::string::npos) << log();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0) << log();
  EXPECT_EQ(told(), "STOPPING=1");
  const base::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
}

TEST_F(Instance, StoppingLeavesNobodyBehind) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::vector<pid_t> family = children();
  EXPECT_EQ(family.size(), 3u);
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
  EXPECT_TRUE(all_gone(family));
}

TEST_F(Instance, AKilledLauncherTakesEverybodyWithIt) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::vector<pid_t> family = children();
  EXPECT_EQ(family.size(), 3u);
  kill(pid, SIGKILL);
  EXPECT_EQ(ending(), 256 + SIGKILL);
  EXPECT_TRUE(all_gone(family));
}

TEST_F(Instance, TheMonitorIsToldWhichChildEndedAndHow) {
  configure(Scenario::kChildDies);
  start();
  EXPECT_TRUE(logged("monitor: ended role=2 status=9"));
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
}

TEST_F(Instance, AMonitorThatEndsByItselfEndsEverything) {
  configure(Scenario::kEnds);
  start();
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(log().find("the monitor ended: everything is stopped how=\"exit status 5\""), std::string::npos)
      << log();
}

TEST_F(Instance, AMonitorThatSaysAnythingElseIsEnded) {
  configure(Scenario::kTalksNonsense);
  start();
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(log().find("not a request"), std::string::npos) << log();
}

// A number of its own in /proc is all that the monitor learns, and of nothing but a process.
TEST_F(Instance, TheMonitorIsGivenTheKernelsAccountOfAProcessAndOfNothingElse) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::string text = log();
  const std::string marker = "monitor: gateway pid=";
  const std::string gateway = std::to_string(std::stoi(text.substr(text.find(marker) + marker.size())));
  EXPECT_NE(text.find("monitor: looked serial=21 kind=5 errno=0 more=0 pid=" + gateway + "\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("monitor: looked serial=22 kind=2 errno=3 more=0 pid=0\n"), std::string::npos) << text;
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
}

TEST_F(Instance, AMonitorThatAsksForALookAtNothingIsEnded) {
  configure(Scenario::kLooksAtNothing);
  start();
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(log().find("not a request"), std::string::npos) << log();
}

TEST_F(Instance, AMonitorThatDoesNotStopIsKilled) {
  configure(Scenario::kHangs);
  start();
  ASSERT_TRUE(logged("monitor: hanging"));
  const std::vector<pid_t> family = children();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
  EXPECT_TRUE(all_gone(family));
}

TEST_F(Instance, AMigrationThatFailsStopsTheStart) {
  configure(Scenario::kBehaves, "database = postgresql://me@/refuse-me?host=/nonexistent\n");
  start();
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(log().find("could not be migrated"), std::string::npos) << log();
  EXPECT_EQ(log().find("monitor:"), std::string::npos) << log();
}

TEST_F(Instance, ADatabasePasswordTravelsInTheEnvironmentNotOnTheCommandLine) {
  configure(Scenario::kBehaves, "database = postgresql://me:hunter2@/none?host=/nonexistent\n");
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  EXPECT_NE(log().find("migrate: words=5 password=hunter2"), std::string::npos) << log();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
}

TEST_F(Instance, ASecondOneOnTheSameFolderIsRefusedWithThePidOfTheFirst) {
  configure(Scenario::kBehaves);
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const pid_t first = pid;
  start();
  const int second = ending();
  pid = first;
  EXPECT_EQ(second, 1);
  EXPECT_NE(errors().find("pid " + std::to_string(first) + " holds its lock"), std::string::npos) << errors();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
}

TEST_F(Instance, AConfigurationErrorNamesFileAndLine) {
  configure(Scenario::kBehaves, "nonsense = 1\n");
  start();
  EXPECT_EQ(ending(), 1);
  const int line = geteuid() == 0 ? 5 : 6;
  EXPECT_NE(errors().find(state + "/mcpbox.conf:" + std::to_string(line) + ": unknown key `nonsense`"),
            std::string::npos)
      << errors();
}

TEST_F(Instance, AnOrdinaryUserCannotHaveFullIsolationWithoutAskingForLess) {
  if (geteuid() == 0) GTEST_SKIP() << "root has every layer here; an ordinary user runs this test";
  configure(Scenario::kBehaves);
  scratch.file("mcpbox.conf", "isolation = full\n");
  start();
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(errors().find("own-uid"), std::string::npos) << errors();
}

class WithDatabase : public Instance {
 protected:
  void SetUp() override {
    const std::string command = "LAUNCHER=" FAMILY "/mcpbox-launcher " SETUP_SCRIPT " " + state;
    configure(Scenario::kBehaves, "database = embedded\n");
    ASSERT_EQ(std::system(command.c_str()), 0) << contents(state + "/log/initdb.log");
  }
};

TEST_F(WithDatabase, EachRoleIsForItsOwnProcessAndTheSuperuserForNobody) {
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  EXPECT_NE(log().find("migrate: connected as mcpbox_owner"), std::string::npos) << log();
  EXPECT_NE(log().find("monitor: database working mcpbox_monitor"), std::string::npos) << log();
  EXPECT_NE(log().find("monitor: database superuser refused"), std::string::npos) << log();
  // A trial has one user for everybody: that is the layer own-uid, which it says it lacks.
  const std::string owner =
      geteuid() == 0 ? "monitor: database owner refused" : "monitor: database owner mcpbox_owner";
  EXPECT_NE(log().find(owner), std::string::npos) << log();
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
  EXPECT_NE(log().find("database system is shut down"), std::string::npos) << log();
}

TEST_F(WithDatabase, AfterAKilledLauncherTheDatabaseIsGoneAndTheNextStartFindsItsData) {
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::vector<pid_t> family = children();
  EXPECT_EQ(family.size(), 4u);
  kill(pid, SIGKILL);
  EXPECT_EQ(ending(), 256 + SIGKILL);
  EXPECT_TRUE(all_gone(family));
  ASSERT_EQ(truncate((state + "/log/mcpbox.log").c_str(), 0), 0);
  start();
  ASSERT_TRUE(logged("monitor: database working mcpbox_monitor"));
  kill(pid, SIGTERM);
  EXPECT_EQ(ending(), 0);
}

TEST_F(WithDatabase, ADatabaseThatIsKilledEndsEverything) {
  start();
  ASSERT_TRUE(logged("monitor: refused serial=3"));
  const std::string marker = "database ready pid=";
  const std::string text = log();
  const pid_t database = std::stoi(text.substr(text.find(marker) + marker.size()));
  kill(database, SIGKILL);
  EXPECT_EQ(ending(), 1);
  EXPECT_NE(log().find("the database ended"), std::string::npos) << log();
}

}  // namespace
}  // namespace mcpbox::launcher
