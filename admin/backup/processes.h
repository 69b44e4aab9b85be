// Programs that a backup or a restore needs: PostgreSQL's, the setup script, and an instance for a drill.
#pragma once

#include <string>
#include <vector>

#include "admin/backup/container.h"
#include "privsep/base/fd.h"
#include "privsep/launcher/accounts.h"

namespace mcpbox::backup {

struct Command {
  std::string path;
  std::vector<std::string> words;        // after the program's name
  std::vector<std::string> environment;  // NAME=VALUE, all of it
  launcher::Identity identity;           // who it is; our own user where we are not root
  int input = -1, output = -1;           // -1: /dev/null
  int folder = -1;                       // an open folder or lock, as descriptor 3; -1: none
  int death_signal = 9;                  // when we are gone
};

// A program that runs, and what it says on standard error.  Killed when this goes before it was waited for.
class Program {
 public:
  [[nodiscard]] static Outcome<Program> start(const Command& command);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Waits for its end.  An error, with what it said, unless its exit status is 0.
  [[nodiscard]] Outcome<void> wait();
  // Has it ended?  Does not wait.
  [[nodiscard]] bool ended();
  void signal(int number) const;
  // The end of what it said, without its last line end.
  [[nodiscard]] std::string said() const;

 private:
  Program(pid_t pid, base::Fd errors, std::string name)
      : pid_(pid), errors_(std::move(errors)), name_(std::move(name)) {}
  pid_t pid_ = -1;
  int status_ = 0;
  base::Fd errors_;
  std::string name_;
};

// Runs it to its end and gives what it wrote, at most 64 KiB.
[[nodiscard]] Outcome<std::string> answer_of(Command command);

// A program of PostgreSQL's that the embedded database is of too.
[[nodiscard]] std::string postgres_program(std::string_view name);
// Beside us, or where an installation has it; empty when it is not there.
[[nodiscard]] std::string own_program(std::string_view name);
[[nodiscard]] std::string setup_script();

// Whom mcpbox-backup itself is.
[[nodiscard]] launcher::Identity ourselves();

}  // namespace mcpbox::backup
