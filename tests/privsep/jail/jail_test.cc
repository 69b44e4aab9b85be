// Real processes in real jails: started by jail::spawn(), jailed by jail::enter(), looked at from outside.
#include "privsep/jail/jail.h"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/privsep/jail/every_kind.h"
#include "tests/privsep/jail/probe.h"

namespace mcpbox {
namespace {

using policy::Layer;
using test::Kind;
using test::kKinds;
using test::Probe;
using test::ProbePlan;
using test::ProbeReport;

class Jails : public ::testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(OfEveryKind, Jails, ::testing::ValuesIn(kKinds),
                         [](const auto& test) { return std::string(test.param.name); });

void expect_layers(const ProbePlan& plan, policy::Layers wanted) {
  base::Result<Probe> probe = test::start_probe(plan);
  ASSERT_TRUE(probe.has_value()) << probe.error().text << " " << probe.error().sys_errno;
  const ProbeReport report = probe->report();
  EXPECT_EQ(report.entered, 1u) << plan.kind << ": " << test::without(report);
  for (const policy::LayerName& row : policy::kLayerNames)
    EXPECT_EQ(policy::contains(report.layers, row.layer), policy::contains(wanted, row.layer)) << row.name;
  EXPECT_EQ(probe->end(), 0) << plan.kind;
}

void expect_refusal(const ProbePlan& plan, const std::string& beginning) {
  base::Result<Probe> probe = test::start_probe(plan);
  ASSERT_TRUE(probe.has_value()) << probe.error().text << " " << probe.error().sys_errno;
  const ProbeReport report = probe->report();
  EXPECT_EQ(report.entered, 0u) << plan.kind;
  EXPECT_TRUE(std::string(report.error.data()).starts_with(beginning)) << test::without(report);
  probe->end();
}

TEST_P(Jails, HaveEveryLayerWhenRootStartsThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto [name, layers] = GetParam();
  expect_layers({.kind = name, .made = layers, .expected_uid = test::kProbeUid}, layers);
}

TEST_P(Jails, HaveEveryLayerButTheirOwnUidWhenAnOrdinaryUserStartsThem) {
  const auto [name, layers] = GetParam();
  const policy::Layers own_uid = static_cast<policy::Layers>(Layer::kOwnUid);
  test::as_ordinary_user(
      [&] { expect_layers({.kind = name, .made = layers, .missing_allowed = own_uid}, layers & ~own_uid); });
}

TEST_P(Jails, DoNotPretendToHaveTheirOwnUidWhenAnOrdinaryUserStartsThem) {
  const auto [name, layers] = GetParam();
  test::as_ordinary_user([&] { expect_refusal({.kind = name, .made = layers}, "jail: own-uid"); });
}

TEST_P(Jails, AreRefusedUnderAnotherUidThanExpected) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto [name, layers] = GetParam();
  expect_refusal({.kind = name, .made = layers, .expected_uid = test::kProbeUid + 1}, "jail: own-uid");
}

TEST_P(Jails, AreRefusedToAProcessThatCouldOutliveTheLauncher) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto [name, layers] = GetParam();
  expect_refusal({.kind = name, .made = layers, .death_signal = SIGTERM}, "jail: parent-death");
}

// What a launcher that forgot one namespace would start.
TEST(Jail, IsRefusedWhenANamespaceIsMissingAndNamesIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr Layer kSpaces[] = {Layer::kPidNamespace, Layer::kNetNamespace, Layer::kMountNamespace,
                               Layer::kIpcNamespace, Layer::kUtsNamespace, Layer::kCgroupNamespace};
  for (const Layer missing : kSpaces) {
    std::string name;
    for (const policy::LayerName& row : policy::kLayerNames)
      if (row.layer == missing) name = row.name;
    const policy::Layers made = policy::kZygoteLayers & ~static_cast<policy::Layers>(missing);
    expect_refusal({.kind = "zygote", .made = made}, "jail: " + name);
  }
}

TEST(Jail, NeverTouchesTheMachinesMountsWithoutAUserNamespace) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  expect_refusal({.kind = "gateway", .made = 0}, "jail: user-namespace");
  const policy::Layers spaces =
      policy::kNamespaceLayers;  // given up, and still no reason to pivot the machine's root
  expect_refusal({.kind = "gateway", .made = 0, .missing_allowed = spaces}, "jail: empty-root: ");
}

