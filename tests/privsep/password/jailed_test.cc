// The real mcpbox-password, started as the launcher starts it, answering in its jail: Argon2id must get by
// with what the seccomp table and the rlimits leave it.
#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>

#include "policy/layers.h"
#include "privsep/jail/spawn_side.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox::password {
namespace {

using protocol::CheckPassword;
using protocol::HashPassword;

constexpr uid_t kUid = 60808;
constexpr std::string_view kPassword = "correct horse battery staple";

class Jailed : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_GE(sodium_init(), 0);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    link_.reset(ends[0]);
    const base::Fd theirs(ends[1]);
    const bool root = ::geteuid() == 0;
    // An ordinary user has one uid for all.
    const policy::Layers missing = root ? 0 : static_cast<policy::Layers>(policy::Layer::kOwnUid);
    char mask[16] = {};
    std::snprintf(mask, sizeof mask, "0x%x", missing);
    const char* const argv[] = {
        "mcpbox-password [password]", "--role", "password", "--allow-missing", mask, nullptr};
    const jail::DescriptorMove moves[] = {{theirs.get(), 3}};
    jail::SpawnPlan plan{.path = PASSWORD_PROGRAM, .argv = argv};
    plan.uid = root ? kUid : ::geteuid();
    plan.gid = root ? kUid : ::getegid();
    plan.namespaces = jail::namespaces_for(policy::kPasswordLayers);
    plan.descriptors = moves;
    base::Result<jail::Spawned> child = jail::spawn(plan);
    if (!child && !root) GTEST_SKIP() << "no user namespaces for this user: " << child.error().text;
    ASSERT_TRUE(child) << child.error().text << " " << child.error().sys_errno;
    pid_ = child->pid;
  }

  template <class Order>
  base::Result<typename Order::Reply> ask(Order order) {
    EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kRequest,
                                    static_cast<std::uint16_t>(Order::kOp), 1, order));
    base::Result<wire::Frame> frame = wire::read_frame(link_.get(), 4096);
    if (!frame) return std::unexpected(frame.error());
    return wire::decode<typename Order::Reply>(*frame);
  }
  int ended() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    return status;
  }

  base::Fd link_;
  pid_t pid_ = -1;
};

TEST_F(Jailed, HashesAndExits) {
  const base::Result<protocol::PasswordHash> made = ask(HashPassword{.password = kPassword});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(crypto_pwhash_str_verify(made->hash.c_str(), kPassword.data(), kPassword.size()), 0);
  EXPECT_EQ(ended(), 0);
}

TEST_F(Jailed, ChecksAndExits) {
  char hash[crypto_pwhash_STRBYTES] = {};
  ASSERT_EQ(crypto_pwhash_str(hash, kPassword.data(), kPassword.size(), 1, 8 << 20), 0);
  const base::Result<protocol::PasswordVerdict> verdict =
      ask(CheckPassword{.password = kPassword, .hash = std::string_view(hash)});
  ASSERT_TRUE(verdict) << verdict.error().text;
  EXPECT_TRUE(verdict->matches);
  EXPECT_EQ(ended(), 0);
}

TEST_F(Jailed, AHashThatWantsTheMachinesMemoryMatchesNothingAndHarmsNothing) {
  const base::Result<protocol::PasswordVerdict> verdict =
      ask(CheckPassword{.password = kPassword,
                        .hash = std::string_view("$argon2id$v=19$m=4194304,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")});
  ASSERT_TRUE(verdict) << verdict.error().text;
  EXPECT_FALSE(verdict->matches);
  EXPECT_EQ(ended(), 0);
}

TEST_F(Jailed, AMonitorThatAsksNothingIsACleanEnd) {
  link_.reset();
  EXPECT_EQ(ended(), 0);
}

TEST(Unjailed, WithoutTheLaunchersNamespacesItAnswersNothing) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const base::Fd ours(ends[0]);
  base::Fd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(theirs.get(), 3);
    ::execl(PASSWORD_PROGRAM, "mcpbox-password", "--role", "password", "--allow-missing", "0x0", nullptr);
    ::_exit(125);
  }
  theirs.reset();
  HashPassword order{.password = kPassword};
  std::ignore = wire::write_message(ours.get(), wire::FrameKind::kRequest,
                                    static_cast<std::uint16_t>(HashPassword::kOp), 1, order);
  EXPECT_FALSE(wire::read_frame(ours.get(), 4096)) << "no answer";
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 78) << status;
}

}  // namespace
}  // namespace mcpbox::password
