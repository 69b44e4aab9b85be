// Runs in every process.  Writes with one write(2) per line, so that lines of several processes do not mix.
#include "privsep/base/log.h"

#include <unistd.h>
#include <ctime>

#include <array>
#include <chrono>
#include <cstring>

#include "privsep/base/visible.h"

namespace mcpbox::base {
namespace {

// UTC by plain arithmetic: gmtime() would look for /etc/localtime, which a jail does not have.
std::string timestamp() {
  using std::chrono::floor;
  const auto now = floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto day = floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{now - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

bool plain(std::string_view value) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:";
  return !value.empty() && value.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string quoted(std::string_view value) {
  if (plain(value)) return std::string(value);
  std::string out = "\"";
  for (const char c : visible(value)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

void Log::write(std::string_view level, std::string_view event, Fields fields) const {
  std::string line = timestamp();
  line.append(" ").append(who_).append(" ").append(level).append(" ").append(visible(event));
  for (const Field& field : fields)
    line.append(" ").append(field.key).append("=").append(quoted(field.value));
  line += '\n';
  // A log that cannot be written must not stop the process that has something to say.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void Log::error(std::string_view event, const Error& why) const {
  const bool about = why.about[0] != '\0';
  const char* const error_name = std::strerror(why.sys_errno);
  if (why.sys_errno != 0 && about)
    error(event, {{"why", why.text}, {"about", why.about}, {"errno", error_name}});
  else if (why.sys_errno != 0)
    error(event, {{"why", why.text}, {"errno", error_name}});
  else if (about)
    error(event, {{"why", why.text}, {"about", why.about}});
  else
    error(event, {{"why", why.text}});
}

}  // namespace mcpbox::base
