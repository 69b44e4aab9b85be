// Runs in mcpboxctl.  Trusts the gateway with nothing but the messages in its answers: lengths are bounded
// here.
#include "admin/ctl/bridge_http.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "policy/limits.h"

namespace mcpbox::ctl {
namespace {

namespace limits = policy::limits;

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kMessageBytes = 4 * limits::kOutcomeJsonBytes;  // beyond: the answer is given up

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool parse(std::string_view text, std::size_t& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size() && number <= kMessageBytes;
}

}  // namespace

std::string http_request(std::string_view method_and_path, const HeaderLines& headers,
                         std::string_view body) {
  std::string request = std::string(method_and_path) +
                        " HTTP/1.1\r\nHost: mcp.sock\r\nConnection: close\r\n"
                        "Accept: application/json, text/event-stream\r\n";
  for (const auto& [name, value] : headers) request.append(name).append(": ").append(value).append(kEnd);
  if (!body.empty())
    request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return request.append(kEnd).append(body);
}

bool ResponseReader::feed(std::string_view bytes) {
  held_.append(bytes);
  while (part_ != Part::kDone) {
    const std::size_t before = held_.size();
    const Part part = part_;
    if (!step()) return false;
    if (held_.size() == before && part_ == part) break;  // it takes more bytes
  }
  return text_.size() + data_.size() <= kMessageBytes &&
         (part_ != Part::kHead || held_.size() <= limits::kHeaderBytes);
}

bool ResponseReader::step() {
  switch (part_) {
    case Part::kHead: {
      const std::size_t end = held_.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      const std::string head = held_.substr(0, end + kEnd.size());
      held_.erase(0, end + 2 * kEnd.size());
      return read_head(head);
    }
    case Part::kBody: {
      const std::size_t part = has_length_ ? std::min(left_, held_.size()) : held_.size();
      if (!body(std::string_view(held_).substr(0, part))) return false;
      held_.erase(0, part);
      left_ -= has_length_ ? part : 0;
      if (has_length_ && left_ == 0) done();
      return true;
    }
    case Part::kChunkSize: {
      const std::size_t end = held_.find(kEnd);
      if (end == std::string::npos) return held_.size() < 64;
      const std::string size = held_.substr(0, std::min(end, held_.find(';')));
      held_.erase(0, end + kEnd.size());
      return chunk_size(size);
    }
    case Part::kChunk: {
      const std::size_t part = std::min(left_, held_.size());
      if (!body(std::string_view(held_).substr(0, part))) return false;
      held_.erase(0, part);
      left_ -= part;
      if (left_ == 0) part_ = Part::kChunkEnd;
      return true;
    }
    case Part::kChunkEnd:
      if (held_.size() < kEnd.size()) return true;
      if (!held_.starts_with(kEnd)) return false;
      held_.erase(0, kEnd.size());
      part_ = Part::kChunkSize;
      return true;
    case Part::kTrailer: {
      const std::size_t end = held_.find(kEnd);
      if (end == std::string::npos) return held_.size() <= limits::kHeaderBytes;
      held_.erase(0, end + kEnd.size());
      if (end == 0) done();
      return true;
    }
    case Part::kDone:
      return true;
  }
  return false;
}

bool ResponseReader::read_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) return false;
  std::size_t status = 0;
  if (!parse(head.substr(9, 3), status, 10)) return false;
  status_ = static_cast<int>(status);
  bool chunked = false;
  head.remove_prefix(std::min(head.find(kEnd) + kEnd.size(), head.size()));
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find(kEnd));
    head.remove_prefix(std::min(line.size() + kEnd.size(), head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "mcp-session-id") session_ = value;
    if (name == "content-type") events_ = lower(value).starts_with("text/event-stream");
    if (name == "transfer-encoding") chunked = lower(value) == "chunked";
    if (name == "content-length") {
      has_length_ = parse(value, left_, 10);
      if (!has_length_) return false;
    }
  }
  part_ = chunked ? Part::kChunkSize : Part::kBody;
  if (part_ == Part::kBody && ((has_length_ && left_ == 0) || status_ == 204)) done();
  return true;
}

bool ResponseReader::chunk_size(std::string_view line) {
  if (!parse(trimmed(line), left_, 16)) return false;
  part_ = left_ == 0 ? Part::kTrailer : Part::kChunk;
  return true;
}

bool ResponseReader::body(std::string_view bytes) {
  text_.append(bytes);
  if (!events_) return text_.size() <= kMessageBytes;
  std::size_t from = 0;
  for (std::size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', from)) {
    std::string_view line = std::string_view(text_).substr(from, end - from);
    if (line.ends_with('\r')) line.remove_suffix(1);
    event_line(line);
    from = end + 1;
  }
  text_.erase(0, from);
  return text_.size() + data_.size() <= kMessageBytes;
}

// Fields but `data` say nothing that a line on standard output could carry.
void ResponseReader::event_line(std::string_view line) {
  if (line.empty()) {
    if (!data_.empty()) messages_.push_back(std::exchange(data_, {}));
    return;
  }
  if (!line.starts_with("data:")) return;
  line.remove_prefix(5);
  if (line.starts_with(' ')) line.remove_prefix(1);
  data_.append(data_.empty() ? "" : " ").append(line);
}

void ResponseReader::done() {
  part_ = Part::kDone;
  if (!events_ && !text_.empty()) messages_.push_back(std::exchange(text_, {}));
}

void ResponseReader::end() {
  if (part_ == Part::kBody && !has_length_) done();
}

}  // namespace mcpbox::ctl
