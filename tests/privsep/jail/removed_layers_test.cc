// Each layer of each jail is removed in turn, for real: the launcher's side does not make it, or the
// process's own call for it says yes and does nothing.  enter() must notice from inside, and name exactly
// that layer.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/privsep/jail/every_kind.h"
#include "tests/privsep/jail/probe.h"

namespace mcpbox {
namespace {

using policy::Layer;
using test::Kind;
using test::kKinds;
using test::ProbePlan;

class RemovedLayers : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  static void expect_noticed(ProbePlan plan, std::string_view layer) {
    plan.program = MCPBOX_OMITTING_PROBE;
    base::Result<test::Probe> probe = test::start_probe(plan);
    ASSERT_TRUE(probe.has_value()) << probe.error().text;
    const test::ProbeReport report = probe->report();
    const std::string beginning = "jail: " + std::string(layer) + ": ";
    EXPECT_EQ(report.entered, 0u) << plan.kind << " is in its jail without " << layer;
    EXPECT_TRUE(std::string(report.error.data()).starts_with(beginning))
        << plan.kind << ", " << plan.omitted << " left out: " << test::without(report);
    probe->end();
  }

  // The ways to be without this layer, of which every one must be noticed.
  static std::vector<ProbePlan> without(Layer layer) {
    const auto [name, layers] = GetParam();
    const ProbePlan whole{.kind = name, .made = layers};
    const auto omitting = [&](std::initializer_list<const char*> calls) {
      std::vector<ProbePlan> plans;
      for (const char* call : calls) {
        plans.push_back(whole);
        plans.back().omitted = call;
      }
      return plans;
    };
    switch (layer) {
      case Layer::kOwnUid:
        return {{.kind = name, .made = layers, .expected_uid = test::kProbeUid + 1}};
      case Layer::kParentDeath:
        return {{.kind = name, .made = layers, .death_signal = SIGTERM}};
      case Layer::kUserNamespace:
      case Layer::kPidNamespace:
      case Layer::kNetNamespace:
      case Layer::kMountNamespace:
      case Layer::kIpcNamespace:
      case Layer::kUtsNamespace:
      case Layer::kCgroupNamespace:
        return {{.kind = name, .made = layers & ~static_cast<policy::Layers>(layer)}};
      case Layer::kEmptyRoot:
        return omitting({"pivot-root", "umount", "remount-read-only"});
      case Layer::kResourceLimits:
        return omitting({"setrlimit"});
      case Layer::kNoCapabilities:
        // The monitor has no power over its bounding set.  The ambient set needs no case: it empties itself
        // when what is inheritable goes.
        return std::strcmp(name, "monitor") == 0 ? omitting({"capset"})
                                                 : omitting({"capset", "bounding-set"});
      case Layer::kNoNewPrivileges:
        return omitting({"no-new-privs"});
      case Layer::kNotDumpable:
        return omitting({"dumpable"});
      case Layer::kLandlock:
        return omitting({"landlock"});
      case Layer::kSeccomp:
        return omitting({"seccomp"});
    }
    return {};
  }
};

INSTANTIATE_TEST_SUITE_P(OfEveryKind, RemovedLayers, ::testing::ValuesIn(kKinds),
                         [](const auto& test) { return std::string(test.param.name); });

// Over the table of layers, so that a new one cannot be forgotten here.
TEST_P(RemovedLayers, AreEachNoticedAndNamed) {
  for (const policy::LayerName& row : policy::kLayerNames) {
    if (!policy::contains(GetParam().layers, row.layer)) continue;
    const std::vector<ProbePlan> ways = without(row.layer);
    EXPECT_FALSE(ways.empty()) << "no test removes " << row.name;
    for (const ProbePlan& plan : ways) expect_noticed(plan, row.name);
  }
}

TEST_P(RemovedLayers, IncludeADescriptorThatStaysOpen) {
  expect_noticed({.kind = GetParam().name, .made = GetParam().layers, .omitted = "close", .unlisted_fd = 9},
                 "descriptors");
}

TEST_P(RemovedLayers, IncludeTheBetterFormOfMemoryWhereTheKernelHasIt) {
  if (!test::offers().write_xor_execute)
    GTEST_SKIP() << "this kernel has no PR_SET_MDWE, or is not asked for it";
  expect_noticed({.kind = GetParam().name, .made = GetParam().layers, .omitted = "write-xor-execute"},
                 "write-xor-execute");
}

// The same program with nothing left out comes in: what is noticed above is the omission.
TEST_P(RemovedLayers, AreNotMissedWhenNothingIsRemoved) {
  base::Result<test::Probe> probe = test::start_probe(
      {.kind = GetParam().name, .made = GetParam().layers, .program = MCPBOX_OMITTING_PROBE});
  ASSERT_TRUE(probe.has_value()) << probe.error().text;
  EXPECT_EQ(probe->report().entered, 1u);
  EXPECT_EQ(probe->end(), 0);
}

// Started by hand as root, past the launcher's side altogether.
TEST_P(RemovedLayers, IncludeTheUidOfRootItself) {
  test::Link link = test::make_link();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::dup2(link.theirs.get(), test::kProbeLink) < 0) ::_exit(3);
    ::execl(MCPBOX_OMITTING_PROBE, MCPBOX_OMITTING_PROBE, GetParam().name, "0", "0", "offered", "nothing",
            nullptr);
    ::_exit(4);
  }
  link.theirs.reset();
  test::Probe probe{.child = {.pid = child, .pidfd = {}}, .link = std::move(link.ours)};
  const test::ProbeReport report = probe.report();
  EXPECT_EQ(report.entered, 0u);
  EXPECT_STREQ(report.error.data(), "jail: own-uid: this is root");
  probe.end();
}

}  // namespace
}  // namespace mcpbox
