// mirrors privsep/monitor/self_attack.cc: with a launcher and an attacker that the test plays.
#include "privsep/monitor/self_attack.h"

#include <sys/wait.h>

#include <optional>
#include <thread>

#include "privsep/wire/blocking.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::AttackReport;
using protocol::Role;
using protocol::State;

class SelfAttackTest : public MonitorTest {
 public:
  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  SelfAttackTest() { root->person = {.who = "root", .uid = 0}; }

  // What the monitor makes of an attacker that answers this; nullopt: it ends without an answer.
  base::Result<AttackReport> attacked(std::optional<AttackReport> answer, bool long_corpus = false) {
    Pair pair = socket_pair(SOCK_STREAM);
    // cppcheck-suppress danglingLifetime ; it is called while this function waits, and only then
    launcher.on_spawn = [this, &pair](Role role) -> base::Result<Spawned> {
      spawned_role = role;
      const pid_t pid = some_process();
      base::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      return Spawned{.link = std::move(pair.ours), .pidfd = std::move(pidfd), .pid = pid};
    };
    std::thread attacker([this, &pair, &answer] {
      base::Result<wire::Frame> order = wire::read_frame(pair.theirs.get(), 1024);
      ASSERT_TRUE(order.has_value());
      const wire::Header header = order->header;
      const base::Result<protocol::Attack> attack = wire::decode<protocol::Attack>(*order);
      ordered_long = attack && attack->long_corpus;
      if (answer)
        std::ignore = wire::write_message(pair.theirs.get(), wire::FrameKind::kReply, header.op,
                                          header.serial, *answer);
      pair.theirs.reset();
    });
    base::Result<AttackReport> report = finish(on_self_attack(monitor, *root, {.long_corpus = long_corpus}));
    attacker.join();
    return report;
  }

  Role spawned_role = Role::kCtl;
  bool ordered_long = false;

 private:
  // One that the monitor may kill.
  static pid_t some_process() {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::close_range(3, ~0U, 0);  // the attacker's end of the link, above all
    ::pause();
    ::_exit(0);
  }
};

TEST_F(SelfAttackTest, IsDoneByAProcessOfItsOwnAndRecorded) {
  const base::Result<AttackReport> report = attacked(AttackReport{.attempts = 2000, .elapsed_ms = 5});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(spawned_role, Role::kAttack);
  EXPECT_FALSE(ordered_long);
  EXPECT_EQ(monitor.self_attacks.last(), "2000 attempts to leave the jail of a call, none succeeded (5 ms)");
  ASSERT_EQ(store.records.size(), 1u);
  EXPECT_EQ(store.records[0].action, "self_attack");
  EXPECT_EQ(store.records[0].actor, "root");
}

TEST_F(SelfAttackTest, PassesOnThatTheLongCorpusIsWanted) {
  ASSERT_TRUE(attacked(AttackReport{.attempts = 1}, true).has_value());
  EXPECT_TRUE(ordered_long);
}

TEST_F(SelfAttackTest, NamesEveryHole) {
  AttackReport holes{.attempts = 10, .holes = 2};
  holes.first = {{.name = "open", .expected = "EACCES", .found = "success"},
                 {.name = "socket", .expected = "EACCES", .found = "success"}};
  const base::Result<AttackReport> report = attacked(holes);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->holes, 2u);
  EXPECT_EQ(monitor.self_attacks.last(),
            "10 attempts to leave the jail of a call, 2 did not end as they must: open, socket");
  EXPECT_EQ(store.records[0].number, 2);
}

TEST_F(SelfAttackTest, LongNamesStillFitIntoTheStatus) {
  AttackReport holes{.attempts = 10, .holes = 16};
  for (int i = 0; i < 16; ++i) holes.first.push_back({.name = std::string(128, 'n')});
  ASSERT_TRUE(attacked(holes).has_value());
  EXPECT_LE(monitor.self_attacks.last().size(), 256u);
}

TEST_F(SelfAttackTest, AnAttackerThatDoesNotAnswerIsAsBadAsAHole) {
  const base::Result<AttackReport> report = attacked(std::nullopt);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().why, base::Why::kBroken);
  EXPECT_TRUE(store.records.empty());
}

TEST_F(SelfAttackTest, LeavesNoProcessBehind) {
  ASSERT_TRUE(attacked(AttackReport{.attempts = 1}).has_value());
  int status = 0;
  ASSERT_GT(::waitpid(-1, &status, 0), 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST_F(SelfAttackTest, ThatIsNotRecordedIsNotReported) {
  store.broken = true;
  EXPECT_FALSE(attacked(AttackReport{.attempts = 1}).has_value());
}

TEST_F(SelfAttackTest, MayNotBeOrderedByWhoMayNotDecide) {
  EXPECT_EQ(send(peer(Role::kCtl, State::kServing), protocol::SelfAttack{}), Verdict::kKillPeer);
  EXPECT_EQ(send(peer(Role::kNetLocal, State::kServing), protocol::SelfAttack{}), Verdict::kKillPeer);
  EXPECT_EQ(send(peer(Role::kZygote, State::kServing), protocol::SelfAttack{}), Verdict::kKillPeer);
}

}  // namespace
}  // namespace mcpbox::monitor
