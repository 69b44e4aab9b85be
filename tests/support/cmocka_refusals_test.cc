// The hostile twin of cmocka_vocabulary_test.cc: every test in here must fail, with either library.  A test
// that cannot fail proves nothing.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace {

int disk_read(int sector, const char* label) {
  check_expected(sector);
  check_expected_ptr(label);
  return mock_type(int);
}
void spin_up() { function_called(); }
void spin_down() { function_called(); }

int broken_setup(void** /*state*/) { return -1; }

void nothing_is_wrong(void** /*state*/) {}

void true_is_false(void** /*state*/) { assert_true(1 == 2); }
void false_is_true(void** /*state*/) { assert_false(1 == 1); }
void null_is_not(void** state) { assert_non_null(*state); }
void integers_differ(void** /*state*/) { assert_int_equal(1, 2); }
void integers_are_equal(void** /*state*/) { assert_int_not_equal(2, 2); }
void strings_differ(void** /*state*/) { assert_string_equal("one", "two"); }
void memory_differs(void** /*state*/) { assert_memory_equal("one", "ona", 3); }
void out_of_range(void** /*state*/) { assert_in_range(3, 1, 2); }
void a_negative_return_code(void** /*state*/) { assert_return_code(-1, ENOENT); }
void it_says_so(void** /*state*/) { fail_msg("%d is enough", 1); }

void no_value_is_left(void** /*state*/) {
  expect_any(disk_read, sector);
  expect_any(disk_read, label);
  disk_read(1, "boot");
}
void a_value_is_left_over(void** /*state*/) { will_return(disk_read, 1); }
void a_value_for_always_is_never_used(void** /*state*/) { will_return_always(disk_read, 1); }
void another_parameter_than_expected(void** /*state*/) {
  expect_value(disk_read, sector, 1);
  expect_any(disk_read, label);
  will_return(disk_read, 0);
  disk_read(2, "boot");
}
void another_string_than_expected(void** /*state*/) {
  expect_any(disk_read, sector);
  expect_string(disk_read, label, "root");
  will_return(disk_read, 0);
  disk_read(2, "boot");
}
void a_parameter_that_nobody_expects(void** /*state*/) { disk_read(2, "boot"); }
void a_check_is_left_over(void** /*state*/) { expect_any(disk_read, sector); }
void a_call_is_missing(void** /*state*/) { expect_function_call(spin_up); }
void calls_in_another_order(void** /*state*/) {
  expect_function_call(spin_up);
  expect_function_call(spin_down);
  spin_down();
  spin_up();
}
void nothing_after_a_failure_runs(void** /*state*/) {
  assert_true(1 == 2);
  std::_Exit(1);  // reached only if a failed assertion did not leave the test
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(true_is_false),
      cmocka_unit_test(false_is_true),
      cmocka_unit_test(null_is_not),
      cmocka_unit_test(integers_differ),
      cmocka_unit_test(integers_are_equal),
      cmocka_unit_test(strings_differ),
      cmocka_unit_test(memory_differs),
      cmocka_unit_test(out_of_range),
      cmocka_unit_test(a_negative_return_code),
      cmocka_unit_test(it_says_so),
      cmocka_unit_test(no_value_is_left),
      cmocka_unit_test(a_value_is_left_over),
      cmocka_unit_test(a_value_for_always_is_never_used),
      cmocka_unit_test(another_parameter_than_expected),
      cmocka_unit_test(another_string_than_expected),
      cmocka_unit_test(a_parameter_that_nobody_expects),
      cmocka_unit_test(a_check_is_left_over),
      cmocka_unit_test(a_call_is_missing),
      cmocka_unit_test(calls_in_another_order),
      cmocka_unit_test(nothing_after_a_failure_runs),
      cmocka_unit_test_setup(nothing_is_wrong, broken_setup),
  };
  constexpr int kAll = sizeof tests / sizeof tests[0];
  const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
  if (failed != kAll) std::fprintf(stderr, "%d of %d tests failed, and all should have\n", failed, kAll);
  return failed == kAll ? 0 : 1;
}
