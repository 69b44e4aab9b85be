// The launcher's half, C-style, with real processes: every system call between clone and exec is made to fail
// once, on either side.  spawn() must say which step it was, and leave no process behind.
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "privsep/jail/spawn_side.h"
#include "tests/privsep/jail/fake_kernel.h"

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace {

using mcpbox::base::Result;
using mcpbox::base::Why;
using mcpbox::jail::DescriptorMove;
using mcpbox::jail::SpawnPlan;
using mcpbox::test::Fault;
using mcpbox::test::Mode;

constexpr uid_t kSomebody = 60802;
constexpr int kLie = 0;
const char* const kTrue[] = {"/bin/true", nullptr};

// clang-format off
constexpr Fault kFaults[] = {
    // call            selector            error    the error begins with          test
    { "open",          3,                  ENOENT,  "spawn: exec",                 "the_program_cannot_be_opened" },
    { "socketpair",    0,                  EMFILE,  "spawn: descriptors",          "no_socket_to_the_child" },
    { "syscall",       SYS_clone3,         EPERM,   "spawn: namespaces",           "clone_is_refused" },
    { "open",          1,                  EACCES,  "spawn: user-namespace",       "the_id_map_cannot_be_written" },
    { "open",          4,                  EACCES,  "spawn: oom-order",            "its_place_among_victims_is_refused" },
    { "recv",          1,                  kLie,    "spawn: user-namespace",       "the_launcher_ends_before_the_maps_are_written" },
    { "setsid",        0,                  EPERM,   "spawn: session",              "it_cannot_leave_the_terminal" },
    { "chdir",         0,                  EACCES,  "spawn: session",              "it_cannot_leave_the_folder" },
    { "prctl",         PR_CAPBSET_DROP,    EPERM,   "spawn: no-capabilities",      "the_bounding_set_stays" },
    { "setgroups",     0,                  EPERM,   "spawn: own-uid",              "supplementary_groups_stay" },
    { "setresgid",     0,                  EPERM,   "spawn: own-uid",              "the_group_stays" },
    { "setresuid",     0,                  EAGAIN,  "spawn: own-uid",              "the_uid_stays" },
    { "prctl",         PR_SET_KEEPCAPS,    EPERM,   "spawn: no-capabilities",      "capabilities_would_be_lost" },
    { "syscall",       SYS_capset,         EPERM,   "spawn: no-capabilities",      "capabilities_stay" },
    { "prctl",         PR_CAP_AMBIENT,     EPERM,   "spawn: no-capabilities",      "the_ambient_set_cannot_be_raised" },
    { "prctl",         PR_SET_PDEATHSIG,   EINVAL,  "spawn: parent-death",         "the_parent_death_signal_is_refused" },
    { "recv",          2,                  kLie,    "spawn: parent-death",         "the_launcher_is_dead_already" },
    { "open",          2,                  ENOENT,  "spawn: descriptors",          "there_is_no_dev_null" },
    { "fcntl",         F_DUPFD_CLOEXEC,    EMFILE,  "spawn: descriptors",          "a_descriptor_cannot_be_parked" },
    { "close_range",   0,                  EINVAL,  "spawn: descriptors",          "descriptors_stay_inheritable" },
    { "dup2",          0,                  EBADF,   "spawn: descriptors",          "a_descriptor_cannot_be_placed" },
    { "syscall",       SYS_execveat,       EACCES,  "spawn: exec",                 "exec_is_refused" },
};
// clang-format on

bool is_root() { return ::geteuid() == 0; }

SpawnPlan plan_for(const char* const* argv) {
  SpawnPlan plan;
  plan.path = argv[0];
  plan.argv = argv;
  plan.uid = is_root() ? kSomebody : ::geteuid();
  plan.gid = is_root() ? kSomebody : ::getegid();
  plan.namespaces = CLONE_NEWUSER | CLONE_NEWNS;
  plan.oom_score_adj = 900;
  return plan;
}

// The only child there can be is the one that spawn() returned.
bool nobody_is_left() { return ::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD; }

void a_fault_is_named_and_leaves_nobody(void** state) {
  const auto* fault = static_cast<const Fault*>(*state);
  // Without root there are no groups to drop: the step does not happen.
  if (std::strcmp(fault->call, "setgroups") == 0 && !is_root()) skip();
  const SpawnPlan plan = plan_for(kTrue);
  mcpbox::test::pretend(Mode::kReal, fault);
  const auto child = mcpbox::jail::spawn(plan);
  mcpbox::test::stop_pretending();
  assert_false(child.has_value());
  assert_memory_equal(child.error().text, fault->outcome, std::strlen(fault->outcome));
  if (fault->error != kLie) assert_int_equal(child.error().sys_errno, fault->error);
  assert_true(nobody_is_left());
}

int status_of(const SpawnPlan& plan) {
  const auto child = mcpbox::jail::spawn(plan);
  if (!child) return -1;
  int status = -1;
  return ::waitpid(child->pid, &status, 0) == child->pid ? status : -1;
}

void without_a_fault_the_program_runs(void** /*state*/) { assert_int_equal(status_of(plan_for(kTrue)), 0); }

void a_program_that_does_not_exist_is_named(void** /*state*/) {
  const char* const argv[] = {"/nonexistent", nullptr};
  const auto child = mcpbox::jail::spawn(plan_for(argv));
  assert_false(child.has_value());
  assert_int_equal(child.error().sys_errno, ENOENT);
}

void a_program_that_is_none_is_named(void** /*state*/) {
  const char* const argv[] = {"/etc/passwd", nullptr};
  const auto child = mcpbox::jail::spawn(plan_for(argv));
  assert_false(child.has_value());
  assert_string_equal(child.error().text, "spawn: exec: the program does not start");
  assert_int_equal(child.error().sys_errno, EACCES);
  assert_true(nobody_is_left());
}

Why reason_for(const SpawnPlan& plan) {
  const auto child = mcpbox::jail::spawn(plan);
  return child ? Why::kBusy : child.error().why;
}

void a_plan_that_makes_no_sense_is_refused(void** /*state*/) {
  SpawnPlan root = plan_for(kTrue);
  root.uid = 0;
  assert_int_equal(static_cast<int>(reason_for(root)), static_cast<int>(Why::kInvalid));
  SpawnPlan group = plan_for(kTrue);
  group.gid = 0;
  assert_int_equal(static_cast<int>(reason_for(group)), static_cast<int>(Why::kInvalid));
  SpawnPlan nothing = plan_for(kTrue);
  nothing.argv = nullptr;
  assert_int_equal(static_cast<int>(reason_for(nothing)), static_cast<int>(Why::kInvalid));
  const DescriptorMove high[] = {{.from = 0, .to = 256}};
  SpawnPlan far = plan_for(kTrue);
  far.descriptors = high;
  assert_int_equal(static_cast<int>(reason_for(far)), static_cast<int>(Why::kInvalid));
  const DescriptorMove many[mcpbox::jail::kMaxDescriptorMoves + 1] = {};
  SpawnPlan long_list = plan_for(kTrue);
  long_list.descriptors = many;
  assert_int_equal(static_cast<int>(reason_for(long_list)), static_cast<int>(Why::kInvalid));
}

// The two ends of a pipe change numbers, and a third descriptor, left open by mistake, stays behind.
void the_listed_descriptors_arrive_even_when_numbers_cross(void** /*state*/) {
  int ends[2];
  assert_return_code(::pipe(ends), errno);
  constexpr int kLeaked = 100;
  assert_int_equal(::dup2(ends[0], kLeaked), kLeaked);
  char read_end[16];
  std::snprintf(read_end, sizeof read_end, "%d", ends[0]);
  const char* const argv[] = {"/bin/sh", "-c",     "printf crossed >&$1 && test ! -e /proc/$$/fd/100",
                              "sh",      read_end, nullptr};
  const DescriptorMove crossed[] = {{.from = ends[0], .to = ends[1]}, {.from = ends[1], .to = ends[0]}};
  SpawnPlan plan = plan_for(argv);
  plan.descriptors = crossed;
  assert_int_equal(status_of(plan), 0);

  char written[16] = {};
  assert_int_equal(::read(ends[0], written, sizeof written - 1), 7);
  assert_string_equal(written, "crossed");
  for (const int fd : {ends[0], ends[1], kLeaked}) ::close(fd);
}

void the_environment_is_empty_unless_given(void** /*state*/) {
  const char* const argv[] = {"/bin/sh", "-c", "test \"$(tr '\\0' '\\n' < /proc/$$/environ)\" = \"$1\"",
                              "sh",      "",   nullptr};
  assert_int_equal(status_of(plan_for(argv)), 0);
  const char* const given[] = {"LC_ALL=C", nullptr};
  const char* const argv_given[] = {argv[0], argv[1], argv[2], argv[3], "LC_ALL=C", nullptr};
  SpawnPlan plan = plan_for(argv_given);
  plan.environment = given;
  assert_int_equal(status_of(plan), 0);
}

constexpr size_t kFaultCount = sizeof kFaults / sizeof kFaults[0];

}  // namespace

int main() {
  CMUnitTest tests[kFaultCount + 6] = {
      cmocka_unit_test(without_a_fault_the_program_runs),
      cmocka_unit_test(a_program_that_does_not_exist_is_named),
      cmocka_unit_test(a_program_that_is_none_is_named),
      cmocka_unit_test(a_plan_that_makes_no_sense_is_refused),
      cmocka_unit_test(the_listed_descriptors_arrive_even_when_numbers_cross),
      cmocka_unit_test(the_environment_is_empty_unless_given),
  };
  size_t next = 6;
  for (const Fault& fault : kFaults)
    tests[next++] = {fault.name, a_fault_is_named_and_leaves_nobody, nullptr, nullptr,
                     const_cast<Fault*>(&fault)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
