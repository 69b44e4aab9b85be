// Runs in mcpboxctl.  The pager gets text that visible() has made harmless, and an environment of our own,
// because LESSOPEN, LESS and a crafted PATH would otherwise run a program or hide a page.
#include "admin/ctl/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "privsep/base/fd.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kPager = "/usr/bin/less";

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // the reader has seen enough
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string terminal_type() {
  constexpr std::string_view kHarmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
  const char* type = std::getenv("TERM");
  const bool usable =
      type != nullptr && std::string_view(type).find_first_not_of(kHarmless) == std::string_view::npos;
  return usable && *type != '\0' ? type : "dumb";
}

[[noreturn]] void become_pager(int text_fd, const std::string& term) {
  // -R shows our text as it is, -X leaves the last page on the screen, where the digest is, -F does not stop
  // at one page.
  const char* const argv[] = {"less", "-RXF", nullptr};
  const char* const environment[] = {term.c_str(),        "LESSSECURE=1",   "LESSHISTFILE=-",
                                     "LESSCHARSET=utf-8", "LC_ALL=C.UTF-8", nullptr};
  if (::dup2(text_fd, STDIN_FILENO) == STDIN_FILENO)
    ::execve(kPager, const_cast<char* const*>(argv), const_cast<char* const*>(environment));
  ::_exit(127);
}

bool page_with_less(std::string_view text) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const base::Fd from(ends[0]);
  base::Fd into(ends[1]);
  const std::string term = "TERM=" + terminal_type();
  const pid_t pager = ::fork();
  if (pager == 0) become_pager(from.get(), term);
  if (pager < 0) return false;
  write_all(into.get(), text);
  into.reset();
  int status = 0;
  while (::waitpid(pager, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) != 127;
}

}  // namespace

void print(std::string_view text) { write_all(STDOUT_FILENO, text); }

void complain(std::string_view text) { write_all(STDERR_FILENO, "mcpboxctl: " + base::visible(text) + "\n"); }

void page(std::string_view text) {
  if (::isatty(STDOUT_FILENO) == 1 && ::access(kPager, X_OK) == 0 && page_with_less(text)) return;
  print(text);
}

std::size_t output_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace mcpbox::ctl
