// Runs in [egress].  Pure.  Requests come from a call child that may be hostile: a placeholder that is not
// exactly where its binding says stays, and the request with it.
#include "egress/egress/placeholders.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "egress/egress/encodings.h"
#include "policy/requests.h"
#include "policy/secrets.h"

namespace mcpbox::egress {

using protocol::FetchStart;
using protocol::HeaderField;
using protocol::SecretValue;

namespace {

constexpr std::string_view kMark = policy::kPlaceholderMark;
constexpr std::size_t kPlaceholderBytes = kMark.size() + 32;  // privsep/monitor/calls.cc

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool named(const HeaderField& header, std::string_view name) { return lower(header.name) == lower(name); }

// The words of a header's value that are base64 of a text with a placeholder: Basic credentials, mostly.
std::vector<std::string> hidden_in(std::string_view value) {
  std::vector<std::string> texts;
  while (!value.empty()) {
    const std::size_t end = std::min(value.size(), value.find(' '));
    std::optional<std::string> text;
    if (end >= kMark.size()) text = base64_decoded(value.substr(0, end));
    if (text && policy::holds_placeholder(*text)) texts.push_back(std::move(*text));
    value.remove_prefix(std::min(value.size(), end + 1));
  }
  return texts;
}

bool anywhere_in(std::string_view text) {
  return policy::holds_placeholder(text) ||
         (text.find('%') != std::string_view::npos && policy::holds_placeholder(percent_decoded(text)));
}

void collect(std::set<std::string>& into, std::string_view text) {
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    const std::string_view one = text.substr(at, kPlaceholderBytes);
    const std::string_view number = one.substr(std::min(one.size(), kMark.size()));
    if (number.size() == 32 && number.find_first_not_of("0123456789abcdef") == std::string_view::npos)
      into.emplace(one);
  }
}

std::string with(std::string_view form, std::string_view value) {
  const std::size_t at = form.find("{}");
  return std::string(form.substr(0, at)) + std::string(value) + std::string(form.substr(at + 2));
}

bool fill_header(FetchStart& request, const std::string& placeholder, const SecretValue& secret) {
  for (HeaderField& header : request.headers) {
    if (!named(header, secret.name) || header.value != with(secret.form, placeholder)) continue;
    header.value = with(secret.form, secret.value);
    return true;
  }
  return false;
}

bool fill_basic(FetchStart& request, const std::string& placeholder, const SecretValue& secret) {
  for (HeaderField& header : request.headers) {
    if (!named(header, "authorization") || !lower(header.value).starts_with("basic ")) continue;
    const std::optional<std::string> credentials = base64_decoded(std::string_view(header.value).substr(6));
    if (credentials != with(secret.form, placeholder)) continue;
    header.value = "Basic " + base64(with(secret.form, secret.value));
    return true;
  }
  return false;
}

// name=placeholder among pairs that are separated by `&`, from `begin` on.
bool fill_pair(std::string& text, std::size_t begin, const std::string& placeholder,
               const SecretValue& secret) {
  while (begin < text.size()) {
    const std::size_t end = std::min(text.size(), text.find('&', begin));
    const std::string_view pair = std::string_view(text).substr(begin, end - begin);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && percent_decoded(pair.substr(0, equals)) == secret.name &&
        pair.substr(equals + 1) == placeholder) {
      text.replace(begin + equals + 1, placeholder.size(), percent_encoded(secret.value));
      return true;
    }
    begin = end + 1;
  }
  return false;
}

bool fill_path(std::string& target, const std::string& placeholder, const SecretValue& secret) {
  const std::size_t at = target.find(placeholder);
  if (at == std::string::npos || at > target.find('?')) return false;
  target.replace(at, placeholder.size(), percent_encoded(secret.value));
  return true;
}

// Walks through JSON far enough to know which strings are values of the outermost object.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  // Where the string between the quotes begins; nothing unless the member is there and holds exactly that.
  std::optional<std::size_t> member(std::string_view name, std::string_view value) {
    std::string_view key;
    bool value_next = false;
    std::optional<std::size_t> found;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        const std::size_t begin = at_ + 1;
        if (!skip_string()) return std::nullopt;
        const std::string_view token = text_.substr(begin, at_ - begin);
        if (in_outermost_object() && value_next && key == name && token == value) found = begin;
        if (in_outermost_object() && !value_next) key = token;
      } else if (!step(c, value_next)) {
        return std::nullopt;
      }
    }
    return open_.empty() ? found : std::nullopt;
  }

 private:
  [[nodiscard]] bool in_outermost_object() const { return open_ == "{"; }
  // To the quote at the end.
  bool skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    return at_ < text_.size();
  }
  bool step(char c, bool& value_next) {
    if (c == '{' || c == '[') open_ += c;
    if (c == '}' || c == ']') {
      if (open_.empty() || open_.back() != (c == '}' ? '{' : '[')) return false;
      open_.pop_back();
    }
    if (!in_outermost_object()) return true;
    if (c == ':') value_next = true;
    if (c == ',') value_next = false;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
};

