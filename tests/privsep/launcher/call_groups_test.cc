// Mirrors privsep/launcher/call_groups.cc: the files on a made-up tree, and moving, ending and removing on
// the machine's own cgroup v2, as far as this machine has one.
#include "privsep/launcher/call_groups.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mcpbox::launcher {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(CgroupFolder, IsTheMountAndThePathInIt) {
  const char* const mounts =
      "24 1 0:22 / /proc rw - proc proc rw\n"
      "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  EXPECT_EQ(cgroup_folder(mounts, "0::/system.slice/mcpbox.service\n").value(),
            "/sys/fs/cgroup/system.slice/mcpbox.service");
  EXPECT_EQ(cgroup_folder(mounts, "4:memory:/x\n0::/\n").value(), "/sys/fs/cgroup");
}

TEST(CgroupFolder, IsNoneWithoutCgroupTwoAndNoneOutsideOfWhatIsMounted) {
  const char* const old = "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  EXPECT_FALSE(cgroup_folder(old, "0::/a\n").has_value());
  EXPECT_FALSE(cgroup_folder("", "").has_value());
  const char* const part = "30 24 0:26 /machine /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  EXPECT_FALSE(cgroup_folder(part, "0::/a\n").has_value());
  const char* const whole = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  EXPECT_FALSE(cgroup_folder(whole, "0::/../elsewhere\n").has_value());
  EXPECT_FALSE(cgroup_folder(whole, "4:memory:/x\n").has_value());
}

// Ordinary files in the place of the kernel's: what is written into each can be read.
class MadeUpTree : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/call-groups-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder = name;
    ASSERT_EQ(::chmod(name, 0755), 0);
    put("cgroup.controllers", "cpu memory pids\n");
    for (const char* file :
         {"cgroup.subtree_control", "cgroup.procs", "main/cgroup.procs", "calls/memory.max",
          "calls/memory.swap.max", "calls/memory.oom.group", "calls/cgroup.subtree_control"})
      put(file, "");
    for (const char* slot : {"calls/0", "calls/1"})
      for (const char* file :
           {"memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"})
        put(std::string(slot) + "/" + file, "");
  }
  void TearDown() override { fs::remove_all(folder); }

  void put(const std::string& file, const std::string& text) const {
    fs::create_directories(fs::path(folder + "/" + file).parent_path());
    std::ofstream(folder + "/" + file) << text;
  }
  [[nodiscard]] std::string get(const std::string& file) const { return content(folder + "/" + file); }

  std::string folder;
  CallGroupPlan plan{.owner = ::geteuid() == 0 ? Identity{60807, 60807} : Identity{::geteuid(), ::getegid()},
                     .slots = 2,
                     .memory_of_one = 268435456,
                     .memory_of_all = 8589934592};
};

