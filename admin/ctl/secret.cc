// Runs in mcpboxctl: secrets.  A value is typed at the terminal without echo, or comes from root's standard
// input; it is never an argument, which every user of the machine could see.
#include <unistd.h>

#include <cerrno>
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/find.h"
#include "admin/ctl/grant_text.h"
#include "admin/ctl/order.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

namespace limits = policy::limits;
using Value = std::expected<std::string, std::string>;

Exit usage(std::string_view text) {
  complain(text);
  return Exit::kUsage;
}

// All of it but one line end, which echo and editors add.
Value value_of_standard_input() {
  std::string value;
  value.reserve(limits::kSecretValueBytes + 2);
  while (value.size() <= limits::kSecretValueBytes + 1) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    value += c;
  }
  if (value.ends_with('\n')) value.pop_back();
  if (value.size() <= limits::kSecretValueBytes) return value;
  wipe(value);
  return std::unexpected("a value has at most 10000 bytes");
}

Value new_value() {
  if (::geteuid() == 0 && ::isatty(STDIN_FILENO) != 1) return value_of_standard_input();
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  return terminal->ask_secret("Value: ", limits::kSecretValueBytes);
}

// What the options say about where it may go; nothing when they say nothing.
std::expected<wire::Maybe<protocol::SecretBinding>, std::string> binding_from(const Options& options) {
  const bool sealed = options.host || options.place || options.name || options.form || options.port != 0;
  if (!options.exposed && !sealed) return wire::Maybe<protocol::SecretBinding>();
  if (options.exposed && sealed) return std::unexpected("--exposed goes to no host and no place");
  protocol::SecretBinding binding;
  if (options.exposed) binding.mode = protocol::SecretMode::kExposed;
  binding.host = options.host.value_or("");
  if (options.port != 0) binding.port = options.port;
  binding.name = options.name.value_or("");
  binding.form = options.form.value_or("");
  bool known = !options.place;
  for (const policy::SecretPlaceRow& row : policy::kSecretPlaces) {
    if (options.place != row.name) continue;
    binding.place = row.place;
    known = true;
  }
  if (!known) return std::unexpected("--place is header, basic, query, path, json or form");
  return binding;
}

void warn_of(const wire::Maybe<protocol::SecretBinding>& binding) {
  if (!binding) return;
  if (binding->mode == protocol::SecretMode::kExposed)
    complain("exposed: every tool of this server can read the value, and send it wherever it may reach");
  else if (policy::row_of(binding->place).careful)
    complain(std::string(policy::row_of(binding->place).name) +
             ": the tool, or whoever reads the server's answers and logs, can see the value");
}

Exit say(const Options& options, const protocol::SecretInfo& secret, bool has_value,
         const std::string& sentence) {
  print(options.json ? json_text(Object()
                                     .text("key", secret.key)
                                     .flag("has_value", has_value)
                                     .text("where", binding_text(secret.binding))
                                     .take()
                                     .get())
                     : base::visible(secret.key) + sentence);
  return Exit::kOk;
}

Exit set(const Options& options) {
  const auto binding = binding_from(options);
  if (!binding) return usage(binding.error());
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (monitor->daemon_uid() != 0 && monitor->daemon_uid() != ::geteuid()) {
    complain("the control socket was made by another user, so no secret is sent to it");
    return Exit::kNotPermitted;
  }
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  warn_of(*binding);
  Value value = new_value();
  if (!value) {
    complain(value.error());
    return Exit::kRefused;
  }
  protocol::SetSecret order{
      .server = options.words[2], .key = options.words[3], .binding = *binding, .value = *value};
  wipe(*value);
  const Answer<protocol::SecretInfo> saved = monitor->ask(order);
  wipe(order.value);
  if (!saved) return report(saved.error());
  return say(options, *saved, true,
             " is set: " + base::visible(binding_text(saved->binding)) + ". The next call uses it.\n");
}

// A place for a value, which whoever may set it sets later.
Exit create(const Options& options) {
  const auto binding = binding_from(options);
  if (!binding) return usage(binding.error());
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<wire::Id> server = find_server(*monitor, options.words[2]);
  if (!server) return report(server.error());
  protocol::CreateSecret order{.server = *server, .key = options.words[3]};
  order.description = options.description.value_or("");
  if (*binding) order.proposed = **binding;
  const Answer<protocol::SecretInfo> made = monitor->ask(order);
  if (!made) return report(made.error());
  return say(options, *made, made->has_value, " has no value yet: mcpboxctl secret set\n");
}

Exit list(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::ReviewSecrets question{.server = options.words[2], .page = options.page};
  const Answer<protocol::SecretPage> page = monitor->ask(question);
  if (!page) return report(page.error());
  print(options.json ? json_text(secrets_json(*page).get()) : secrets_text(*page, output_width()));
  return Exit::kOk;
}

Exit remove_secret(const Options& options) {
  protocol::DeleteSecret order{.server = options.words[2], .key = options.words[3]};
  return give_order(options, order, Object().flag("deleted", true),
                    base::visible(options.words[3]) + " is deleted.\n");
}

}  // namespace

Exit secret(const Options& options) {
  const std::string& verb = options.words[1];
  if (verb == "list" && options.words.size() == 3) return list(options);
  if (verb == "create" && options.words.size() == 4) return create(options);
  if (verb == "set" && options.words.size() == 4) return set(options);
  if (verb == "delete" && options.words.size() == 4) return remove_secret(options);
  return usage("use: mcpboxctl secret create|set|delete SERVER KEY, or mcpboxctl secret list SERVER");
}

}  // namespace mcpbox::ctl
