// Runs in mcpboxctl.  The command line comes from the person who runs it, or from their script.
#include "admin/ctl/options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace mcpbox::ctl {
namespace {

constexpr const char* kLocalSocket = "./run/control.sock";
constexpr const char* kServiceSocket = "/run/mcpbox/control.sock";

using Taken = std::expected<void, std::string>;

std::optional<std::uint32_t> number_of(std::string_view value) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number == 0) return std::nullopt;
  return number;
}

Taken take_page(Options& options, std::string_view value) {
  const std::optional<std::uint32_t> page = number_of(value);
  if (!page) return std::unexpected("--page wants a number from 1");
  options.page = *page;
  return {};
}

Taken take_timeout(Options& options, std::string_view value) {
  options.timeout_ms = number_of(value);
  if (!options.timeout_ms) return std::unexpected("--timeout wants milliseconds, from 1000 to 300000");
  return {};
}

Taken take_port(Options& options, std::string_view value) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
  if (error != std::errc{} || end != value.data() + value.size() || port == 0)
    return std::unexpected("--port wants a number from 1 to 65535");
  options.port = port;
  return {};
}

// Options whose value is taken as it is.
struct TextOption {
  std::string_view name;
  std::optional<std::string> Options::* field;
};
constexpr TextOption kTexts[] = {{"--socket", &Options::socket}, {"--state", &Options::state},
                                 {"--reason", &Options::reason}, {"--host", &Options::host},
                                 {"--place", &Options::place},   {"--name", &Options::name},
                                 {"--template", &Options::form}, {"--method", &Options::method},
                                 {"--path", &Options::path},     {"--description", &Options::description},
                                 {"--notes", &Options::notes},   {"--code", &Options::code}};
struct Flag {
  std::string_view name;
  bool Options::* field;
};
constexpr Flag kFlags[] = {
    {"--json", &Options::json},       {"--long", &Options::long_attack},    {"--all", &Options::all},
    {"--yes", &Options::yes},         {"--private", &Options::private_too}, {"--exposed", &Options::exposed},
    {"--print", &Options::print_only}};

Taken take_digest(Options& options, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (value.size() != 64 || value.find_first_not_of(kHex) != std::string_view::npos)
    return std::unexpected("--digest wants all 64 digits (0-9, a-f), as `mcpboxctl show` prints them");
  options.digest = value;
  return {};
}

Taken take_hours(Options& options, std::string_view value) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.hours);
  if (error != std::errc{} || end != value.data() + value.size() || options.hours == 0)
    return std::unexpected("--hours wants a number from 1");
  return {};
}

// A date, a moment in UTC, or a time ago: 2026-11-30, 2026-11-30T12:00:00Z, 90m, 36h, 7d.
std::optional<std::int64_t> moment_from(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string whole(text);
  const bool date = std::sscanf(whole.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3;
  if (date) {
    const std::string rest = whole.substr(static_cast<std::size_t>(used));
    int more = 0;
    const bool time = std::sscanf(rest.c_str(), "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &more) == 3 &&
                      static_cast<std::size_t>(more) == rest.size();
    const std::chrono::year_month_day ymd{std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
    if ((!time && !rest.empty()) || !ymd.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const auto days = std::chrono::sys_days(ymd).time_since_epoch().count();
    return ((std::int64_t{days} * 24 + hour) * 60 + minute) * 60'000 + std::int64_t{second} * 1'000;
  }
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count <= 0 || count > 100'000 || end + 1 != text.data() + text.size())
    return std::nullopt;
  const std::int64_t unit = *end == 'm' ? 60'000 : *end == 'h' ? 3'600'000 : *end == 'd' ? 86'400'000 : 0;
  if (unit == 0) return std::nullopt;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() - count * unit;
}

Taken take_moment(std::int64_t& into, std::string_view name, std::string_view value) {
  const std::optional<std::int64_t> moment = moment_from(value);
  if (!moment)
    return std::unexpected(
        std::string(name) +
        " wants a date (2026-11-30), a moment (2026-11-30T12:00:00Z) or a time ago (90m, 36h, 7d)");
  into = *moment;
  return {};
}

Taken take(Options& options, std::string_view name, std::string_view value) {
  if (name == "--page") return take_page(options, value);
  if (name == "--hours") return take_hours(options, value);
  if (name == "--since") return take_moment(options.since_ms, name, value);
  if (name == "--until") return take_moment(options.until_ms, name, value);
  if (name == "--key") options.key = value;
  if (name == "--known") options.known = value;
  if (name == "--server") options.server = value;
  if (name == "--end") options.end = value;
  if (name == "--caller") options.caller = value;
  if (name == "--search") options.search = value;
  if (name == "--digest") return take_digest(options, value);
  if (name == "--timeout") return take_timeout(options, value);
  if (name == "--port") return take_port(options, value);
  for (const TextOption& text : kTexts)
    if (text.name == name) options.*text.field = value;
  return {};
}

bool takes_value(std::string_view name) {
  constexpr std::string_view kParsed[] = {"--page",   "--digest", "--port",   "--hours", "--since",
                                          "--until",  "--key",    "--server", "--end",   "--caller",
                                          "--search", "--known",  "--timeout"};
  return std::ranges::find(kParsed, name) != std::end(kParsed) ||
         std::ranges::find(kTexts, name, &TextOption::name) != std::end(kTexts);
}

}  // namespace

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
  Options options;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (only_words || !word.starts_with('-') || word == "-") {
      options.words.emplace_back(word);
      // What follows is for mcpbox-backup, which has options of its own.
      only_words = only_words || (options.words.size() == 1 && word == "backup");
    } else if (word == "--") {
      only_words = true;
    } else if (const auto* flag = std::ranges::find(kFlags, word, &Flag::name); flag != std::end(kFlags)) {
      options.*flag->field = true;
    } else if (word == "--help" || word == "-h") {
      options.words.assign(1, "help");
      return options;
    } else if (word == "--version") {
      options.words.assign(1, "version");
      return options;
    } else if (!takes_value(name)) {
      return std::unexpected("unknown option " + std::string(word));
    } else if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return std::unexpected(std::string(name) + " wants a value");
    } else {
      const std::string_view value =
          equals == std::string_view::npos ? arguments[++i] : word.substr(equals + 1);
      if (Taken taken = take(options, name, value); !taken) return std::unexpected(taken.error());
    }
  }
  return options;
}

std::string socket_path(const Options& options) {
  if (options.socket) return *options.socket;
  if (options.state) return *options.state + "/control.sock";
  return std::string(::access(kLocalSocket, F_OK) == 0 ? kLocalSocket : kServiceSocket);
}

bool is_service(const Options& options) { return socket_path(options) == kServiceSocket; }

std::string state_folder(const Options& options) {
  if (options.state) return *options.state;
  std::string socket = socket_path(options);
  // The service's is a link into its state folder.
  std::array<char, PATH_MAX> real{};
  if (::realpath(socket.c_str(), real.data()) != nullptr && !options.socket) socket = real.data();
  const std::size_t slash = socket.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : socket.substr(0, slash);
}

}  // namespace mcpbox::ctl
