// Runs in mcpboxctl.  `client add` writes a client's configuration, as the person whose client it is.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string>

#include "admin/ctl/clients.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "policy/names.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kUse =
    "use: mcpboxctl client add CLIENT [--print] [--server NAME] [--name NAME] [--yes]";

std::string names_of_clients() {
  std::string names;
  for (const ClientKind& kind : client_kinds()) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat first{};
  struct stat second{};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

// By its plain name where every program finds this very one; a desktop's PATH is shorter than a terminal's.
std::string own_command() {
  std::array<char, PATH_MAX> self{};
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (length <= 0) return "mcpboxctl";
  const std::string path(self.data(), static_cast<std::size_t>(length));
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/"})
    if (same_file(std::string(folder) + "mcpboxctl", path)) return "mcpboxctl";
  return path;
}

Launch launch_for(const Options& options) {
  Launch launch{.command = own_command(), .arguments = {"stdio"}};
  if (options.socket || options.state || !is_service(options)) {
    std::array<char, PATH_MAX> real{};
    const std::string state = state_folder(options);
    launch.arguments.emplace_back("--state");
    launch.arguments.emplace_back(::realpath(state.c_str(), real.data()) != nullptr ? real.data() : state);
  }
  if (!options.server.empty()) {
    launch.arguments.emplace_back("--server");
    launch.arguments.push_back(options.server);
  }
  return launch;
}

std::optional<std::string> file_of(const ClientKind& kind) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return std::nullopt;
  if (!kind.below_config) return std::string(home) + "/" + std::string(kind.file);
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const std::string folder = config != nullptr && *config == '/' ? config : std::string(home) + "/.config";
  return folder + "/" + std::string(kind.file);
}

Exit refuse(const std::string& why) {
  complain(why);
  return Exit::kRefused;
}

Exit add(const Options& options) {
  const ClientKind* kind = options.words.size() == 3 ? find_client(options.words[2]) : nullptr;
  if (kind == nullptr) {
    complain("say which client: " + names_of_clients());
    return Exit::kUsage;
  }
  const bool nameless = options.name && options.name->empty();
  const bool odd =
      !options.server.empty() && policy::server_name_problem(options.server) != policy::NameProblem::kNone;
  if (nameless || odd) {
    complain(nameless ? "--name wants a name for the entry"
                      : "--server wants the name of a server, such as weather");
    return Exit::kUsage;
  }
  const std::string name =
      options.name.value_or(options.server.empty() ? "mcpbox" : "mcpbox-" + options.server);
  const Launch launch = launch_for(options);
  if (options.print_only) {
    print(section_text(*kind, name, launch));
    return Exit::kOk;
  }
  const std::optional<std::string> file = file_of(*kind);
  if (!file) return refuse("HOME is not set, so there is no telling where the configuration is");
  const std::expected<std::string, std::string> before = file_text(*file);
  if (!before) return refuse(before.error());
  const std::expected<Merge, std::string> merged = merge_entry(*kind, *before, name, launch, options.yes);
  if (!merged) return refuse(*file + " was not changed: " + merged.error());
  if (merged->what != Merged::kSame)
    if (const std::expected<void, std::string> written = replace_file(*file, merged->text); !written)
      return refuse(written.error());
  const std::string shown = base::visible(*file);
  print(merged->what == Merged::kSame
            ? std::string(kind->title) + " has it already: " + shown + "\n"
            : std::string(kind->title) + " starts MCPbox as `" + base::visible(name) + "` from now on (" +
                  shown + (before->empty() ? "" : ", what it was is beside it as .before-mcpbox") +
                  "). Restart it.\n");
  return Exit::kOk;
}

}  // namespace

Exit client(const Options& options) {
  if (options.words[1] == "add") return add(options);
  complain(kUse);
  return Exit::kUsage;
}

}  // namespace mcpbox::ctl
