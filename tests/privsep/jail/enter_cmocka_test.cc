// The second half of jail entry, C-style: every system call of every step is made to fail once, and where a
// call could claim to have worked and did not, to lie once.  enter() must notice, and name the layer.
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "privsep/jail/jail.h"
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
using mcpbox::policy::kLayerBits;
using mcpbox::policy::kZygoteLayers;
using mcpbox::policy::Layers;
using mcpbox::test::Fault;
using mcpbox::test::Mode;

constexpr std::array kKeep = {0, 1, 2, 3};
constexpr int kLie = 0;
constexpr int kSetMdwe = 65;

// clang-format off
constexpr Fault kFaults[] = {
    // call            selector                      error   the error begins with              test
    { "close_range",   0,                            EPERM,  "jail: descriptors",               "close_range_fails" },
    { "close",         0,                            kLie,   "jail: descriptors",               "close_lies" },
    { "getresuid",     0,                            kLie,   "jail: own-uid",                   "the_saved_uid_is_root" },
    { "getresgid",     0,                            kLie,   "jail: own-uid",                   "the_group_is_root" },
    { "getgroups",     0,                            kLie,   "jail: own-uid",                   "a_supplementary_group_is_left" },
    { "getsockopt",    0,                            kLie,   "jail: own-uid",                   "the_launcher_has_the_same_uid" },
    { "pdeathsig",     0,                            kLie,   "jail: parent-death",              "no_parent_death_signal_is_set" },
    { "setresuid",     0,                            EPERM,  "jail: user-namespace",            "root_exists_in_the_user_namespace" },
    { "open",          1,                            ENOENT, "jail: namespaces",                "the_user_namespace_cannot_be_opened" },
    { "open",          2,                            ENOENT, "jail: namespaces",                "a_namespace_cannot_be_opened" },
    { "getpid",        0,                            kLie,   "jail: pid-namespace",             "it_is_not_the_first_process" },
    { "ioctl",         0,                            EPERM,  "jail: pid-namespace",             "a_namespace_belongs_to_somebody_above" },
    { "mount",         1,                            EPERM,  "jail: empty-root",                "the_mounts_stay_shared" },
    { "mount",         2,                            EPERM,  "jail: empty-root",                "no_tmpfs" },
    { "mount",         2,                            kLie,   "jail: empty-root",                "the_tmpfs_is_a_lie" },
    { "chdir",         0,                            EACCES, "jail: empty-root",                "the_new_root_cannot_be_entered" },
    { "syscall",       SYS_pivot_root,               EINVAL, "jail: empty-root",                "pivot_root_fails" },
    { "syscall",       SYS_pivot_root,               kLie,   "jail: empty-root",                "pivot_root_lies" },
    { "umount2",       0,                            EBUSY,  "jail: empty-root",                "the_old_root_stays" },
    { "umount2",       0,                            kLie,   "jail: empty-root",                "the_old_root_stays_unsaid" },
    { "mount",         3,                            EPERM,  "jail: empty-root",                "the_root_stays_writable" },
    { "mount",         3,                            kLie,   "jail: empty-root",                "the_root_stays_writable_unsaid" },
    { "getrlimit",     0,                            EPERM,  "jail: resource-limits",           "limits_cannot_be_read" },
    { "setrlimit",     0,                            EPERM,  "jail: resource-limits",           "limits_cannot_be_lowered" },
    { "setrlimit",     0,                            kLie,   "jail: resource-limits",           "limits_stay_unsaid" },
    { "syscall",       SYS_capget,                   EPERM,  "jail: no-capabilities",           "capabilities_cannot_be_read" },
    { "prctl",         PR_CAPBSET_DROP,              EPERM,  "jail: no-capabilities",           "the_bounding_set_stays" },
    { "prctl",         PR_CAPBSET_DROP,              kLie,   "jail: no-capabilities",           "the_bounding_set_stays_unsaid" },
    { "prctl",         PR_CAP_AMBIENT,               EPERM,  "jail: no-capabilities",           "the_ambient_set_stays" },
    { "prctl",         PR_CAP_AMBIENT,               kLie,   "jail: no-capabilities",           "the_ambient_set_stays_unsaid" },
    { "syscall",       SYS_capset,                   EPERM,  "jail: no-capabilities",           "capabilities_stay" },
    { "syscall",       SYS_capset,                   kLie,   "jail: no-capabilities",           "capabilities_stay_unsaid" },
    { "prctl",         PR_SET_NO_NEW_PRIVS,          EPERM,  "jail: no-new-privileges",         "no_new_privileges_is_refused" },
    { "prctl",         PR_SET_NO_NEW_PRIVS,          kLie,   "jail: no-new-privileges",         "no_new_privileges_is_a_lie" },
    { "prctl",         PR_SET_DUMPABLE,              EPERM,  "jail: not-dumpable",              "dumpable_is_refused" },
    { "prctl",         PR_SET_DUMPABLE,              kLie,   "jail: not-dumpable",              "dumpable_is_a_lie" },
    { "prctl",         kSetMdwe,                     kLie,   "jail: write-xor-execute",         "write_xor_execute_is_a_lie" },
    { "prctl",         kSetMdwe,                     EINVAL, "jail: write-xor-execute",         "write_xor_execute_is_refused" },
    { "landlock_abi",  0,                            ENOSYS, "jail: landlock",                  "the_kernel_has_no_landlock" },
    { "getsockname",   0,                            EBADF,  "jail: landlock",                  "there_is_no_socket_to_try_the_scopes_with" },
    { "connect",       0,                            kLie,   "jail: landlock",                  "an_abstract_socket_is_still_reachable" },
    { "syscall",       SYS_landlock_create_ruleset,  ENOMEM, "jail: landlock",                  "no_ruleset" },
    { "syscall",       SYS_landlock_restrict_self,   EPERM,  "jail: landlock",                  "landlock_is_refused" },
    { "syscall",       SYS_landlock_restrict_self,   kLie,   "jail: landlock",                  "landlock_is_a_lie" },
    { "bind",          0,                            kLie,   "jail: landlock",                  "tcp_is_still_possible" },
    { "syscall",       SYS_seccomp,                  EACCES, "jail: seccomp",                   "the_filter_is_refused" },
    { "syscall",       SYS_seccomp,                  kLie,   "jail: seccomp",                   "the_filter_is_a_lie" },
};
// clang-format on

