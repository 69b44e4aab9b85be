// Runs in mcpboxctl.  What is typed here decides and authenticates, so it is read from the terminal itself.
#include "admin/ctl/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "privsep/base/error.h"

namespace mcpbox::ctl {
namespace {

using Line = std::expected<std::string, std::string>;

// Holds back the signals that would end the process while the terminal does not echo.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t ending = signals();
    reader_.reset(::signalfd(-1, &ending, SFD_CLOEXEC));
    sigaddset(&ending, SIGTSTP);  // held, not read: a stopped process would leave the terminal silent
    ::sigprocmask(SIG_BLOCK, &ending, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  // A signal that came meanwhile takes effect here.
  ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  [[nodiscard]] int fd() const { return reader_.get(); }

 private:
  static sigset_t signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
    return set;
  }
  base::Fd reader_;
  sigset_t before_{};
};

class Silence {
 public:
  explicit Silence(int tty) : tty_(tty) {
    if (::tcgetattr(tty_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    quiet_ = ::tcsetattr(tty_, TCSAFLUSH, &silent) == 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (quiet_) ::tcsetattr(tty_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool quiet() const { return quiet_; }

 private:
  int tty_;
  termios before_{};
  bool quiet_ = false;
};

void say(int tty, std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(tty, text.data(), text.size());
}

// Waits until the terminal has input.  False when a signal asks to end.  signal_fd: -1 for none.
bool wait_for_input(int tty, int signal_fd) {
  pollfd both[] = {{.fd = tty, .events = POLLIN, .revents = 0},
                   {.fd = signal_fd, .events = POLLIN, .revents = 0}};
  while (::poll(both, 2, -1) < 0)
    if (errno != EINTR) return false;
  return both[1].revents == 0;
}

Line read_line(int tty, int signal_fd, std::size_t most) {
  std::string line;
  line.reserve(most);  // growing would leave copies of a password behind
  while (wait_for_input(tty, signal_fd)) {
    char c = 0;
    const ssize_t got = ::read(tty, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (c == '\n') return line;
    if (line.size() == most) {
      wipe(line);
      ::tcflush(tty, TCIFLUSH);
      return std::unexpected("that is longer than it may be");
    }
    line += c;
  }
  wipe(line);
  return std::unexpected("nothing was typed");
}

}  // namespace

std::expected<Terminal, std::string> Terminal::open() {
  base::Fd tty(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!tty) return std::unexpected("this must be typed at a terminal, and this session has none");
  return Terminal(std::move(tty));
}

Line Terminal::ask(std::string_view prompt, std::size_t most) {
  ::tcflush(tty_.get(), TCIFLUSH);
  say(tty_.get(), prompt);
  return read_line(tty_.get(), -1, most);
}

Line Terminal::ask_secret(std::string_view prompt, std::size_t most) {
  const HeldSignals held;  // outlives the silence, so a signal finds the echo restored
  const Silence silence(tty_.get());
  if (!silence.quiet()) return std::unexpected("the terminal cannot be kept from showing the password");
  say(tty_.get(), prompt);
  Line line = read_line(tty_.get(), held.fd(), most);
  say(tty_.get(), "\n");
  return line;
}

void wipe(std::string& secret) {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace mcpbox::ctl
