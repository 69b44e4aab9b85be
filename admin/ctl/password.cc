// Runs in mcpboxctl.
#include "admin/ctl/password.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "admin/ctl/terminal.h"
#include "policy/limits.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

namespace limits = policy::limits;
using Line = std::expected<std::string, std::string>;

Line line_of_standard_input() {
  std::string line;
  line.reserve(limits::kPasswordBytes + 1);
  while (line.size() <= limits::kPasswordBytes) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') return line;
    line += c;
  }
  wipe(line);
  return std::unexpected("that is longer than it may be");
}

Line twice_at_the_terminal() {
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  Line first = terminal->ask_secret("New password: ", limits::kPasswordBytes);
  if (!first || !problem_with_password(*first).empty()) return first;
  Line second = terminal->ask_secret("The same again: ", limits::kPasswordBytes);
  const bool same = second && *second == *first;
  if (second) wipe(*second);
  if (same) return first;
  wipe(*first);
  return std::unexpected("the two are not the same; nothing was changed");
}

}  // namespace

std::string_view problem_with_password(std::string_view password) {
  if (password.size() > limits::kPasswordBytes) return "a password has at most 1024 bytes";
  if (!base::is_utf8(password) || password.contains('\0')) return "a password is UTF-8 text";
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  const auto characters = static_cast<std::size_t>(std::ranges::count_if(password, begins_character));
  if (characters < limits::kPasswordMinChars) return "a password has at least 12 characters";
  return "";
}
static_assert(limits::kPasswordBytes == 1024 && limits::kPasswordMinChars == 12,
              "the sentences above say the numbers");

Line new_password() {
  const bool by_script = ::geteuid() == 0 && ::isatty(STDIN_FILENO) != 1;
  Line password = by_script ? line_of_standard_input() : twice_at_the_terminal();
  if (!password) return password;
  const std::string_view problem = problem_with_password(*password);
  if (problem.empty()) return password;
  wipe(*password);
  return std::unexpected(std::string(problem));
}

}  // namespace mcpbox::ctl