// CAP_SYS_RESOURCE, which root has not everywhere.
bool may_stay_behind_others() {
  const pid_t child = ::fork();
  if (child == 0) {
    std::ofstream score("/proc/self/oom_score_adj");
    score << "-1" << std::flush;
    ::_exit(score.good() ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

void expect_place(int score) {
  base::Result<Probe> probe = test::start_probe({.oom_score_adj = score});
  ASSERT_TRUE(probe.has_value()) << probe.error().text;
  EXPECT_EQ(probe->report().entered, 1u);
  EXPECT_EQ(probe->proc("oom_score_adj"), std::to_string(score) + "\n");
  probe->end();
}

// Before it can do anything about it, and so that it cannot take it back.
TEST(Jail, GoesBeforeOthersWhenMemoryRunsOutWhereTheLauncherSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  for (const int score : {1000, 900, 0}) expect_place(score);
}

TEST(Jail, StaysAfterOthersWhenMemoryRunsOutWhereTheLauncherSaysSo) {
  if (!may_stay_behind_others()) GTEST_SKIP() << "only CAP_SYS_RESOURCE may lower oom_score_adj";
  expect_place(-900);
}

TEST(Jail, OfATrialGoesFirstWhereItShouldAndStaysWhereItMayNotBeMoved) {
  test::as_ordinary_user([] {
    const policy::Layers own_uid = static_cast<policy::Layers>(Layer::kOwnUid);
    for (const auto& [score, becomes] : {std::pair{900, "900\n"}, {-900, "0\n"}}) {
      base::Result<Probe> probe = test::start_probe({.missing_allowed = own_uid, .oom_score_adj = score});
      ASSERT_TRUE(probe.has_value()) << probe.error().text;
      EXPECT_EQ(probe->report().entered, 1u);
      EXPECT_EQ(probe->proc("oom_score_adj"), becomes);
      probe->end();
    }
  });
}

TEST(Jail, IsEnteredWithoutALayerThatWasGivenUpByName) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const policy::Layers network = static_cast<policy::Layers>(Layer::kNetNamespace);
  expect_layers({.kind = "gateway", .made = policy::kGatewayLayers & ~network, .missing_allowed = network},
                policy::kGatewayLayers & ~network);
}

TEST(Jail, CountsALayerAsOnWheneverItIsEvenIfItWasGivenUp) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  expect_layers({.missing_allowed = policy::kGatewayLayers}, policy::kGatewayLayers);
}

class AJailedProcess : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to look at it";
    base::Result<Probe> started = test::start_probe({.kind = GetParam().name, .made = GetParam().layers});
    ASSERT_TRUE(started.has_value()) << started.error().text;
    probe = std::move(*started);
    ASSERT_EQ(probe.report().entered, 1u);
  }
  void TearDown() override {
    if (probe.link) probe.end();
  }
  Probe probe;
};

