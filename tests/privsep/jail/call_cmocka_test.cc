// A call child's way into its jail, C-style: every system call is made to fail once.  The child must refuse
// to go on, with the exit status that names the step.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "privsep/jail/call.h"
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
using mcpbox::jail::CallJail;
using mcpbox::jail::CallStep;
using mcpbox::policy::Layer;
using mcpbox::policy::Layers;
using mcpbox::test::Fault;
using mcpbox::test::Mode;

constexpr int kMonitorFd = 9;
constexpr int kLie = 0;
constexpr int kWentOn = 7;

struct CallFault {
  Fault fault;
  CallStep step;
};

// clang-format off
constexpr CallFault kFaults[] = {
    { { "dup2",        0,                          EBADF,  "", "its_socket_cannot_be_placed" },      CallStep::kLink },
    { { "prctl",       PR_SET_PDEATHSIG,           EINVAL, "", "it_could_outlive_the_zygote" },      CallStep::kParentDeath },
    { { "pdeathsig",   0,                          kLie,   "", "its_wish_to_die_is_not_heard" },     CallStep::kParentDeath },
    { { "getppid",     0,                          kLie,   "", "the_zygote_is_dead_already" },       CallStep::kParentDeath },
    { { "syscall",     SYS_landlock_restrict_self, EPERM,  "", "landlock_is_refused" },              CallStep::kLandlock },
    { { "syscall",     SYS_landlock_restrict_self, kLie,   "", "landlock_is_a_lie" },                CallStep::kLandlock },
    { { "close_range", 0,                          kLie,   "", "a_descriptor_stays_unsaid" },        CallStep::kDescriptors },
    { { "close_range", 0,                          EINVAL, "", "a_descriptor_of_the_zygote_stays" }, CallStep::kDescriptors },
    { { "getrlimit",   0,                          EPERM,  "", "limits_cannot_be_read" },            CallStep::kLimits },
    { { "setrlimit",   0,                          EPERM,  "", "limits_cannot_be_lowered" },         CallStep::kLimits },
    { { "setrlimit",   0,                          kLie,   "", "limits_stay_unsaid" },               CallStep::kLimits },
    { { "syscall",     SYS_seccomp,                kLie,   "", "the_filter_is_a_lie" },              CallStep::kSeccomp },
    { { "syscall",     SYS_seccomp,                EACCES, "", "the_filter_is_refused" },            CallStep::kSeccomp },
};
// clang-format on

// Everything but the calls under test is real in here, so that the program is made by libseccomp itself.
CallJail* prepared() {
  mcpbox::test::pretend(Mode::kFake, nullptr);
  Result<CallJail> calls = CallJail::prepare(mcpbox::policy::kCallLimits, 0);
  mcpbox::test::stop_pretending();
  return calls ? new CallJail(std::move(*calls)) : nullptr;
}

int prepare_once(void** state) {
  *state = prepared();
  return *state != nullptr ? 0 : -1;
}
int forget(void** state) {
  // The ruleset's descriptor is made up: nothing to close.
  mcpbox::test::pretend(Mode::kFake, nullptr);
  delete static_cast<CallJail*>(*state);
  mcpbox::test::stop_pretending();
  return 0;
}

CallStep reached(const CallJail& calls, const Fault* fault) {
  mcpbox::test::pretend(Mode::kFake, fault);
  const CallStep step = calls.try_enter(kMonitorFd);
  mcpbox::test::stop_pretending();
  return step;
}

void each_fault_stops_it_at_its_step(void** state) {
  const auto& calls = *static_cast<const CallJail*>(*state);
  for (const CallFault& row : kFaults)
    assert_int_equal(static_cast<int>(reached(calls, &row.fault)), static_cast<int>(row.step));
}

void each_fault_ends_the_child_with_the_status_that_names_it(void** state) {
  const auto& calls = *static_cast<const CallJail*>(*state);
  for (const CallFault& row : kFaults) {
    const pid_t child = ::fork();
    if (child == 0) {
      mcpbox::test::pretend(Mode::kFake, &row.fault);
      calls.enter(kMonitorFd);
      ::_exit(kWentOn);
    }
    int status = 0;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), static_cast<int>(row.step));
  }
}

void without_a_fault_it_comes_all_the_way(void** state) {
  const auto& calls = *static_cast<const CallJail*>(*state);
  assert_int_equal(static_cast<int>(reached(calls, nullptr)), static_cast<int>(CallStep::kDone));
  assert_true(mcpbox::test::fake_kernel().landlocked);
  assert_false(mcpbox::test::fake_kernel().filter.empty());
}

constexpr Fault kNoLandlock = {"landlock_abi", 0, ENOSYS, "jail: landlock", "the_kernel_has_no_landlock"};

void without_landlock_it_is_not_prepared(void** /*state*/) {
  mcpbox::test::pretend(Mode::kFake, &kNoLandlock);
  const bool made = CallJail::prepare(mcpbox::policy::kCallLimits, 0).has_value();
  mcpbox::test::stop_pretending();
  assert_false(made);
}

void without_landlock_it_is_prepared_when_that_was_given_up(void** /*state*/) {
  mcpbox::test::pretend(Mode::kFake, &kNoLandlock);
  const bool made =
      CallJail::prepare(mcpbox::policy::kCallLimits, static_cast<Layers>(Layer::kLandlock)).has_value();
  mcpbox::test::stop_pretending();
  assert_true(made);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_fault_stops_it_at_its_step, prepare_once, forget),
      cmocka_unit_test_setup_teardown(each_fault_ends_the_child_with_the_status_that_names_it, prepare_once,
                                      forget),
      cmocka_unit_test_setup_teardown(without_a_fault_it_comes_all_the_way, prepare_once, forget),
      cmocka_unit_test(without_landlock_it_is_not_prepared),
      cmocka_unit_test(without_landlock_it_is_prepared_when_that_was_given_up),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
