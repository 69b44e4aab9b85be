// Runs in mcpboxctl, and turns into mcpbox-backup, which does not ask the monitor: it reads keys and dumps
// the database itself, with the rights of whoever runs it.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "admin/ctl/commands.h"
#include "admin/ctl/output.h"

namespace mcpbox::ctl {
namespace {

// Beside us where it was built, else where an installation has what nobody types.
std::string program() {
  std::array<char, PATH_MAX> self{};
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (length <= 0) return {};
  const std::string path(self.data(), static_cast<std::size_t>(length));
  const std::string folder = path.substr(0, path.rfind('/'));
  for (const char* place : {"/", "/../libexec/mcpbox/"}) {
    std::string found = folder + place + "mcpbox-backup";
    if (::access(found.c_str(), X_OK) == 0) return found;
  }
  return {};
}

}  // namespace

Exit backup(const Options& options) {
  const std::string path = program();
  std::vector<std::string> words = options.words;
  if (options.state) words.insert(words.end(), {"--state", *options.state});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  if (!path.empty()) ::execv(path.c_str(), argv.data());
  complain(path.empty() ? "mcpbox-backup is not installed" : path + ": " + std::strerror(errno));
  return Exit::kRefused;
}

}  // namespace mcpbox::ctl
