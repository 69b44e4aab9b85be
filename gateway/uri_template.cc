// Runs in the gateways.  Trusts nothing: the template is an author's, the URI a client's.
#include "gateway/uri_template.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace mcpbox::gateway {
namespace {

// The texts around the {parts}, one more than there are parts.
std::vector<std::string_view> texts_of(std::string_view uri_template) {
  std::vector<std::string_view> texts;
  while (true) {
    const std::size_t open = uri_template.find('{');
    const std::size_t close = open == std::string_view::npos ? open : uri_template.find('}', open);
    if (close == std::string_view::npos) break;
    texts.push_back(uri_template.substr(0, open));
    uri_template.remove_prefix(close + 1);
  }
  texts.push_back(uri_template);
  return texts;
}

bool is_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._~-%").contains(c);
  });
}

}  // namespace

bool template_matches(std::string_view uri_template, std::string_view uri) {
  const std::vector<std::string_view> texts = texts_of(uri_template);
  if (!uri.starts_with(texts.front())) return false;
  uri.remove_prefix(texts.front().size());
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const bool last = i + 1 == texts.size();
    const std::string_view after = texts[i];
    std::size_t end = uri.size();
    if (last && !uri.ends_with(after)) return false;
    if (last)
      end = uri.size() - after.size();
    else
      end = after.empty() ? std::string_view::npos : uri.find(after, 1);
    if (end == std::string_view::npos || !is_value(uri.substr(0, end))) return false;
    uri.remove_prefix(end + after.size());
  }
  return uri.empty();
}

}  // namespace mcpbox::gateway
