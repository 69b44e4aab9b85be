// Runs in [egress].  The lines are a server's, which may be anybody.
#include "egress/egress/head.h"

#include <algorithm>
#include <charconv>

namespace mcpbox::egress {

namespace limits = policy::limits;

namespace {

using Bytes = protocol::Bytes<limits::kFetchHeaderValueBytes>;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() &&
         (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

Head::Line Head::take(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > limits::kFetchReplyHeaderBytes) return Line::kTooMuch;
  if (complete_) return Line::kMore;
  const std::string_view text = trimmed(line);
  const bool folded = line.starts_with(' ') || line.starts_with('\t');
  if (!text.empty() && folded) return continued(text);
  if (!text.empty()) return message_.status == 0 ? status_line(text) : field(text);
  if (message_.status == 0) return Line::kMalformed;
  if (message_.status >= 100 && message_.status < 200) {
    message_ = {};
    return Line::kMore;
  }
  complete_ = true;
  return Line::kComplete;
}

Head::Line Head::status_line(std::string_view line) {
  using enum protocol::HttpVersion;
  const std::size_t space = line.find(' ');
  if (!line.starts_with("HTTP/") || space == std::string_view::npos) return Line::kMalformed;
  const std::string_view version = line.substr(0, space);
  message_.version = version == "HTTP/2" ? k2 : version == "HTTP/1.0" ? k10 : k11;
  const std::string_view rest = trimmed(line.substr(space));
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), message_.status);
  if (error != std::errc() || message_.status < 100 || message_.status > 999) return Line::kMalformed;
  constexpr std::uint16_t kSwitchingProtocols = 101;  // to what, nobody asked for: we never do
  if (message_.status == kSwitchingProtocols) return Line::kMalformed;
  const std::string_view reason = trimmed({end, static_cast<std::size_t>(rest.data() + rest.size() - end)});
  if (reason.size() > limits::kFetchHeaderValueBytes) return Line::kTooMuch;
  message_.reason = reason;
  return Line::kMore;
}

// A line that continues the one before (RFC 9112, 5.2) is joined to it.
Head::Line Head::continued(std::string_view text) {
  if (message_.headers.empty()) return Line::kMalformed;
  Bytes& value = message_.headers.back().value;
  if (value.size() + 1 + text.size() > limits::kFetchHeaderValueBytes) return Line::kTooMuch;
  value += ' ';
  value += text;
  return Line::kMore;
}

// RFC 9112, 6.3: two lengths are an error, not a choice.  libcurl takes the last.
bool Head::is_another_length(std::string_view name, std::string_view value) const {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto is_length = [&same](std::string_view one) {
    return std::ranges::equal(one, std::string_view("content-length"), same);
  };
  return is_length(name) && std::ranges::any_of(message_.headers, [&](const protocol::HeaderField& header) {
           return is_length(header.name) && header.value != value;
         });
}

Head::Line Head::field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (message_.status == 0 || colon == std::string_view::npos || colon == 0) return Line::kMalformed;
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name.size() > limits::kFetchHeaderNameBytes || value.size() > limits::kFetchHeaderValueBytes ||
      message_.headers.size() >= limits::kFetchReplyHeaders)
    return Line::kTooMuch;
  if (is_another_length(name, value)) return Line::kMalformed;
  protocol::HeaderField& added = message_.headers.emplace_back();
  added.name = name;
  added.value = value;
  return Line::kMore;
}

}  // namespace mcpbox::egress
