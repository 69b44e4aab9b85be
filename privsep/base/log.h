// One event, one line on standard error, `key=value` fields, outside text only through visible().
//   log::info("call ended", {{"call", id}, {"tool", name}});
// prints   2026-11-22T17:00:00.123Z net-local info call ended call=42 tool="greet"
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "privsep/base/error.h"

namespace mcpbox::base {

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <class T>
    requires std::is_integral_v<T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
};
using Fields = std::initializer_list<Field>;

// A log writes one line per event to standard error.  Cheap to copy; holds only the name it prints.
class Log {
 public:
  // who: the role as `ps` shows it, for example "net-local"; must outlive the log (a literal).
  explicit Log(std::string_view who) : who_(who) {}
  void info(std::string_view event, Fields fields = {}) const { write("info", event, fields); }
  void warn(std::string_view event, Fields fields = {}) const { write("warn", event, fields); }
  void error(std::string_view event, Fields fields = {}) const { write("error", event, fields); }
  // The event with the error's literal and errno beside it.
  void error(std::string_view event, const Error& why) const;

 private:
  void write(std::string_view level, std::string_view event, Fields fields) const;
  std::string_view who_;
};

}  // namespace mcpbox::base
