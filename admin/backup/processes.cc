// Runs in mcpbox-backup, as root or as the owner of a trial.  What it starts is named here and nowhere else;
// it gets no descriptor of ours but those of its command, and an environment that is written out.
#include "admin/backup/processes.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "privsep/launcher/database.h"
#include "privsep/launcher/view.h"

namespace mcpbox::backup {
namespace {

constexpr int kFolder = 3;
constexpr int kFirstForeign = 4;
constexpr int kParked = 64;  // above everything that is put in place
constexpr int kCannotStart = 127;
constexpr std::size_t kMostSaid = 2'048;
constexpr std::size_t kMostAnswer = 65'536;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// In the child, between fork and exec.
bool place(int from, int to, int flags) {
  const int open_one = from >= 0 ? from : ::open("/dev/null", flags);
  return open_one >= 0 && ::dup2(open_one, to) == to;
}

bool become(const launcher::Identity& who) {
  if (::geteuid() != 0 || who.uid == 0) return true;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(who.gid, who.gid, who.gid) == 0 &&
         ::setresuid(who.uid, who.uid, who.uid) == 0;
}

[[noreturn]] void turn_into(const Command& command, char* const* words, char* const* environment, int errors,
                            pid_t parent) {
  const int parked[] = {
      ::fcntl(command.input, F_DUPFD_CLOEXEC, kParked), ::fcntl(command.output, F_DUPFD_CLOEXEC, kParked),
      ::fcntl(errors, F_DUPFD_CLOEXEC, kParked), ::fcntl(command.folder, F_DUPFD_CLOEXEC, kParked)};
  bool good = place(parked[0], STDIN_FILENO, O_RDONLY) && place(parked[1], STDOUT_FILENO, O_WRONLY) &&
              place(parked[2], STDERR_FILENO, O_WRONLY);
  if (good && command.folder >= 0) good = place(parked[3], kFolder, O_RDONLY);
  good = good && ::close_range(command.folder >= 0 ? kFirstForeign : kFolder, ~0U, 0) == 0;
  ::setsid();
  ::umask(077);
  good = good && ::chdir("/") == 0 && become(command.identity);
  // After the change of user, which clears it.
  good = good && ::prctl(PR_SET_PDEATHSIG, command.death_signal) == 0 && ::getppid() == parent;
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &usual, nullptr);
  if (good) ::execve(command.path.c_str(), words, environment);
  ::_exit(kCannotStart);
}

}  // namespace

Outcome<Program> Program::start(const Command& command) {
  base::Fd errors(::memfd_create("mcpbox-backup-errors", MFD_CLOEXEC));
  if (!errors) return refuse_errno("cannot make a memory file");
  std::vector<std::string> words = command.words;
  words.insert(words.begin(), command.path);
  std::vector<std::string> environment = command.environment;
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return refuse_errno("cannot start " + command.path);
  if (pid == 0) turn_into(command, argv.data(), envp.data(), errors.get(), parent);
  return Program(pid, std::move(errors), command.path.substr(command.path.rfind('/') + 1));
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      errors_(std::move(other.errors_)),
      name_(std::move(other.name_)) {}

Program::~Program() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Program::ended() {
  if (pid_ <= 0) return true;
  if (::waitpid(pid_, &status_, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

Outcome<void> Program::wait() {
  while (pid_ > 0 && ::waitpid(pid_, &status_, 0) < 0)
    if (errno != EINTR) return refuse_errno("cannot wait for " + name_);
  pid_ = -1;
  if (WIFEXITED(status_) && WEXITSTATUS(status_) == 0) return {};
  const std::string words = said();
  if (WIFEXITED(status_) && WEXITSTATUS(status_) == kCannotStart && words.empty())
    return refuse(name_ + " does not start: is it installed?");
  return refuse(name_ + " failed" + (words.empty() ? "" : ": " + words));
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

std::string Program::said() const {
  struct stat about{};
  if (::fstat(errors_.get(), &about) != 0) return {};
  std::string text(kMostSaid, '\0');
  const off_t from = std::max<off_t>(0, about.st_size - static_cast<off_t>(kMostSaid));
  const ssize_t length = ::pread(errors_.get(), text.data(), text.size(), from);
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  while (text.ends_with('\n')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

Outcome<std::string> answer_of(Command command) {
  base::Fd output(::memfd_create("mcpbox-backup-answer", MFD_CLOEXEC));
  if (!output) return refuse_errno("cannot make a memory file");
  command.output = output.get();
  Outcome<Program> program = Program::start(command);
  if (!program) return std::unexpected(program.error());
  if (Outcome<void> ended = program->wait(); !ended) return std::unexpected(ended.error());
  std::string text(kMostAnswer, '\0');
  const ssize_t length = ::pread(output.get(), text.data(), text.size(), 0);
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return text;
}

std::string postgres_program(std::string_view name) {
  const std::string_view server = launcher::kPostgres;
  return std::string(server.substr(0, server.rfind('/') + 1)) + std::string(name);
}

std::string own_program(std::string_view name) {
  const Outcome<std::string> folder = launcher::own_folder();
  if (!folder) return {};
  for (const char* place : {"/", "/../../bin/"}) {
    const std::string path = *folder + place + std::string(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

std::string setup_script() {
  const Outcome<std::string> folder = launcher::own_folder();
  if (!folder) return {};
  for (const char* place : {"/../../share/mcpbox/setup/", "/../../scripts/"}) {
    const std::string path = *folder + place + "setup-instance.sh";
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

launcher::Identity ourselves() { return {.uid = ::geteuid(), .gid = ::getegid()}; }

}  // namespace mcpbox::backup
