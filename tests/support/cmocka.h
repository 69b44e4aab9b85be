// cmocka's vocabulary on GoogleTest.  A C-style test file includes <cmocka.h> and compiles unchanged against
// this header (tests/support first on the include path) and against the real library; mcpbox_cmocka_test() of
// cmocka.cmake builds it both ways.  As with the real one:
//
//   - include everything else first, then   extern "C" {  #include <setjmp.h> ...  #include <cmocka.h>  }
//   - a failed assertion leaves the test by longjmp, so nothing with a destructor may be alive where one is
//   made
//   - values travel as uintmax_t; a queue belongs to a function, or a function and a parameter, by name
//   - what is left in a queue at the end of a test, and what is asked of an empty queue, fails the test
//
// Not offered: test_malloc and its kin (the sanitizers find more), float comparisons, the pre-1.0 API.
#ifndef MCPBOX_TESTS_SUPPORT_CMOCKA_H
#define MCPBOX_TESTS_SUPPORT_CMOCKA_H

extern "C++" {  // this file may be included from within extern "C"

#include "tests/support/cmocka_queues.h"
#include "tests/support/cmocka_runner.h"

// NOLINTBEGIN: the names, the casts and the macros are cmocka's.

#define cast_to_largest_integral_type(value) ((LargestIntegralType)(value))
#define cast_ptr_to_largest_integral_type(value) ((LargestIntegralType)(uintptr_t)(value))

#define WILL_RETURN_ALWAYS -1
#define WILL_RETURN_ONCE -2

#define CMOCKA_HERE_ (::mcpbox::cmocka::Place{__FILE__, __LINE__})
#define CMOCKA_FAIL_IF_(condition, message)                          \
  do {                                                               \
    if (condition) ::mcpbox::cmocka::fail_at(CMOCKA_HERE_, message); \
  } while (0)

// --- Assertions
#define assert_true(c) CMOCKA_FAIL_IF_(!cast_to_largest_integral_type(c), #c)
#define assert_false(c) CMOCKA_FAIL_IF_(cast_to_largest_integral_type(c), "not " #c)
#define assert_non_null(c) CMOCKA_FAIL_IF_(!cast_ptr_to_largest_integral_type(c), #c " is null")
#define assert_null(c) CMOCKA_FAIL_IF_(cast_ptr_to_largest_integral_type(c), #c " is not null")
#define assert_int_equal(a, b) \
  ::mcpbox::cmocka::equal(cast_to_largest_integral_type(a), cast_to_largest_integral_type(b), CMOCKA_HERE_)
#define assert_int_not_equal(a, b)                                                                \
  ::mcpbox::cmocka::not_equal(cast_to_largest_integral_type(a), cast_to_largest_integral_type(b), \
                              CMOCKA_HERE_)
#define assert_ptr_equal(a, b)                                                                        \
  ::mcpbox::cmocka::equal(cast_ptr_to_largest_integral_type(a), cast_ptr_to_largest_integral_type(b), \
                          CMOCKA_HERE_)
#define assert_ptr_not_equal(a, b)                                                                        \
  ::mcpbox::cmocka::not_equal(cast_ptr_to_largest_integral_type(a), cast_ptr_to_largest_integral_type(b), \
                              CMOCKA_HERE_)
#define assert_string_equal(a, b) \
  ::mcpbox::cmocka::string_equal((const char*)(a), (const char*)(b), CMOCKA_HERE_)
#define assert_string_not_equal(a, b) \
  ::mcpbox::cmocka::string_not_equal((const char*)(a), (const char*)(b), CMOCKA_HERE_)
#define assert_memory_equal(a, b, size) \
  ::mcpbox::cmocka::memory_equal((const void*)(a), (const void*)(b), (size), CMOCKA_HERE_)
#define assert_memory_not_equal(a, b, size) \
  ::mcpbox::cmocka::memory_not_equal((const void*)(a), (const void*)(b), (size), CMOCKA_HERE_)
#define assert_in_range(value, minimum, maximum)                                                           \
  ::mcpbox::cmocka::in_range(cast_to_largest_integral_type(value), cast_to_largest_integral_type(minimum), \
                             cast_to_largest_integral_type(maximum), CMOCKA_HERE_)
#define assert_not_in_range(value, minimum, maximum)                     \
  ::mcpbox::cmocka::not_in_range(cast_to_largest_integral_type(value),   \
                                 cast_to_largest_integral_type(minimum), \
                                 cast_to_largest_integral_type(maximum), CMOCKA_HERE_)
#define assert_in_set(value, values, count)                                                          \
  CMOCKA_FAIL_IF_(!::mcpbox::cmocka::is_in_set(cast_to_largest_integral_type(value), values, count), \
                  #value " is not in " #values)
#define assert_not_in_set(value, values, count)                                                     \
  CMOCKA_FAIL_IF_(::mcpbox::cmocka::is_in_set(cast_to_largest_integral_type(value), values, count), \
                  #value " is in " #values)
#define assert_return_code(rc, error) \
  ::mcpbox::cmocka::return_code((long long)(rc), (int)(error), #rc, CMOCKA_HERE_)
#define fail() ::mcpbox::cmocka::fail_at(CMOCKA_HERE_, "fail()")
#define fail_msg(...) ::mcpbox::cmocka::fail_formatted(CMOCKA_HERE_, __VA_ARGS__)
#define skip() ::mcpbox::cmocka::skip_at(CMOCKA_HERE_)

// --- What a mocked function returns
#define mock() ::mcpbox::cmocka::next_value(__func__, CMOCKA_HERE_)
#define mock_type(type) ((type)mock())
#define mock_ptr_type(type) ((type)(uintptr_t)mock())
#define will_return_count(function, value, count) \
  ::mcpbox::cmocka::add_value(#function, cast_to_largest_integral_type(value), (count), CMOCKA_HERE_)
#define will_return(function, value) will_return_count(function, value, 1)
#define will_return_always(function, value) will_return_count(function, value, WILL_RETURN_ALWAYS)
#define will_return_maybe(function, value) will_return_count(function, value, WILL_RETURN_ONCE)

// --- What a mocked function is given
#define check_expected(parameter)                                                                   \
  ::mcpbox::cmocka::check_parameter(__func__, #parameter, cast_to_largest_integral_type(parameter), \
                                    CMOCKA_HERE_)
#define check_expected_ptr(parameter)                                                                   \
  ::mcpbox::cmocka::check_parameter(__func__, #parameter, cast_ptr_to_largest_integral_type(parameter), \
                                    CMOCKA_HERE_)
#define CMOCKA_EXPECT_(function, parameter, test, count) \
  ::mcpbox::cmocka::add_check(#function, #parameter, test, (count), CMOCKA_HERE_)
#define expect_check(function, parameter, check_function, check_data) \
  CMOCKA_EXPECT_(function, parameter,                                 \
                 ::mcpbox::cmocka::custom(check_function, cast_ptr_to_largest_integral_type(check_data)), 1)
#define expect_any_count(function, parameter, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::anything(), count)
#define expect_any(function, parameter) expect_any_count(function, parameter, 1)
#define expect_any_always(function, parameter) expect_any_count(function, parameter, WILL_RETURN_ALWAYS)
#define expect_value_count(function, parameter, value, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is(cast_to_largest_integral_type(value)), count)
#define expect_value(function, parameter, value) expect_value_count(function, parameter, value, 1)
#define expect_not_value_count(function, parameter, value, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_not(cast_to_largest_integral_type(value)), count)
#define expect_not_value(function, parameter, value) expect_not_value_count(function, parameter, value, 1)
#define expect_in_range_count(function, parameter, minimum, maximum, count)            \
  CMOCKA_EXPECT_(function, parameter,                                                  \
                 ::mcpbox::cmocka::is_between(cast_to_largest_integral_type(minimum),  \
                                              cast_to_largest_integral_type(maximum)), \
                 count)
#define expect_in_range(function, parameter, minimum, maximum) \
  expect_in_range_count(function, parameter, minimum, maximum, 1)
#define expect_not_in_range_count(function, parameter, minimum, maximum, count)        \
  CMOCKA_EXPECT_(function, parameter,                                                  \
                 ::mcpbox::cmocka::is_outside(cast_to_largest_integral_type(minimum),  \
                                              cast_to_largest_integral_type(maximum)), \
                 count)
#define expect_not_in_range(function, parameter, minimum, maximum) \
  expect_not_in_range_count(function, parameter, minimum, maximum, 1)
#define expect_in_set_count(function, parameter, values, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_one_of(values), count)
#define expect_in_set(function, parameter, values) expect_in_set_count(function, parameter, values, 1)
#define expect_not_in_set_count(function, parameter, values, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_none_of(values), count)
#define expect_not_in_set(function, parameter, values) expect_not_in_set_count(function, parameter, values, 1)
#define expect_string_count(function, parameter, string, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_string((const char*)(string)), count)
#define expect_string(function, parameter, string) expect_string_count(function, parameter, string, 1)
#define expect_not_string_count(function, parameter, string, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_not_string((const char*)(string)), count)
#define expect_not_string(function, parameter, string) expect_not_string_count(function, parameter, string, 1)
#define expect_memory_count(function, parameter, memory, size, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_memory((const void*)(memory), (size)), count)
#define expect_memory(function, parameter, memory, size) \
  expect_memory_count(function, parameter, memory, size, 1)
#define expect_not_memory_count(function, parameter, memory, size, count) \
  CMOCKA_EXPECT_(function, parameter, ::mcpbox::cmocka::is_not_memory((const void*)(memory), (size)), count)
#define expect_not_memory(function, parameter, memory, size) \
  expect_not_memory_count(function, parameter, memory, size, 1)

// --- In which order functions are called
#define function_called() ::mcpbox::cmocka::called(__func__, CMOCKA_HERE_)
#define expect_function_calls(function, times) ::mcpbox::cmocka::add_call(#function, (times), CMOCKA_HERE_)
#define expect_function_call(function) expect_function_calls(function, 1)
#define expect_function_call_any(function) expect_function_calls(function, -1)
#define ignore_function_calls(function) expect_function_calls(function, -2)

// --- Tests and groups
#define cmocka_unit_test(f) {#f, f, nullptr, nullptr, nullptr}
#define cmocka_unit_test_setup(f, setup) {#f, f, setup, nullptr, nullptr}
#define cmocka_unit_test_teardown(f, teardown) {#f, f, nullptr, teardown, nullptr}
#define cmocka_unit_test_setup_teardown(f, setup, teardown) {#f, f, setup, teardown, nullptr}
#define cmocka_unit_test_prestate(f, state) {#f, f, nullptr, nullptr, state}
#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state) {#f, f, setup, teardown, state}
#define cmocka_run_group_tests(tests, setup, teardown) \
  ::mcpbox::cmocka::run_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
  ::mcpbox::cmocka::run_group(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

// NOLINTEND

}  // extern "C++"

#endif  // MCPBOX_TESTS_SUPPORT_CMOCKA_H
