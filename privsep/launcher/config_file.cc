// Run by the launcher and by mcpbox-backup (root).  Trusts the file as far as config.cc checks it.
#include "privsep/launcher/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "privsep/base/fd.h"

namespace mcpbox::launcher {
namespace {

constexpr std::size_t kConfigBytes = 65'536;

Outcome<std::string> read_text(const std::string& path) {
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return refuse_errno("cannot open the configuration " + path);
  std::string text(kConfigBytes + 1, '\0');
  const ssize_t length = read(file.get(), text.data(), text.size());
  if (length < 0) return refuse_errno("cannot read the configuration " + path);
  if (static_cast<std::size_t>(length) > kConfigBytes) return refuse(path + " is longer than 64 KiB");
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Outcome<std::string> absolute(const std::string& path) {
  std::array<char, PATH_MAX> real{};
  if (realpath(path.c_str(), real.data()) == nullptr) return refuse_errno("cannot find " + path);
  return std::string(real.data());
}

Outcome<std::string> state_of(const Config& config, const std::string& config_path) {
  const Outcome<std::string> file = absolute(config_path);
  if (!file) return file;
  const std::string folder = file->substr(0, file->rfind('/') + 1);
  if (config.state.empty()) return absolute(folder);
  return absolute(config.state.starts_with('/') ? config.state : folder + config.state);
}

}  // namespace

Outcome<ConfigFile> read_config_file(const std::string& path, const Environment& environment) {
  Outcome<std::string> text = read_text(path);
  if (!text) return std::unexpected(text.error());
  std::expected<Config, ConfigError> config = parse_config(*text, environment);
  if (!config) {
    const std::string line = config.error().line == 0 ? "" : ":" + std::to_string(config.error().line);
    return refuse(path + line + ": " + config.error().text);
  }
  Outcome<std::string> state = state_of(*config, path);
  if (!state) return std::unexpected(state.error());
  return ConfigFile{.text = std::move(*text), .config = std::move(*config), .state = std::move(*state)};
}

}  // namespace mcpbox::launcher
