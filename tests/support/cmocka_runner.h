// The tests, groups and comparisons behind tests/support/cmocka.h.
#pragma once

#include <cstring>

#include "tests/support/cmocka_queues.h"

// NOLINTBEGIN: cmocka's own names
using CMUnitTestFunction = void (*)(void** state);
using CMFixtureFunction = int (*)(void** state);
struct CMUnitTest {
  const char* name;
  CMUnitTestFunction test_func;
  CMFixtureFunction setup_func;
  CMFixtureFunction teardown_func;
  void* initial_state;
};
// NOLINTEND

namespace mcpbox::cmocka {

// --- Comparisons
inline void equal(LargestIntegralType a, LargestIntegralType b, Place place) {
  if (a != b) fail_formatted(place, "%#jx != %#jx", a, b);
}
inline void not_equal(LargestIntegralType a, LargestIntegralType b, Place place) {
  if (a == b) fail_formatted(place, "%#jx == %#jx", a, b);
}
inline void string_equal(const char* a, const char* b, Place place) {
  if (std::strcmp(a, b) != 0) fail_formatted(place, "\"%s\" != \"%s\"", a, b);
}
inline void string_not_equal(const char* a, const char* b, Place place) {
  if (std::strcmp(a, b) == 0) fail_formatted(place, "\"%s\" == \"%s\"", a, b);
}
inline void memory_equal(const void* a, const void* b, std::size_t size, Place place) {
  if (std::memcmp(a, b, size) != 0) fail_formatted(place, "%zu bytes of memory differ", size);
}
inline void memory_not_equal(const void* a, const void* b, std::size_t size, Place place) {
  if (std::memcmp(a, b, size) == 0) fail_formatted(place, "%zu bytes of memory are the same", size);
}
inline void in_range(LargestIntegralType value, LargestIntegralType low, LargestIntegralType high,
                     Place place) {
  if (value < low || value > high) fail_formatted(place, "%ju is not within %ju-%ju", value, low, high);
}
inline void not_in_range(LargestIntegralType value, LargestIntegralType low, LargestIntegralType high,
                         Place place) {
  if (value >= low && value <= high) fail_formatted(place, "%ju is within %ju-%ju", value, low, high);
}
template <class Value>
bool is_in_set(LargestIntegralType value, const Value* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (static_cast<LargestIntegralType>(values[i]) == value) return true;
  return false;
}
inline void return_code(long long code, int error, const char* text, Place place) {
  if (code < 0) fail_formatted(place, "%s: %lld, %s", text, code, std::strerror(error));
}

// --- Expectations of parameters
inline ParameterCheck anything() {
  return {[](LargestIntegralType) { return true; }, "anything"};
}
inline ParameterCheck is(LargestIntegralType wanted) {
  return {[wanted](LargestIntegralType value) { return value == wanted; }, std::to_string(wanted)};
}
inline ParameterCheck opposite_of(ParameterCheck check) {
  std::string wanted = "other than " + check.wanted;
  return {[check = std::move(check)](LargestIntegralType value) { return !check.holds(value); },
          std::move(wanted)};
}
inline ParameterCheck is_not(LargestIntegralType unwanted) { return opposite_of(is(unwanted)); }
inline ParameterCheck is_between(LargestIntegralType low, LargestIntegralType high) {
  return {[low, high](LargestIntegralType value) { return value >= low && value <= high; },
          std::to_string(low) + "-" + std::to_string(high)};
}
inline ParameterCheck is_outside(LargestIntegralType low, LargestIntegralType high) {
  return opposite_of(is_between(low, high));
}
template <class Value, std::size_t count>
ParameterCheck is_one_of(const Value (&values)[count]) {
  std::vector<Value> set(values, values + count);
  return {[set](LargestIntegralType value) { return is_in_set(value, set.data(), set.size()); },
          "in the set"};
}
template <class Value, std::size_t count>
ParameterCheck is_none_of(const Value (&values)[count]) {
  return opposite_of(is_one_of(values));
}
inline ParameterCheck is_string(const char* wanted) {
  return {[text = std::string(wanted)](LargestIntegralType value) {
            return text == reinterpret_cast<const char*>(value);
          },
          "\"" + std::string(wanted) + "\""};
}
inline ParameterCheck is_not_string(const char* unwanted) { return opposite_of(is_string(unwanted)); }
inline ParameterCheck is_memory(const void* wanted, std::size_t size) {
  const auto* bytes = static_cast<const char*>(wanted);
  return {[copy = std::string(bytes, size)](LargestIntegralType value) {
            return std::memcmp(copy.data(), reinterpret_cast<const void*>(value), copy.size()) == 0;
          },
          std::to_string(size) + " expected bytes"};
}
inline ParameterCheck is_not_memory(const void* unwanted, std::size_t size) {
  return opposite_of(is_memory(unwanted, size));
}
inline ParameterCheck custom(CheckParameterValue function, LargestIntegralType data) {
  return {[function, data](LargestIntegralType value) { return function(value, data) != 0; },
          "what was expected"};
}

// --- Tests and groups
class CStyleTest : public ::testing::Test {
 public:
  CStyleTest(const CMUnitTest& test, void* group_state)
      : test_(test), state_(test.initial_state != nullptr ? test.initial_state : group_state) {}

  void TestBody() override {
    clear_queues();
    if (run_setup()) {
      if (setjmp(queues().way_out) == 0) test_.test_func(&state_);
      if (!HasFailure() && !IsSkipped()) check_nothing_is_left();
    }
    clear_queues();
    run_teardown();
  }

 private:
  bool run_setup() {
    if (test_.setup_func == nullptr) return true;
    if (setjmp(queues().way_out) == 0 && test_.setup_func(&state_) == 0) return true;
    if (!HasFailure() && !IsSkipped()) ADD_FAILURE() << test_.name << ": setup failed";
    return false;
  }
  void run_teardown() {
    if (test_.teardown_func == nullptr || setjmp(queues().way_out) != 0) return;
    if (test_.teardown_func(&state_) != 0) ADD_FAILURE() << test_.name << ": teardown failed";
  }

  CMUnitTest test_;
  void* state_;
};

// Returns how many tests failed, as the real one does; a group fixture that fails counts as one.
inline int run_group(const char* group, const CMUnitTest* tests, std::size_t count, CMFixtureFunction setup,
                     CMFixtureFunction teardown) {
  ::testing::InitGoogleTest();
  void* state = nullptr;
  if (setup != nullptr && setup(&state) != 0) return 1;
  for (std::size_t i = 0; i < count; ++i)
    ::testing::RegisterTest(
        group, tests[i].name, nullptr, nullptr, __FILE__, __LINE__,
        [test = tests[i], &state]() -> CStyleTest* { return new CStyleTest(test, state); });
  const int outcome = RUN_ALL_TESTS();
  int failed = ::testing::UnitTest::GetInstance()->failed_test_count();
  if (outcome != 0 && failed == 0) failed = 1;
  if (::testing::UnitTest::GetInstance()->test_to_run_count() == 0)
    ++failed;  // nothing ran: that is no success
  if (teardown != nullptr && teardown(&state) != 0) ++failed;
  return failed;
}

}  // namespace mcpbox::cmocka
