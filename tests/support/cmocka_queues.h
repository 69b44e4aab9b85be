// The state behind tests/support/cmocka.h: queues of return values, of parameter checks and of expected
// calls, and the way out of a failed test.
#pragma once

#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

// NOLINTBEGIN: cmocka's own names
using LargestIntegralType = std::uintmax_t;
using CheckParameterValue = int (*)(LargestIntegralType value, LargestIntegralType check_value_data);
// NOLINTEND

namespace mcpbox::cmocka {

struct Place {
  const char* file;
  int line;
};

// How often an entry serves: a count, or one of these.
inline constexpr int kAlways = -1;  // any number of times, at least once
inline constexpr int kMaybe = -2;   // any number of times, or never

template <class What>
struct Entry {
  What what;
  int count;
  Place place;
  bool used = false;
};

struct ParameterCheck {
  std::function<bool(LargestIntegralType)> holds;
  std::string wanted;
};

// What one test has set up and not yet consumed.
struct Queues {
  std::map<std::string, std::deque<Entry<LargestIntegralType>>> values;
  std::map<std::string, std::deque<Entry<ParameterCheck>>> checks;
  std::deque<Entry<std::string>> calls;
  std::jmp_buf way_out;
};

inline Queues& queues() {
  static Queues all;
  return all;
}

inline void report(Place place, const std::string& message) {
  ADD_FAILURE_AT(place.file, place.line) << message;
}

[[noreturn]] inline void leave_test() { std::longjmp(queues().way_out, 1); }

[[noreturn]] inline void fail_at(Place place, const char* message) {
  report(place, message);
  leave_test();
}
template <class... Arguments>
[[noreturn]] void fail_formatted(Place place, const char* format, Arguments... arguments) {
  char text[1024];
  if constexpr (sizeof...(arguments) == 0)
    std::snprintf(text, sizeof text, "%s", format);
  else
    std::snprintf(text, sizeof text, format, arguments...);
  fail_at(place, text);
}
[[noreturn]] inline void skip_at(Place place) {
  GTEST_MESSAGE_AT_(place.file, place.line, "skip()", ::testing::TestPartResult::kSkip);
  leave_test();
}

// Counts one use of an entry that has a count; true when that was its last.
template <class What>
bool used_up(Entry<What>& entry) {
  if (entry.count <= 0) return false;
  --entry.count;
  return entry.count == 0;
}

// Uses the front entry once: true and its value, or false when the queue is empty.
template <class What>
bool take(std::deque<Entry<What>>& queue, What& what) {
  if (queue.empty()) return false;
  Entry<What>& front = queue.front();
  front.used = true;
  what = front.what;
  if (used_up(front)) queue.pop_front();
  return true;
}

template <class What>
bool is_left_over(const Entry<What>& entry) {
  return entry.count > 0 || (entry.count == kAlways && !entry.used);
}

// --- Return values
inline void add_value(const char* function, LargestIntegralType value, int count, Place place) {
  queues().values[function].push_back({value, count, place});
}
inline LargestIntegralType next_value(const char* function, Place place) {
  LargestIntegralType value = 0;
  if (take(queues().values[function], value)) return value;
  report(place, std::string("no value left to return from ") + function);
  leave_test();
}

// --- Parameters
inline std::string key_of(const char* function, const char* parameter) {
  return std::string(function) + " " + parameter;
}
inline void add_check(const char* function, const char* parameter, ParameterCheck check, int count,
                      Place place) {
  queues().checks[key_of(function, parameter)].push_back({std::move(check), count, place});
}
inline bool parameter_is_fine(const char* function, const char* parameter, LargestIntegralType value,
                              Place place) {
  const std::string key = key_of(function, parameter);
  ParameterCheck check;
  const bool expected = take(queues().checks[key], check);
  if (expected && check.holds(value)) return true;
  report(place,
         expected ? key + ": " + std::to_string(value) + " is not " + check.wanted : key + ": not expected");
  return false;
}
inline void check_parameter(const char* function, const char* parameter, LargestIntegralType value,
                            Place place) {
  if (!parameter_is_fine(function, parameter, value, place)) leave_test();
}

// --- Order of calls
inline void add_call(const char* function, int count, Place place) {
  queues().calls.push_back({function, count, place});
}
inline bool call_is_expected(const std::string& function) {
  std::deque<Entry<std::string>>& calls = queues().calls;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].what == function) {
      calls[i].used = true;
      if (used_up(calls[i])) calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    if (calls[i].count > 0) return false;  // another one is due first
  }
  return false;
}
inline void called(const char* function, Place place) {
  if (call_is_expected(function)) return;
  report(place, std::string(function) + " was called, and was not due");
  leave_test();
}

// --- The end of a test
inline void check_nothing_is_left() {
  for (const auto& [function, queue] : queues().values)
    for (const auto& entry : queue)
      if (is_left_over(entry)) report(entry.place, function + " never returned a value meant for it");
  for (const auto& [key, queue] : queues().checks)
    for (const auto& entry : queue)
      if (is_left_over(entry)) report(entry.place, key + " was never checked");
  for (const auto& entry : queues().calls)
    if (is_left_over(entry)) report(entry.place, entry.what + " was never called");
}
inline void clear_queues() {
  queues().values.clear();
  queues().checks.clear();
  queues().calls.clear();
}

}  // namespace mcpbox::cmocka