bool fill_json(std::string& body, const std::string& placeholder, const SecretValue& secret) {
  const std::optional<std::size_t> at = JsonWalk(body).member(secret.name, placeholder);
  if (!at) return false;
  body.replace(*at, placeholder.size(), json_escaped(secret.value));
  return true;
}

bool fill(FetchStart& request, std::string& body, const std::string& placeholder, const SecretValue& secret) {
  switch (secret.place) {
    case policy::SecretPlace::kHeader:
      return fill_header(request, placeholder, secret);
    case policy::SecretPlace::kBasic:
      return fill_basic(request, placeholder, secret);
    case policy::SecretPlace::kQuery: {
      const std::size_t query = request.target.find('?');
      return query != std::string::npos && fill_pair(request.target, query + 1, placeholder, secret);
    }
    case policy::SecretPlace::kPath:
      return fill_path(request.target, placeholder, secret);
    case policy::SecretPlace::kJson:
      return is_json(request) && fill_json(body, placeholder, secret);
    case policy::SecretPlace::kForm:
      return is_form(request) && fill_pair(body, 0, placeholder, secret);
  }
  return false;
}

std::string how_it_must_stand(const SecretValue& secret) {
  const std::string name(secret.name);
  switch (secret.place) {
    case policy::SecretPlace::kHeader:
      return "as the header " + name + ": " + std::string(secret.form);
    case policy::SecretPlace::kBasic:
      return "in Basic credentials " + std::string(secret.form) + ", as with auth=(user, password)";
    case policy::SecretPlace::kQuery:
      return "as the query parameter " + name;
    case policy::SecretPlace::kPath:
      return "in the path";
    case policy::SecretPlace::kJson:
      return "as the top-level field " + name + " of a JSON body of at most 256 KiB";
    case policy::SecretPlace::kForm:
      return "as the field " + name + " of a form body of at most 256 KiB";
  }
  return "where an administrator said";
}

bool has_content_type(const FetchStart& request, std::string_view wanted) {
  return std::ranges::any_of(request.headers, [wanted](const HeaderField& header) {
    const std::string value = lower(header.value);
    return named(header, "content-type") && value.starts_with(wanted) &&
           value.find_first_not_of(" \t", wanted.size()) == value.find(';', wanted.size());
  });
}

}  // namespace

bool is_json(const FetchStart& request) { return has_content_type(request, "application/json"); }
bool is_form(const FetchStart& request) {
  return has_content_type(request, "application/x-www-form-urlencoded");
}

bool holds_placeholder(const FetchStart& request, std::string_view body) {
  if (policy::holds_placeholder(lower(request.host)) || policy::holds_placeholder(lower(request.method)))
    return true;
  if (anywhere_in(request.target) || anywhere_in(body)) return true;
  return std::ranges::any_of(request.headers, [](const HeaderField& header) {
    return policy::holds_placeholder(lower(header.name)) || anywhere_in(header.value) ||
           !hidden_in(header.value).empty();
  });
}

std::set<std::string> placeholders_in(const FetchStart& request, std::string_view body) {
  std::set<std::string> found;
  collect(found, request.target);
  collect(found, body);
  for (const HeaderField& header : request.headers) {
    collect(found, header.value);
    for (const std::string& text : hidden_in(header.value)) collect(found, text);
  }
  return found;
}

std::string fill_in(FetchStart& request, std::string& body, const std::string& placeholder,
                    const SecretValue& secret) {
  if (fill(request, body, placeholder, secret)) return {};
  return "this secret may stand only " + how_it_must_stand(secret);
}

void ask_for_plain_answer(FetchStart& request) {
  std::erase_if(request.headers, [](const HeaderField& header) {
    return named(header, "accept-encoding") || named(header, "range") || named(header, "if-range");
  });
  HeaderField& identity = request.headers.emplace_back();
  identity.name = std::string_view("Accept-Encoding");
  identity.value = std::string_view("identity");
}

}  // namespace mcpbox::egress
