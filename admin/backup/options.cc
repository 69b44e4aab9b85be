// Runs in mcpbox-backup.  The command line comes from root, or from the owner of a trial.
#include "admin/backup/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "privsep/base/visible.h"

namespace mcpbox::backup {
namespace {

struct TextOption {
  std::string_view name;
  std::string Options::* field;
};
constexpr TextOption kTexts[] = {{"--state", &Options::state},
                                 {"--config", &Options::config},
                                 {"--passphrase-file", &Options::passphrase_file},
                                 {"--recipient", &Options::recipient},
                                 {"--identity", &Options::identity},
                                 {"--locks", &Options::locks},
                                 {"--into", &Options::into},
                                 {"--scratch", &Options::scratch}};

struct Command {
  std::string_view name;
  std::size_t least, most;  // words after it
  std::string_view about;
};
constexpr Command kCommands[] = {{"create", 0, 1, "create [FOLDER]"},
                                 {"verify", 1, 1, "verify FILE"},
                                 {"restore", 1, 1, "restore FILE --into STATE"},
                                 {"list", 0, 1, "list [FOLDER]"},
                                 {"keygen", 1, 1, "keygen FILE"}};

Outcome<void> take_keep(Options& options, std::string_view value) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.keep);
  if (error != std::errc{} || end != value.data() + value.size() || options.keep == 0)
    return refuse("--keep wants a number from 1");
  return {};
}

Outcome<void> take(Options& options, std::string_view name, std::string_view value) {
  if (name == "--keep") return take_keep(options, value);
  for (const TextOption& text : kTexts)
    if (text.name == name) options.*text.field = value;
  if (value.empty()) return refuse(std::string(name) + " wants a value");
  return {};
}

bool takes_value(std::string_view name) {
  return name == "--keep" || std::ranges::find(kTexts, name, &TextOption::name) != std::end(kTexts);
}

Outcome<void> check(const Options& options) {
  const auto* command = std::ranges::find(kCommands, options.command, &Command::name);
  if (command == std::end(kCommands))
    return refuse("say what to do: create, verify, restore, list or keygen");
  if (options.words.size() < command->least || options.words.size() > command->most)
    return refuse("use: backup " + std::string(command->about));
  const int ways = (options.passphrase_file.empty() ? 0 : 1) + (options.recipient.empty() ? 0 : 1) +
                   (options.identity.empty() ? 0 : 1) + (options.locks.empty() ? 0 : 1);
  if (ways > 1) return refuse("a passphrase or a key, not both");
  if (options.command == "restore" && options.into.empty())
    return refuse("say where to: restore FILE --into STATE, a folder that is not there yet");
  return {};
}

}  // namespace

Outcome<Options> parse_options(std::span<const std::string_view> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (!word.starts_with('-')) {
      if (options.command.empty())
        options.command = word;
      else
        options.words.emplace_back(word);
    } else if (word == "--drill") {
      options.drill = true;
    } else if (!takes_value(name)) {
      return refuse("unknown option " + std::string(word));
    } else if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return refuse(std::string(name) + " wants a value");
    } else {
      const std::string_view value =
          equals == std::string_view::npos ? arguments[++i] : word.substr(equals + 1);
      if (Outcome<void> taken = take(options, name, value); !taken) return std::unexpected(taken.error());
    }
  }
  if (Outcome<void> good = check(options); !good) return std::unexpected(good.error());
  return options;
}

void say(std::string_view text) {
  std::printf("%s\n", base::visible(text).c_str());
  std::fflush(stdout);
}

}  // namespace mcpbox::backup