TEST_F(MadeUpTree, GetsEveryLimitOfACallAndOfAllCallsTogether) {
  const Outcome<CallGroups> groups = CallGroups::make(folder, plan);
  ASSERT_TRUE(groups.has_value()) << groups.error();
  EXPECT_EQ(groups->slots().size(), 2u);
  EXPECT_EQ(get("main/cgroup.procs"), "0")
      << "the launcher itself: a cgroup with inner ones holds no process";
  EXPECT_EQ(get("cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(get("calls/cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(get("calls/memory.max"), "8589934592");
  EXPECT_EQ(get("calls/memory.swap.max"), "0");
  EXPECT_EQ(get("calls/memory.oom.group"), "0") << "one call that takes too much must not end them all";
  for (const std::string slot : {"calls/0", "calls/1"}) {
    EXPECT_EQ(get(slot + "/memory.max"), "268435456");
    EXPECT_EQ(get(slot + "/memory.swap.max"), "0");
    EXPECT_EQ(get(slot + "/memory.oom.group"), "1");
    EXPECT_EQ(get(slot + "/pids.max"), "1");
  }
}

TEST_F(MadeUpTree, WithoutSwapHasNoLimitOnSwap) {
  fs::remove(folder + "/calls/memory.swap.max");
  fs::remove(folder + "/calls/1/memory.swap.max");
  EXPECT_TRUE(CallGroups::make(folder, plan).has_value());
}

TEST_F(MadeUpTree, IsNotTakenWithoutAControllerAndNamesIt) {
  put("cgroup.controllers", "cpu memory\n");
  const Outcome<CallGroups> groups = CallGroups::make(folder, plan);
  ASSERT_FALSE(groups.has_value());
  EXPECT_EQ(groups.error(), "the cgroup has no pids controller");
  EXPECT_EQ(get("main/cgroup.procs"), "") << "nothing was moved";
}

TEST_F(MadeUpTree, IsNotTakenWhenAnyOfItsFilesIsMissingAndNamesIt) {
  for (const char* missing :
       {"calls/memory.max", "calls/1/memory.max", "calls/1/pids.max", "calls/1/memory.oom.group",
        "calls/1/cgroup.procs", "calls/cgroup.subtree_control"}) {
    const std::string kept = get(missing);
    fs::remove(folder + "/" + missing);
    const Outcome<CallGroups> groups = CallGroups::make(folder, plan);
    ASSERT_FALSE(groups.has_value()) << missing;
    EXPECT_NE(groups.error().find(missing), std::string::npos) << groups.error();
    put(missing, kept);
  }
}

// A device that takes every byte and gives none back stands for a kernel that says yes and does nothing.
TEST_F(MadeUpTree, IsNotTakenWhenALimitDoesNotStay) {
  fs::remove(folder + "/calls/1/memory.max");
  fs::create_symlink("/dev/null", folder + "/calls/1/memory.max");
  const Outcome<CallGroups> groups = CallGroups::make(folder, plan);
  ASSERT_FALSE(groups.has_value());
  EXPECT_NE(groups.error().find("calls/1/memory.max is "), std::string::npos) << groups.error();
}

TEST(Delegation, IsWhatTheAttributeSays) {
  char name[] = "/tmp/call-groups-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  EXPECT_FALSE(is_delegated(name));
  ::rmdir(name);
}

// --- the machine's own cgroup v2
// ---------------------------------------------------------------------------------

class RealTree : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome<std::string> own =
        cgroup_folder(content("/proc/self/mountinfo"), content("/proc/self/cgroup"));
    if (!own) GTEST_SKIP() << "moving, ending and removing are not tried here: " << own.error();
    folder = *own + "/mcpbox-test-" + std::to_string(::getpid());
    if (::mkdir(folder.c_str(), 0755) != 0)
      GTEST_SKIP() << "moving, ending and removing are not tried here: " << folder << " cannot be made";
    const std::string offered = " " + content(folder + "/cgroup.controllers") + " ";
    for (const std::string_view one : {std::string_view("memory"), std::string_view("pids")})
      if (offered.find(one) != std::string::npos) plan.controllers.push_back(one);
  }
  void TearDown() override { ::rmdir(folder.c_str()); }

  // What becomes of `body` in a process of its own, which is the one that is moved about.
  template <class Body>
  void elsewhere(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::ofstream(folder + "/cgroup.procs") << "0" << std::flush;
      body();
      std::ofstream(folder + "/../cgroup.procs") << "0" << std::flush;
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  std::string folder;
  CallGroupPlan plan{.owner = {60807, 60807},
                     .slots = 3,
                     .memory_of_one = 1 << 28,
                     .memory_of_all = 1ULL << 32,
                     .controllers = {}};
};

// What the unit of systemd leaves to root: CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER are not among it.
TEST_F(MadeUpTree, NeedsNoPowerOverOtherPeoplesFiles) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give its powers up";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const gid_t group = plan.owner.gid;
    constexpr std::uint32_t kKept = (1U << CAP_SETUID) | (1U << CAP_SETGID);
    __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct caps[2] = {{.effective = kKept, .permitted = kKept, .inheritable = 0}, {}};
    if (::setgroups(1, &group) != 0 || ::syscall(SYS_capset, &head, caps) != 0) ::_exit(2);
    Outcome<CallGroups> groups = CallGroups::make(folder, plan);
    if (!groups) ::_exit(3);
    struct stat about{};
    const bool shared = ::fstat(groups->slots()[0].get(), &about) == 0 && about.st_uid == 0 &&
                        about.st_gid == group && (about.st_mode & 0777) == 0664;
    ::_exit(shared ? 0 : 4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(RealTree, HasTheControllersWhoseLimitsAreTried) {
  if (plan.controllers.size() < 2)
    GTEST_SKIP() << "memory.max and pids.max are not tried here: this machine's cgroup v2 has no memory and "
                    "pids controllers";
  elsewhere([this] {
    Outcome<CallGroups> groups = CallGroups::make(folder, plan);
    ASSERT_TRUE(groups.has_value()) << groups.error();
    EXPECT_EQ(content(folder + "/calls/0/memory.max"), std::to_string(1 << 28) + "\n");
    EXPECT_TRUE(groups->remove());
  });
}

TEST_F(RealTree, LeavesNothingBehindWhenItIsRemoved) {
  elsewhere([this] {
    Outcome<CallGroups> groups = CallGroups::make(folder, plan);
    ASSERT_TRUE(groups.has_value()) << groups.error();
    EXPECT_TRUE(fs::exists(folder + "/calls/2"));
    EXPECT_TRUE(groups->remove());
    EXPECT_FALSE(fs::exists(folder + "/calls"));
    EXPECT_FALSE(fs::exists(folder + "/main"));
  });
  EXPECT_EQ(::rmdir(folder.c_str()), 0) << "somebody is still in it";
}

// As a call child does it: an unprivileged process, through a descriptor that root opened.
TEST_F(RealTree, LetsAnUnprivilegedChildMoveItselfIntoASlotAndNowhereElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  elsewhere([this] {
    Outcome<CallGroups> groups = CallGroups::make(folder, plan);
    ASSERT_TRUE(groups.has_value()) << groups.error();
    const pid_t outside = ::getppid();
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setresuid(60807, 60807, 60807) != 0) ::_exit(2);
      if (::write(groups->slots()[1].get(), "0", 1) != 1) ::_exit(3);
      const base::Fd other(::open((folder + "/calls/0/cgroup.procs").c_str(), O_WRONLY));
      if (other && ::write(other.get(), "0", 1) == 1) ::_exit(4);
      // What root may move and the owner may not: a process outside of ours.
      const std::string outsider = std::to_string(outside);
      if (::write(groups->slots()[0].get(), outsider.data(), outsider.size()) > 0) ::_exit(5);
      for (;;) ::pause();
    }
    char pids[32] = {};
    for (int i = 0; i < 1000 && pids[0] == 0; ++i) {
      ::usleep(2000);
      ASSERT_GE(::pread(groups->slots()[1].get(), pids, sizeof pids - 1, 0), 0);
    }
    EXPECT_EQ(std::string(pids), std::to_string(child) + "\n");
    EXPECT_TRUE(groups->remove()) << "what is still in a slot is ended, and the slot goes";
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_FALSE(fs::exists(folder + "/calls"));
  });
}

TEST_F(RealTree, TakesOverWhatALauncherThatWasKilledLeftBehind) {
  elsewhere([this] {
    ASSERT_TRUE(CallGroups::make(folder, plan).has_value());
    Outcome<CallGroups> again = CallGroups::make(folder, plan);
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_TRUE(again->remove());
    EXPECT_FALSE(fs::exists(folder + "/calls"));
  });
}

}  // namespace
}  // namespace mcpbox::launcher
