// Runs in the gateway of the tunnel.  Trusts nothing: bounds first, then the alphabet, then the lines.
#include "gateway/assertion_header.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/assertion.h"
#include "privsep/http/base64.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

namespace rules = policy::assertion;

constexpr const char* kHeader = "x-mcpbox-assertion";
constexpr const char* kTokenHeader = "x-mcpbox-service-token";
constexpr std::size_t kMostHeaderBytes = 10'000;  // more than the fields' bounds together, in base64url

using Fields = std::array<std::string_view, rules::kFields>;

bool split(std::string_view text, Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fields.at(i) = text.substr(0, end);
    if ((end == text.size()) != (i + 1 == fields.size())) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

bool number(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(value) == text;
}

template <std::size_t N>
bool bytes(std::string_view text, std::array<unsigned char, N>& into) {
  const std::optional<std::string> decoded = http::base64_decode(text, http::Alphabet::kUrl);
  if (!decoded || decoded->size() != N) return false;
  std::ranges::copy(*decoded, into.begin());
  return true;
}

template <std::size_t N>
bool take(std::string_view text, wire::Text<N>& into) {
  if (text.size() > N || !base::is_utf8(text) || text.find('\0') != std::string_view::npos) return false;
  into = text;
  return true;
}

bool read_fields(const Fields& f, protocol::AuthenticateRemote& q) {
  return f[0] == rules::kForm && take(f[1], q.key_id) && take(f[2], q.issuer) && take(f[3], q.audience) &&
         number(f[4], q.issued_at) && number(f[5], q.expires_at) && bytes(f[6], q.nonce) &&
         take(f[7], q.method) && take(f[8], q.path) && take(f[9], q.query) && bytes(f[10], q.body_hash) &&
         take(f[11], q.rpc_method) && take(f[12], q.rpc_name) && take(f[13], q.subject) &&
         take(f[14], q.email) && take(f[15], q.client_id) && take(f[16], q.scope);
}

}  // namespace

std::expected<protocol::AuthenticateRemote, const char*> read_assertion(const RequestHead& head,
                                                                        std::string_view body) {
  const std::optional<std::string_view> header = head.headers.find(kHeader);
  const std::optional<std::string_view> token = head.headers.find(kTokenHeader);
  protocol::AuthenticateRemote q;
  if (!header || header->size() > kMostHeaderBytes) return std::unexpected("no assertion");
  if (!token || !take(*token, q.service_token)) return std::unexpected("no service token");
  const std::size_t dot = header->find('.');
  if (dot == std::string_view::npos) return std::unexpected("an assertion has two parts");
  const std::optional<std::string> text = http::base64_decode(header->substr(0, dot), http::Alphabet::kUrl);
  Fields fields;
  if (!text || !split(*text, fields) || !read_fields(fields, q))
    return std::unexpected("not an assertion of this form");
  if (!bytes(header->substr(dot + 1), q.signature)) return std::unexpected("no signature");
  // What was signed must be what was sent.
  if (q.method != http::name_of(head.method) || q.path != head.path || q.query != head.query)
    return std::unexpected("signed for another request");
  q.body = body;
  return q;
}

}  // namespace mcpbox::gateway
