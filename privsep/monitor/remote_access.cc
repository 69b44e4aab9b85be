// Runs in the monitor.  Trusts nothing of what the tunnel's gateway sends; parses nothing: the fields are
// typed, and the text that was signed is built from them.
#include "privsep/monitor/remote_access.h"

#include <sodium.h>

#include <algorithm>

#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

using base::Why;
using protocol::AuthenticateRemote;
using protocol::RemotePolicy;
namespace rules = policy::assertion;

namespace {

constexpr std::string_view kServers = "/mcp/servers/";

policy::Assertion assertion_of(const AuthenticateRemote& q) {
  return {.key_id = q.key_id,
          .issuer = q.issuer,
          .audience = q.audience,
          .issued_at = q.issued_at,
          .expires_at = q.expires_at,
          .nonce = q.nonce,
          .method = q.method,
          .path = q.path,
          .query = q.query,
          .body = q.body_hash,
          .rpc_method = q.rpc_method,
          .rpc_name = q.rpc_name,
          .subject = q.subject,
          .email = q.email,
          .client_id = q.client_id,
          .scope = q.scope};
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

template <std::size_t N>
bool from_hex(std::string_view text, std::array<unsigned char, N>& bytes) {
  std::size_t got = 0;
  return text.size() == 2 * N &&
         sodium_hex2bin(bytes.data(), N, text.data(), text.size(), nullptr, &got, nullptr) == 0 && got == N;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Names the principal in the log and everywhere that something is bound to who did it.
std::string name_of_caller(const AuthenticateRemote& q) {
  const bool anonymous = q.email.empty();
  const std::string name(anonymous ? std::string_view(q.subject) : std::string_view(q.email));
  const std::string who = (anonymous ? "anonymous:" : "remote:") + name;
  if (who.size() <= 128) return who;
  // Its own digest, so that two long names stay two.
  return (anonymous ? "anonymous:#" : "remote:#") + hex(digest_of({name}));
}

struct Line {
  std::string_view& rest;
  std::string_view next() const {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
  }
};

constexpr std::string_view kPolicyWords[] = {"everyone", "emails", "domain"};

}  // namespace

std::string text_of(const RemoteConfig& config) {
  std::string text = config.issuer + '\n' + config.audience + '\n' + hex(config.token) + '\n';
  text += kPolicyWords[static_cast<std::size_t>(config.policy) - 1];
  text += '\n' + std::to_string(config.keys.size()) + '\n';
  for (const protocol::RemoteKey& key : config.keys) text += key.id + '\n' + hex(key.key) + '\n';
  for (const protocol::RemoteEntry& entry : config.entries) text += entry.value + '\n';
  return text;
}

std::optional<RemoteConfig> remote_config_of(std::string_view text) {
  const Line line{text};
  RemoteConfig config;
  config.issuer = line.next();
  config.audience = line.next();
  if (!from_hex(line.next(), config.token)) return std::nullopt;
  const auto* const word = std::ranges::find(kPolicyWords, line.next());
  if (word == std::end(kPolicyWords)) return std::nullopt;
  config.policy = RemotePolicy{static_cast<std::uint8_t>(word - std::begin(kPolicyWords) + 1)};
  const std::string_view keys = line.next();
  if (keys != "0" && keys != "1" && keys != "2") return std::nullopt;
  for (char i = '0'; i < keys[0]; ++i) {
    protocol::RemoteKey key{.id = line.next()};
    if (!from_hex(line.next(), key.key)) return std::nullopt;
    config.keys.push_back(std::move(key));
  }
  while (!text.empty()) config.entries.push_back({.value = line.next()});
  if (problem_of(config) != nullptr) return std::nullopt;
  return config;
}

const char* problem_of(const RemoteConfig& config) {
  const auto empty = [](const auto& one) { return one.empty(); };
  if (config.on() && !config.issuer.starts_with("https://") && !config.issuer.starts_with("http://127.0.0.1"))
    return "the Worker's URL begins with https://";
  if (config.issuer.ends_with('/') || policy::has_controls(config.issuer))
    return "the Worker's URL is an origin, without a path or a slash at its end";
  if (config.keys.size() == 2 && config.keys[0].id == config.keys[1].id)
    return "two keys need two names: the Worker says with which one it signed";
  for (const protocol::RemoteKey& key : config.keys)
    if (empty(key.id) || policy::has_controls(key.id)) return "a key needs a name, such as k1";
  for (const protocol::RemoteEntry& entry : config.entries)
    if (empty(entry.value) || policy::has_controls(entry.value))
      return "an e-mail address or domain has no control characters";
  if (config.policy == RemotePolicy::kDomain &&
      (config.entries.size() != 1 || config.entries[0].value.find('@') != std::string::npos))
    return "give exactly one domain, without an @";
  if (config.policy == RemotePolicy::kEveryone && !config.entries.empty()) return "everyone needs no list";
  return nullptr;
}

wire::Digest sha256_of(std::string_view bytes) {
  wire::Digest digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return digest;
}

base::Result<void> RemoteAccess::check_signature(const AuthenticateRemote& q) const {
  const auto key = std::ranges::find_if(config_.keys, [&q](const auto& one) { return one.id == q.key_id; });
  if (key == config_.keys.end()) return base::fail(Why::kRefused, "signed with a key that is not known");
  const std::optional<std::string> text = policy::text_of(assertion_of(q));
  if (!text) return base::fail(Why::kRefused, "a field has a control character");
  if (crypto_sign_verify_detached(q.signature.data(), reinterpret_cast<const unsigned char*>(text->data()),
                                  text->size(), key->key.data()) != 0)
    return base::fail(Why::kRefused, "the signature does not fit");
  return {};
}

base::Result<void> RemoteAccess::check_time(const AuthenticateRemote& q) const {
  if (q.expires_at - q.issued_at != rules::kLifeSeconds)
    return base::fail(Why::kRefused, "its life is not a minute");
  if (q.issued_at > now() + rules::kAheadSeconds)
    return base::fail(Why::kRefused, "it is from the future: is a clock wrong?");
  if (q.expires_at < now()) return base::fail(Why::kRefused, "it is too old: is a clock wrong?");
  return {};
}

bool RemoteAccess::let_in(std::string_view email) const {
  if (config_.policy == RemotePolicy::kEveryone) return true;
  if (email.empty()) return false;
  const std::string address = lower(email);
  const std::size_t at = address.rfind('@');
  for (const protocol::RemoteEntry& entry : config_.entries) {
    const std::string allowed = lower(entry.value);
    if (config_.policy == RemotePolicy::kEmails && address == allowed) return true;
    if (config_.policy == RemotePolicy::kDomain && at != std::string::npos &&
        address.substr(at + 1) == allowed)
      return true;
  }
  return false;
}

void RemoteAccess::spent_before(const Nonce& nonce, std::int64_t issued_at) {
  if (nonces_.insert(nonce).second) by_age_.push_back({issued_at + rules::kNonceSeconds, nonce});
}

base::Result<void> RemoteAccess::spend(const AuthenticateRemote& q) {
  while (!by_age_.empty() && by_age_.front().until < now()) {
    nonces_.erase(by_age_.front().nonce);
    by_age_.pop_front();
  }
  if (nonces_.size() >= rules::kNonces) return base::fail(Why::kRefused, "too many requests are remembered");
  if (!nonces_.insert(q.nonce).second) return base::fail(Why::kRefused, "it was used before");
  by_age_.push_back({now() + rules::kNonceSeconds, q.nonce});
  return {};
}

base::Result<Principal> RemoteAccess::admit(const AuthenticateRemote& q) {
  if (!config_.on()) return base::fail(Why::kRefused, "remote access is not set up");
  if (!Keys::same(sha256_of(q.service_token), config_.token))
    return base::fail(Why::kRefused, "the service token does not fit");
  base::Result<void> good = check_signature(q);
  if (good && (q.issuer != config_.issuer || q.audience != config_.audience))
    good = base::fail(Why::kRefused, "it is for another installation");
  if (good) good = check_time(q);
  if (good && sha256_of(q.body) != q.body_hash) good = base::fail(Why::kRefused, "the body is another one");
  if (good && !let_in(q.email)) good = base::fail(Why::kRefused, "the e-mail address is not on the list");
  if (good) good = spend(q);
  if (!good) return std::unexpected(good.error());
  std::string server;
  if (q.path.starts_with(kServers)) server = q.path.substr(kServers.size());
  return Principal{
      .who = name_of_caller(q),
      .origin = Origin::kTunnel,
      .request = std::make_shared<const SignedRequest>(SignedRequest{.verb = q.method,
                                                                     .server = std::move(server),
                                                                     .method = q.rpc_method,
                                                                     .name = q.rpc_name,
                                                                     .body = q.body_hash,
                                                                     .anonymous = q.email.empty(),
                                                                     .good_until_ms = q.expires_at * 1000})};
}

}  // namespace mcpbox::monitor