Result<Layers> enter_with(const Fault* fault, Layers missing_allowed) {
  const mcpbox::jail::Jail jail = mcpbox::jail::jail_for_zygote(missing_allowed, kKeep);
  mcpbox::test::pretend(Mode::kFake, fault);
  const Result<Layers> on = mcpbox::jail::enter(jail);
  mcpbox::test::stop_pretending();
  return on;
}

void a_fault_is_noticed_and_named(void** state) {
  const auto* fault = static_cast<const Fault*>(*state);
  const Result<Layers> on = enter_with(fault, 0);
  assert_false(on.has_value());
  assert_memory_equal(on.error().text, fault->outcome, std::strlen(fault->outcome));
}

// With every layer given up by name the process goes on, and does not claim the layer that failed.
// Descriptors are no layer: nobody can give them up.
void a_fault_that_was_allowed_is_not_claimed(void** state) {
  const auto* fault = static_cast<const Fault*>(*state);
  const Result<Layers> on = enter_with(fault, ~Layers{0});
  if (std::strcmp(fault->outcome, "jail: descriptors") == 0) {
    assert_false(on.has_value());
    return;
  }
  assert_true(on.has_value());
  assert_int_not_equal(*on & kLayerBits, kZygoteLayers);
}

void without_a_fault_every_layer_is_on(void** /*state*/) {
  const Result<Layers> on = enter_with(nullptr, 0);
  assert_true(on.has_value());
  assert_int_equal(*on & kLayerBits, kZygoteLayers);
  assert_int_equal(mcpbox::test::fake_kernel().held, 0);
  assert_int_equal(mcpbox::test::fake_kernel().bounding, 0);
}

void the_layers_are_entered_in_their_order(void** /*state*/) {
  const mcpbox::jail::Jail jail = mcpbox::jail::jail_for_zygote(0, kKeep);
  expect_function_call(__wrap_syscall);      // pivot_root: Landlock would refuse it
  expect_function_call(__wrap_syscall);      // capset: the root needed them
  expect_function_call(__wrap_prctl);        // no_new_privs: the next two are refused without it
  expect_function_calls(__wrap_syscall, 2);  // Landlock, then seccomp
  mcpbox::test::pretend(Mode::kFake, nullptr);
  mcpbox::test::expect_calls_in_order();
  const Result<Layers> on = mcpbox::jail::enter(jail);
  mcpbox::test::stop_pretending();
  assert_true(on.has_value());
}

void a_listed_descriptor_that_is_not_open_is_refused(void** /*state*/) {
  constexpr std::array kWrong = {0, 1, 2, 77};
  const mcpbox::jail::Jail jail = mcpbox::jail::jail_for_zygote(~Layers{0}, kWrong);
  mcpbox::test::pretend(Mode::kFake, nullptr);
  const Result<Layers> on = mcpbox::jail::enter(jail);
  mcpbox::test::stop_pretending();
  assert_false(on.has_value());
}

constexpr size_t kFaultCount = sizeof kFaults / sizeof kFaults[0];

}  // namespace

int main() {
  CMUnitTest tests[2 * kFaultCount + 3] = {
      cmocka_unit_test(without_a_fault_every_layer_is_on),
      cmocka_unit_test(the_layers_are_entered_in_their_order),
      cmocka_unit_test(a_listed_descriptor_that_is_not_open_is_refused),
  };
  size_t next = 3;
  for (const Fault& fault : kFaults) {
    void* state = const_cast<Fault*>(&fault);
    tests[next++] = {fault.name, a_fault_is_noticed_and_named, nullptr, nullptr, state};
    tests[next++] = {fault.name, a_fault_that_was_allowed_is_not_claimed, nullptr, nullptr, state};
  }
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
