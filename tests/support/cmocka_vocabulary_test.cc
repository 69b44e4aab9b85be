// The vocabulary of tests/support/cmocka.h itself: this file must pass unchanged with the real library too.
#include <cerrno>
#include <cstring>

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace {

int disk_read(int sector, const char* label, const void* into) {
  check_expected(sector);
  check_expected_ptr(label);
  check_expected_ptr(into);
  return mock_type(int);
}
const char* disk_name() { return mock_ptr_type(const char*); }
void spin_up() { function_called(); }
void spin_down() { function_called(); }
void blink() { function_called(); }

int is_even(const LargestIntegralType value, const LargestIntegralType /*data*/) {
  return value % 2 == 0 ? 1 : 0;
}

void every_assertion_accepts_what_it_should(void** /*state*/) {
  const int numbers[] = {1, 2, 3};
  const int* nothing = nullptr;
  assert_true(1 == 1);
  assert_false(1 == 2);
  assert_non_null(numbers);
  assert_null(nothing);
  assert_ptr_equal(numbers, &numbers[0]);
  assert_ptr_not_equal(&numbers[0], &numbers[1]);
  assert_int_equal(-1, -1);
  assert_int_not_equal(-1, 1);
  assert_string_equal("one", "one");
  assert_string_not_equal("one", "two");
  assert_memory_equal("one", "onward", 2);
  assert_memory_not_equal("one", "onward", 3);
  assert_in_range(2, 1, 2);
  assert_not_in_range(3, 1, 2);
  assert_return_code(0, ENOENT);
}

void values_are_returned_in_their_order(void** /*state*/) {
  static const char kName[] = "sda";
  will_return(disk_name, kName);
  will_return_count(disk_name, nullptr, 2);
  assert_ptr_equal(disk_name(), kName);
  assert_null(disk_name());
  assert_null(disk_name());
  will_return_always(disk_name, kName);
  assert_string_equal(disk_name(), "sda");
  assert_string_equal(disk_name(), "sda");
}

void a_value_that_may_be_returned_may_also_be_left(void** /*state*/) {
  will_return_maybe(disk_name, nullptr);
}

void every_kind_of_parameter_check_accepts_what_it_should(void** /*state*/) {
  static const char kLabel[] = "boot";
  static const unsigned char kBytes[] = {1, 2, 3};
  LargestIntegralType sectors[] = {5, 7};
  will_return_count(disk_read, 0, 6);
  expect_value(disk_read, sector, 1);
  expect_not_value(disk_read, sector, 1);
  expect_in_range(disk_read, sector, 3, 9);
  expect_not_in_range(disk_read, sector, 3, 9);
  expect_in_set(disk_read, sector, sectors);
  expect_check(disk_read, sector, is_even, nullptr);
  expect_string(disk_read, label, "boot");
  expect_not_string(disk_read, label, "root");
  expect_any_count(disk_read, label, 4);
  expect_memory(disk_read, into, kBytes, sizeof kBytes);
  expect_any_count(disk_read, into, 5);
  const int asked[] = {1, 2, 9, 10, 7, 4};
  for (const int sector : asked) assert_int_equal(disk_read(sector, kLabel, kBytes), 0);
}

void calls_come_in_the_order_that_was_expected(void** /*state*/) {
  ignore_function_calls(blink);
  expect_function_call(spin_up);
  expect_function_calls(spin_down, 2);
  spin_up();
  blink();
  spin_down();
  spin_down();
}

int make_number(void** state) {
  static int number;
  number = 42;
  *state = &number;
  return 0;
}
int check_number(void** state) { return *static_cast<int*>(*state) == 43 ? 0 : -1; }

void setup_test_and_teardown_share_a_state(void** state) {
  int* number = static_cast<int*>(*state);
  assert_int_equal(*number, 42);
  ++*number;
}

void a_skipped_test_goes_no_further(void** /*state*/) {
  skip();
  fail_msg("%s", "not reached");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(every_assertion_accepts_what_it_should),
      cmocka_unit_test(values_are_returned_in_their_order),
      cmocka_unit_test(a_value_that_may_be_returned_may_also_be_left),
      cmocka_unit_test(every_kind_of_parameter_check_accepts_what_it_should),
      cmocka_unit_test(calls_come_in_the_order_that_was_expected),
      cmocka_unit_test_setup_teardown(setup_test_and_teardown_share_a_state, make_number, check_number),
      cmocka_unit_test(a_skipped_test_goes_no_further),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