INSTANTIATE_TEST_SUITE_P(OfEveryKind, AJailedProcess, ::testing::ValuesIn(kKinds),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(AJailedProcess, HasItsUidInEveryPlaceAndNoGroups) {
  const std::string uid = std::to_string(test::kProbeUid);
  EXPECT_EQ(probe.status("Uid"), uid + " " + uid + " " + uid + " " + uid);
  EXPECT_EQ(probe.status("Gid"), uid + " " + uid + " " + uid + " " + uid);
  EXPECT_EQ(probe.status("Groups"), "");
}

TEST_P(AJailedProcess, HasNoCapabilityButTheMonitorsToEndCalls) {
  const bool monitor = std::string(GetParam().name) == "monitor";
  const std::string kept = monitor ? "0000000000000020" : "0000000000000000";
  EXPECT_EQ(probe.status("CapEff"), kept);
  EXPECT_EQ(probe.status("CapPrm"), kept);
  EXPECT_EQ(probe.status("CapBnd"), kept);
  EXPECT_EQ(probe.status("CapInh"), "0000000000000000");
  EXPECT_EQ(probe.status("CapAmb"), "0000000000000000");
}

TEST_P(AJailedProcess, IsFilteredAndCannotGainPrivileges) {
  EXPECT_EQ(probe.status("Seccomp"), "2");
  EXPECT_EQ(probe.status("NoNewPrivs"), "1");
}

TEST_P(AJailedProcess, HoldsTheListedDescriptorsOnly) {
  EXPECT_EQ(probe.names_in("fd"), (std::set<std::string>{"0", "1", "2", "3"}));
}

TEST_P(AJailedProcess, SeesNothingOfTheMachine) {
  if (std::string(GetParam().name) == "monitor")
    GTEST_SKIP() << "the monitor lives in the machine's tree, under Landlock";
  // The dialer looks names up: it is shown where this machine keeps them, to read, and nothing else.
  const bool dialer = std::string(GetParam().name) == "dialer";
  const std::vector<const char*> shown = dialer ? jail::name_service_paths() : std::vector<const char*>{};
  std::set<std::string> tops, places;
  for (const std::string_view path : shown) {
    tops.emplace(path.substr(1, path.find('/', 1) - 1));
    places.emplace(path);
  }
  EXPECT_EQ(probe.names_in("root"), tops);
  EXPECT_EQ(probe.proc("uid_map"), "     60802      60802          1\n");
  EXPECT_EQ(probe.proc("gid_map"), "     60802      60802          1\n");
  std::istringstream mounts(probe.proc("mounts"));
  std::string line;
  std::getline(mounts, line);
  EXPECT_TRUE(line.starts_with("mcpbox / tmpfs ro,")) << line;
  std::set<std::string> mounted;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string device, place, type, options;
    words >> device >> place >> type >> options;
    EXPECT_TRUE(options.starts_with("ro,nosuid,nodev,noexec")) << line;
    mounted.insert(place);
  }
  EXPECT_EQ(mounted, places);
}

TEST_P(AJailedProcess, ShowsItsRoleInPsAndNothingOfItsArguments) {
  EXPECT_EQ(probe.proc("comm"), "[probe]\n");
  const std::string shown = probe.proc("cmdline");
  EXPECT_STREQ(shown.c_str(), "mcpbox: [probe]");
  EXPECT_EQ(shown.find(GetParam().name, std::string("mcpbox: [probe]").size()), std::string::npos);
}

TEST_P(AJailedProcess, HasAnEmptyEnvironmentAndASessionOfItsOwn) {
  EXPECT_EQ(probe.proc("environ"), "");
  std::istringstream stat(probe.proc("stat"));
  std::string pid, name, state, parent, group, session, terminal;
  stat >> pid >> name >> state >> parent >> group >> session >> terminal;
  EXPECT_EQ(session, pid);
  EXPECT_EQ(terminal, "0");
}

TEST_P(AJailedProcess, DiesByTheFilterWhenItIsMadeToDoSomethingElse) {
  ASSERT_EQ(::send(probe.link.get(), &test::kTryForbidden, 1, 0), 1);
  const int status = probe.end();
  if (std::string(GetParam().name) == "zygote") {
    // Stage 1 refuses and does not kill: a kill would hide the errors that stage 2 gives.
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EPERM) << status;
    return;
  }
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

// The test holds the link open all the while, so the end of the link is not what ends the process.
TEST_P(Jails, DoNotOutliveTheLauncher) {
  test::Link link = test::make_link();
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphan becomes ours to wait for
  const pid_t launcher = ::fork();
  if (launcher == 0) {
    const policy::Layers own_uid = static_cast<policy::Layers>(Layer::kOwnUid);
    const base::Result<jail::Spawned> child = test::start_probe(
        {.kind = GetParam().name, .made = GetParam().layers, .missing_allowed = own_uid}, link.theirs);
    if (!child || ::write(told[1], &child->pid, sizeof(pid_t)) != sizeof(pid_t)) ::_exit(1);
    for (;;) ::pause();
  }
  link.theirs.reset();
  ::close(told[1]);
  pid_t orphan = 0;
  ASSERT_EQ(::read(told[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  ::close(told[0]);
  const Probe probe{.child = {.pid = orphan, .pidfd = {}}, .link = std::move(link.ours)};
  ASSERT_EQ(probe.report().entered, 1u);

  ::kill(launcher, SIGKILL);
  ASSERT_EQ(::waitpid(launcher, nullptr, 0), launcher);
  int status = 0;
  ASSERT_EQ(::waitpid(orphan, &status, 0), orphan);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace mcpbox
