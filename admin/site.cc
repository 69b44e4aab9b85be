// Runs in admin.  Trusts nothing: every header is a client's, or a page's that the client has open.
#include "admin/site.h"

#include <algorithm>

#include "policy/limits.h"

namespace mcpbox::admin {
namespace {

using http::Headers;
using http::lower;
using http::Method;
using http::Refusal;

constexpr std::string_view kCookie = "mcpbox_session";
constexpr const char* kOnce[] = {"cookie", "sec-fetch-site", "x-forwarded-for"};

std::unexpected<Refusal> refuse(int status, std::string message) {
  return std::unexpected(Refusal{.status = status, .message = std::move(message)});
}

bool is_token(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool changes_something(Method method) {
  return method != Method::kGet && method != Method::kHead && method != Method::kOptions;
}

// The value of our cookie.  Two of the name are none: which of them is ours, nobody could say.
std::optional<std::string> cookie_of(std::string_view cookies) {
  std::optional<std::string> found;
  while (!cookies.empty()) {
    const std::string_view part = http::trimmed(cookies.substr(0, cookies.find(';')));
    cookies.remove_prefix(std::min(std::min(cookies.find(';'), cookies.size()) + 1, cookies.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    if (part.substr(0, equals) != kCookie || equals == part.size()) continue;
    if (found) return std::nullopt;
    found = std::string(part.substr(equals + 1));
  }
  return found;
}

}  // namespace

std::optional<SiteOptions> site_options(const std::vector<std::string_view>& words) {
  SiteOptions options;
  if (words.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string value(words[i + 1]);
    if (words[i] == "--ui")
      options.ui = value;
    else if (words[i] == "--url")
      options.url = value;
    else if (words[i] == "--proxy")
      options.proxies.push_back(value);
    else if (words[i] == "--cors")
      options.cors.push_back(value);
    else
      return std::nullopt;
  }
  return options;
}

std::optional<Token> token_of(const Headers& headers) {
  if (const auto authorization = headers.find("authorization")) {
    constexpr std::string_view kBearer = "bearer ";
    if (lower(authorization->substr(0, kBearer.size())) != kBearer) return std::nullopt;
    const std::string_view token = http::trimmed(authorization->substr(kBearer.size()));
    if (!is_token(token)) return std::nullopt;
    return Token{.text = std::string(token), .cookie = false};
  }
  const auto cookies = headers.find("cookie");
  if (!cookies) return std::nullopt;
  std::optional<std::string> token = cookie_of(*cookies);
  if (!token || !is_token(*token)) return std::nullopt;
  return Token{.text = std::move(*token), .cookie = true};
}

Site::Site(SiteOptions options) : options_(std::move(options)) {
  if (options_.url.empty()) return;
  const std::size_t host = options_.url.find("//") + 2;
  const std::size_t path = std::min(options_.url.find('/', host), options_.url.size());
  public_origin_ = options_.url.substr(0, path);
  public_host_ = options_.url.substr(host, path - host);
  root_ = options_.url.substr(path);
}

bool Site::is_own_origin(std::string_view origin, std::string_view host) const {
  if (!public_origin_.empty() && origin == public_origin_) return true;
  return hosts_.knows(host) && origin == "http://" + lower(host);
}

std::expected<void, Refusal> Site::check(const http::RequestHead& head) const {
  if (!head.http11) return refuse(505, "Use HTTP/1.1.");
  if (head.bytes > policy::limits::kHeaderBytes) return refuse(400, "The request's head is too large.");
  if (auto framing = http::check_framing(head.headers, kOnce); !framing) return framing;
  const auto host = head.headers.find("host");
  if (!host || host->empty()) return refuse(400, "The Host header is missing.");
  if (!hosts_.knows(*host) && (public_host_.empty() || lower(*host) != public_host_))
    return refuse(421,
                  "This Host is none of this server's addresses. A reverse proxy's is written in "
                  "mcpbox.conf: `admin-url`.");

  const auto origin = head.headers.find("origin");
  const auto site = head.headers.find("sec-fetch-site");
  if (origin && !cors_for(head.headers).empty()) {
    // A page that may call us, but never with what the browser adds by itself.
    const std::optional<Token> token = token_of(head.headers);
    if (token && token->cookie)
      return refuse(403, "Pages of other origins send a Bearer token, not cookies.");
    return {};
  }
  if (origin && !is_own_origin(*origin, *host))
    return refuse(403,
                  "Requests from pages of this Origin are refused. `cors-origin` in mcpbox.conf names those "
                  "that may call.");
  const bool navigates = head.headers.find("sec-fetch-mode") == "navigate" && !changes_something(head.method);
  if (site && *site != "same-origin" && *site != "none" && !navigates)
    return refuse(403, "Requests that other sites make are refused.");
  const std::optional<Token> token = token_of(head.headers);
  if (changes_something(head.method) && !origin && !site && (!token || token->cookie) &&
      head.headers.find("cookie"))
    return refuse(403,
                  "A change that a browser asks for says which page it comes from (Origin). Scripts use a "
                  "Bearer token.");
  return {};
}

std::string Site::below_root(std::string_view path) const {
  if (!root_.empty() && path.starts_with(root_) && (path.size() == root_.size() || path[root_.size()] == '/'))
    path.remove_prefix(root_.size());
  return path.empty() ? "/" : std::string(path);
}

// From the right, the first address that is no proxy of ours: what stands left of it, anybody can write.
// A proxy in front either keeps the Host that browsers use, or says for whom it asks.
bool Site::is_direct(const Headers& headers) const {
  const auto host = headers.find("host");
  const bool forwarded = headers.find("x-forwarded-for") || headers.find("forwarded") ||
                         headers.find("x-forwarded-host") || headers.find("x-real-ip") || headers.find("via");
  return host && hosts_.knows(*host) && !forwarded;
}

std::string Site::client_of(std::string_view peer, const Headers& headers) const {
  const auto trusted = [this](std::string_view address) {
    return std::ranges::find(options_.proxies, address) != options_.proxies.end();
  };
  std::string_view forwarded = headers.find("x-forwarded-for").value_or("");
  std::string_view client = peer;
  while (trusted(client) && !forwarded.empty()) {
    const std::size_t comma = forwarded.rfind(',');
    const std::string_view last =
        http::trimmed(comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1));
    forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    if (last.empty() || last.size() > 45 ||
        last.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos)
      break;
    client = last;
  }
  return std::string(client);
}

std::string Site::cors_for(const Headers& headers) const {
  const auto origin = headers.find("origin");
  if (!origin || std::ranges::find(options_.cors, *origin) == options_.cors.end()) return {};
  return std::string(*origin);
}

std::string Site::set_cookie(std::string_view token, std::int64_t seconds) const {
  return std::string(kCookie) + "=" + std::string(token) + "; Path=" + (root_.empty() ? "/" : root_) +
         "; Max-Age=" + std::to_string(seconds) + "; HttpOnly; SameSite=Strict" +
         (public_origin_.starts_with("https://") ? "; Secure" : "");
}

}  // namespace mcpbox::admin
