// Runs in mcpboxctl.  The command line comes from the person who runs it, or from their script.
#include "admin/ctl/options.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace mcpbox::ctl {
namespace {

constexpr const char* kLocalSocket = "./run/control.sock";
constexpr const char* kServiceSocket = "/run/mcpbox/control.sock";

using Taken = std::expected<void, std::string>;

Taken take_page(Options& options, std::string_view value) {
  std::uint32_t page = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), page);
  if (error != std::errc{} || end != value.data() + value.size() || page == 0)
    return std::unexpected("--page wants a number from 1");
  options.page = page;
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
constexpr TextOption kTexts[] = {
    {"--socket", &Options::socket}, {"--state", &Options::state},   {"--reason", &Options::reason},
    {"--host", &Options::host},     {"--place", &Options::place},   {"--name", &Options::name},
    {"--template", &Options::form}, {"--method", &Options::method}, {"--path", &Options::path}};
struct Flag {
  std::string_view name;
  bool Options::* field;
};
constexpr Flag kFlags[] = {
    {"--json", &Options::json}, {"--long", &Options::long_attack},    {"--all", &Options::all},
    {"--yes", &Options::yes},   {"--private", &Options::private_too}, {"--exposed", &Options::exposed}};

Taken take_digest(Options& options, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (value.size() != 64 || value.find_first_not_of(kHex) != std::string_view::npos)
    return std::unexpected("--digest wants all 64 digits (0-9, a-f), as `mcpboxctl show` prints them");
  options.digest = value;
  return {};
}

Taken take(Options& options, std::string_view name, std::string_view value) {
  if (name == "--page") return take_page(options, value);
  if (name == "--digest") return take_digest(options, value);
  if (name == "--port") return take_port(options, value);
  for (const TextOption& text : kTexts)
    if (text.name == name) options.*text.field = value;
  return {};
}

bool takes_value(std::string_view name) {
  return name == "--page" || name == "--digest" || name == "--port" ||
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

std::string state_folder(const Options& options) {
  if (options.state) return *options.state;
  const std::string socket = socket_path(options);
  const std::size_t slash = socket.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : socket.substr(0, slash);
}

}  // namespace mcpbox::ctl
