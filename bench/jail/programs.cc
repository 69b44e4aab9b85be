// Runs in bench-jail.  Trusts Debian's python3 and bwrap.
#include "bench/jail/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figures.h"

namespace mcpbox::bench {
namespace {

constexpr const char* kPython = "/usr/bin/python3.11";
constexpr const char* kBubblewrap = "/usr/bin/bwrap";
constexpr const char* kScript =
    "import asyncio, json\n"
    "async def main(name, times):\n"
    "    return {'text': f'hello {name} ' * times}\n"
    "print(json.dumps(asyncio.run(main(**json.loads('{\"name\":\"Ada\",\"times\":2}')))))\n";

double run_us(const char* const* argv) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  const double began = now_us();
  pid_t pid = -1;
  char* const environment[] = {nullptr};
  const int failed =
      ::posix_spawn(&pid, argv[0], &actions, nullptr, const_cast<char* const*>(argv), environment);
  int status = -1;
  if (failed != 0 || ::waitpid(pid, &status, 0) != pid || status != 0)
    give_up("a program to compare with did not run", failed);
  ::posix_spawn_file_actions_destroy(&actions);
  return now_us() - began;
}

}  // namespace

double python_us() {
  const char* const argv[] = {kPython, "-c", kScript, nullptr};
  return run_us(argv);
}

double bubblewrap_us() {
  const char* const argv[] = {
      kBubblewrap, "--unshare-all", "--die-with-parent", "--ro-bind", "/usr",   "/usr",   "--symlink",
      "usr/lib",   "/lib",          "--symlink",         "usr/lib64", "/lib64", "--proc", "/proc",
      "--dev",     "/dev",          "--tmpfs",           "/tmp",      "--",     kPython,  "-c",
      kScript,     nullptr};
  return run_us(argv);
}

bool bubblewrap_is_installed() { return ::access(kBubblewrap, X_OK) == 0; }

}  // namespace mcpbox::bench
