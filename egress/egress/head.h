// The head of a response, line by line as libcurl gives it.
#pragma once

#include <optional>
#include <string_view>

#include "privsep/protocol/messages_fetch.h"

namespace mcpbox::egress {

class Head {
 public:
  enum class Line : std::uint8_t { kMore, kComplete, kTooMuch, kMalformed };

  // One line with its end.  kComplete at the empty line of a final response; interim ones (1xx) are dropped.
  // After it, trailers are counted and dropped.
  Line take(std::string_view line);

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // What was read, once it is complete.
  protocol::FetchHead& message() { return message_; }

 private:
  Line status_line(std::string_view line);
  Line field(std::string_view line);
  Line continued(std::string_view text);
  [[nodiscard]] bool is_another_length(std::string_view name, std::string_view value) const;

  protocol::FetchHead message_;
  std::size_t bytes_ = 0;
  bool complete_ = false;
};

}  // namespace mcpbox::egress
