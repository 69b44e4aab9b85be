// Runs in [egress].  Pure.  The texts are a server's, which may be anybody.
#include "egress/egress/redactor.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero

#include <algorithm>
#include <utility>

#include "egress/egress/encodings.h"

namespace mcpbox::egress {

Pattern::Pattern(std::string wanted) : text(std::move(wanted)), fallback(text.size(), 0) {
  std::uint32_t length = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    while (length > 0 && text[i] != text[length]) length = fallback[length - 1];
    if (text[i] == text[length]) ++length;
    fallback[i] = length;
  }
}

Pattern::~Pattern() { ::explicit_bzero(text.data(), text.size()); }

Patterns patterns_of(std::string_view value) {
  Patterns patterns;
  for (std::string& form : forms_of(value))
    patterns.push_back(std::make_shared<const Pattern>(std::move(form)));
  return patterns;
}

Redactor::Redactor(const Patterns& patterns) {
  for (const std::shared_ptr<const Pattern>& pattern : patterns) looking_.push_back({.pattern = pattern});
}

std::string Redactor::take(std::string_view data) {
  const std::size_t known = kept_.size();
  std::string out = std::move(kept_);
  out += data;
  std::size_t unsure = 0;
  for (Looking& one : looking_) {
    const std::string& text = one.pattern->text;
    for (std::size_t i = 0; i < data.size(); ++i) {
      while (one.matched > 0 && data[i] != text[one.matched])
        one.matched = one.pattern->fallback[one.matched - 1];
      if (data[i] == text[one.matched]) ++one.matched;
      if (one.matched < text.size()) continue;
      const std::size_t end = known + i + 1;
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(end - text.size()), text.size(), '*');
      one.matched = one.pattern->fallback[text.size() - 1];
    }
    unsure = std::max(unsure, one.matched);
  }
  kept_ = out.substr(out.size() - unsure);
  out.resize(out.size() - unsure);
  return out;
}

std::string Redactor::rest() {
  for (Looking& one : looking_) one.matched = 0;
  return std::exchange(kept_, {});
}

std::string Redactor::whole(const Patterns& patterns, std::string_view text) {
  Redactor redactor(patterns);
  std::string out = redactor.take(text);
  out += redactor.rest();
  return out;
}

}  // namespace mcpbox::egress
