// Runs in mcpboxctl: which Worker is believed, and who may come through it.  The service token comes from
// root's standard input or is typed; it is never an argument, which every user of the machine could see.
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using protocol::RemotePolicy;
namespace limits = policy::limits;
using Token = std::expected<std::string, std::string>;

constexpr std::string_view kUsage =
    "use: mcpboxctl remote [worker URL KEYID=HEX [KEYID=HEX] | allow everyone | allow emails ADDRESS... | "
    "allow domain NAME | off]";

Exit usage(std::string_view text) {
  complain(text);
  return Exit::kUsage;
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::optional<protocol::RemoteKey> key_of(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals > 32) return std::nullopt;
  protocol::RemoteKey key{.id = word.substr(0, equals)};
  const std::string_view digits = word.substr(equals + 1);
  if (digits.size() != 2 * key.key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.key.size(); ++i) {
    unsigned value = 0;
    for (const char c : digits.substr(2 * i, 2)) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const std::size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    key.key.at(i) = static_cast<unsigned char>(value);
  }
  return key;
}

std::string who_may(const protocol::RemoteState& state) {
  if (state.policy == RemotePolicy::kEveryone) return "everyone whom Cloudflare Access lets sign in";
  if (state.entries.empty()) return "nobody";
  std::string text = state.policy == RemotePolicy::kDomain ? "addresses at" : "";
  for (const protocol::RemoteEntry& entry : state.entries)
    text += (text.empty() ? "" : " ") + base::visible(entry.value);
  return text;
}

std::string text_of(const protocol::RemoteState& state) {
  if (!state.on) return "remote access  off\nwho may come   " + who_may(state) + "\n";
  std::string text = "remote access  on\nWorker         " + base::visible(state.issuer) +
                     "\ninstallation   " + base::visible(state.audience) + "\n";
  for (const protocol::RemoteKey& key : state.keys)
    text += "key            " + base::visible(key.id) + "=" + hex(key.key) + "\n";
  return text + "who may come   " + who_may(state) + "\n";
}

Json json_of(const protocol::RemoteState& state) {
  return Object()
      .flag("on", state.on)
      .text("url", state.issuer)
      .text("installation", state.audience)
      .text("who", who_may(state))
      .take();
}

template <class Request>
Exit ask(Connection& monitor, const Options& options, Request& request) {
  const Answer<protocol::RemoteState> state = monitor.ask(request);
  if (!state) return report(state.error());
  print(options.json ? json_text(json_of(*state).get()) : text_of(*state));
  return Exit::kOk;
}

Token token_of_standard_input() {
  std::string token;
  token.reserve(limits::kServiceTokenBytes + 2);
  while (token.size() <= limits::kServiceTokenBytes) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    token += c;
  }
  return token;
}

// Empty: the one that is set stays.
Token new_token() {
  if (::geteuid() == 0 && ::isatty(STDIN_FILENO) != 1) return token_of_standard_input();
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  return terminal->ask_secret("Service token (empty: as it is): ", limits::kServiceTokenBytes);
}

Exit worker(Connection& monitor, const Options& options) {
  protocol::SetRemoteWorker order{.issuer = options.words[2]};
  for (std::size_t i = 3; i < options.words.size(); ++i) {
    const std::optional<protocol::RemoteKey> key = key_of(options.words[i]);
    if (!key) return usage("a key is NAME=HEX, with the 64 hexadecimal digits of an Ed25519 public key");
    order.keys.push_back(*key);
  }
  Token token = new_token();
  if (!token || token->size() > limits::kServiceTokenBytes)
    return usage(token ? "a service token has at most 128 characters" : token.error());
  order.service_token = *token;
  wipe(*token);
  const Exit done = ask(monitor, options, order);
  wipe(order.service_token);
  return done;
}

Exit allow(Connection& monitor, const Options& options) {
  protocol::SetRemotePolicy order;
  const std::string& word = options.words[2];
  if (word == "everyone")
    order.policy = RemotePolicy::kEveryone;
  else if (word == "domain")
    order.policy = RemotePolicy::kDomain;
  else if (word != "emails")
    return usage(kUsage);
  if (options.words.size() - 3 > protocol::RemoteEntries::kMax) return usage("at most 64 addresses");
  for (std::size_t i = 3; i < options.words.size(); ++i) order.entries.push_back({.value = options.words[i]});
  return ask(monitor, options, order);
}

}  // namespace

Exit remote(const Options& options) {
  const std::size_t words = options.words.size();
  const std::string verb = words > 1 ? options.words[1] : "";
  const bool known = words == 1 || (verb == "worker" && (words == 4 || words == 5)) ||
                     (verb == "allow" && words > 2) || (verb == "off" && words == 2);
  if (!known) return usage(kUsage);
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  if (verb == "worker") return worker(*monitor, options);
  if (verb == "allow") return allow(*monitor, options);
  if (verb == "off") {
    protocol::SetRemoteWorker order;
    return ask(*monitor, options, order);
  }
  protocol::ReadRemote question;
  return ask(*monitor, options, question);
}

}  // namespace mcpbox::ctl
