// The person at the terminal: /dev/tty and nothing else.  Standard input may be a script's, or a language
// model's.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "privsep/base/fd.h"

namespace mcpbox::ctl {

class Terminal {
 public:
  // The terminal of this session; an error sentence when there is none.
  [[nodiscard]] static std::expected<Terminal, std::string> open();
  // For tests: a descriptor of a pseudo terminal.
  explicit Terminal(base::Fd tty) : tty_(std::move(tty)) {}

  // Prints `prompt` and reads one line of at most `most` bytes, without its end.  What was typed before is
  // dropped.
  [[nodiscard]] std::expected<std::string, std::string> ask(std::string_view prompt, std::size_t most);
  // The same without echo.  SIGINT, SIGTERM, SIGHUP and SIGQUIT take effect after the echo is back; SIGTSTP
  // waits.
  [[nodiscard]] std::expected<std::string, std::string> ask_secret(std::string_view prompt, std::size_t most);

 private:
  base::Fd tty_;
};

// Overwrites what a password was in.
void wipe(std::string& secret);

}  // namespace mcpbox::ctl
