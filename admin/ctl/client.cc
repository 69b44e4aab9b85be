// Runs in mcpboxctl.  `client add` writes a client's configuration, as the person whose client it is; `client
// token` makes and takes back what clients in containers show instead of a Unix user.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string>

#include "admin/ctl/clients.h"
#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/order.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "policy/names.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kUse =
    "use: mcpboxctl client add CLIENT [--print] [--server NAME] [--name NAME] [--yes], or client token "
    "create|revoke NAME, or client token list";

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

Exit create_token(const Options& options, Connection& monitor) {
  protocol::CreateClientToken request{.name = options.words[3]};
  const Answer<protocol::ClientTokenGiven> given = monitor.ask(request);
  if (!given) return report(given.error());
  if (options.json)
    print(json_text(Object().text("name", options.words[3]).text("token", given->token).take().get()));
  else
    print(base::visible(std::string_view(given->token)) +
          "\n\nThis is shown once. The client sends it with every request:\n  Authorization: Bearer TOKEN\n"
          "The log and the audit call it client:" +
          base::visible(options.words[3]) + ".\n");
  return Exit::kOk;
}

Exit revoke_token(const Options& options, Connection& monitor) {
  protocol::RevokeClientToken request{.name = options.words[3]};
  return give_order(options, monitor, request, Object().text("revoked", options.words[3]),
                    "Revoked: requests with it are refused, and its calls were ended.\n");
}

Exit list_tokens(const Options& options, Connection& monitor) {
  protocol::ListClientTokens request;
  const Answer<protocol::ClientTokenPage> page = monitor.ask(request);
  if (!page) return report(page.error());
  if (options.json) {
    Json rows(json_array());
    for (const protocol::ClientTokenInfo& one : page->tokens)
      json_array_append_new(rows.get(),
                            Object()
                                .text("name", one.name)
                                .text("created_by", one.created_by)
                                .number("created_at_ms", static_cast<std::uint64_t>(one.created_at_ms))
                                .number("used_at_ms", static_cast<std::uint64_t>(one.used_at_ms))
                                .take()
                                .release());
    print(json_text(Object().member("tokens", std::move(rows)).take().get()));
    return Exit::kOk;
  }
  if (page->tokens.empty()) {
    print("There is no token.\n");
    return Exit::kOk;
  }
  Columns table({"CLIENT", "MADE BY", "MADE", "LAST USED"});
  for (const protocol::ClientTokenInfo& one : page->tokens)
    table.row({std::string(one.name), std::string(one.created_by), time_text(one.created_at_ms),
               one.used_at_ms == 0 ? "not since the start" : time_text(one.used_at_ms)});
  print(table.text(output_width()));
  return Exit::kOk;
}

Exit token(const Options& options) {
  const std::size_t words = options.words.size();
  const std::string verb = words > 2 ? options.words[2] : "";
  const bool named = (verb == "create" || verb == "revoke") && words == 4;
  if (!named && !(verb == "list" && words == 3)) {
    complain(kUse);
    return Exit::kUsage;
  }
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  if (verb == "create") return create_token(options, *monitor);
  return verb == "revoke" ? revoke_token(options, *monitor) : list_tokens(options, *monitor);
}

}  // namespace

Exit client(const Options& options) {
  if (options.words[1] == "add") return add(options);
  if (options.words[1] == "token") return token(options);
  complain(kUse);
  return Exit::kUsage;
}

}  // namespace mcpbox::ctl
