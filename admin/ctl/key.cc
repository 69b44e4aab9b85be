// Runs in mcpboxctl, as root: another master key in the place of the one in use.  The monitor replaces it in
// the database; here are the files, in an order in which nothing is lost wherever it is cut:
//
//   master.key.next is on the disk, whole   the monitor is asked   master.key.next becomes master.key
//
// A start between the last two finds both, and the database says which of them is in use; the next `key
// rotate` finishes.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "privsep/audit/record.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kKey = "master.key";
constexpr const char* kNext = "master.key.next";
constexpr const char* kUnfinished = "master.key.next.new";
constexpr std::size_t kKeyBytes = 32;

Exit refuse(const std::string& text) {
  complain(text);
  return Exit::kRefused;
}

Exit refuse_errno(const std::string& text) { return refuse(text + ": " + std::strerror(errno)); }

// Open to nobody but us, or whoever could write to it could have the key.
std::expected<base::Fd, std::string> own_folder(const std::string& path) {
  base::Fd folder(::open(path.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  struct stat about{};
  if (!folder || ::fstat(folder.get(), &about) != 0)
    return std::unexpected("cannot open the state folder " + path + ": " + std::strerror(errno));
  if (about.st_uid != ::geteuid() || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return std::unexpected("the state folder " + path + " must be yours, and writable by nobody else");
  return folder;
}

base::Fd open_file(const base::Fd& folder, const char* name) {
  return base::Fd(::openat(folder.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

// Is the key in this file the one in use?  No, too, when there is no such file.
Answer<bool> in_use(Connection& monitor, const base::Fd& folder, const char* name) {
  protocol::CheckKey question{.key = open_file(folder, name)};
  if (!question.key) return false;
  const Answer<protocol::KeyUse> use = monitor.ask(question);
  if (!use) return std::unexpected(use.error());
  return use->in_use;
}

// On the disk under its name, or not at all.
bool write_next(const base::Fd& folder) {
  std::array<unsigned char, kKeyBytes> key{};
  ::unlinkat(folder.get(), kUnfinished, 0);
  const base::Fd file(
      ::openat(folder.get(), kUnfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const bool whole = file && ::getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size()) &&
                     ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
                     ::fsync(file.get()) == 0;
  ::explicit_bzero(key.data(), key.size());
  return whole && ::renameat(folder.get(), kUnfinished, folder.get(), kNext) == 0 &&
         ::fsync(folder.get()) == 0;
}

bool put_in_place(const base::Fd& folder) {
  return ::renameat(folder.get(), kNext, folder.get(), kKey) == 0 && ::fsync(folder.get()) == 0;
}

Exit finish(const base::Fd& folder) {
  if (!put_in_place(folder))
    return refuse_errno("the key in use is master.key.next; it cannot become master.key");
  print(
      "A rotation that had been cut is finished: the key in use is master.key.  Run this again for another "
      "key.\n");
  return Exit::kOk;
}

Exit say(const Options& options, const protocol::KeyRotated& done) {
  const std::string audit_key = audit::hex(done.audit_key);
  if (options.json) {
    print(json_text(Object()
                        .text("audit_key", audit_key)
                        .number("record", static_cast<std::int64_t>(done.record))
                        .number("rows", static_cast<std::int64_t>(done.rows))
                        .take()
                        .get()));
    return Exit::kOk;
  }
  print("The master key was replaced: " + std::to_string(done.rows) +
        " rows are sealed with the new one (record " + std::to_string(done.record) + ").\n" +
        "The audit log is signed from here on with " + audit_key +
        ": note it.\nA backup of before holds the old key: make a new one (mcpboxctl backup create).\n");
  return Exit::kOk;
}

Exit rotate(const Options& options, Connection& monitor, const base::Fd& folder) {
  if (!write_next(folder)) return refuse_errno("cannot write master.key.next, and nothing was changed");
  protocol::RotateKey order{.key = open_file(folder, kNext)};
  if (!order.key) return refuse_errno("cannot open master.key.next, and nothing was changed");
  const Answer<protocol::KeyRotated> done = monitor.ask(order);
  if (!done) {
    const bool unchanged = done.error().answered && done.error().why != base::Why::kBroken;
    if (unchanged) ::unlinkat(folder.get(), kNext, 0);
    const Exit code = report(done.error());
    if (!unchanged)
      complain("both keys are kept, and MCPbox finds out which is in use: run `mcpboxctl key rotate` again");
    return code;
  }
  if (!put_in_place(folder))
    return refuse_errno("the key was replaced, but master.key.next cannot become master.key: keep both");
  return say(options, *done);
}

}  // namespace

Exit key(const Options& options) {
  if (options.words[1] != "rotate") {
    complain("use: mcpboxctl key rotate");
    return Exit::kUsage;
  }
  const std::expected<base::Fd, std::string> folder = own_folder(state_folder(options));
  if (!folder) return refuse(folder.error());
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  if (monitor->daemon_uid() != 0 && monitor->daemon_uid() != ::geteuid()) {
    complain("the control socket was made by another user, so no key is shown to it");
    return Exit::kNotPermitted;
  }
  const Answer<bool> next = in_use(*monitor, *folder, kNext);
  if (!next) return report(next.error());
  if (*next) return finish(*folder);
  const Answer<bool> now = in_use(*monitor, *folder, kKey);
  if (!now) return report(now.error());
  if (!*now)
    return refuse("the key in use is not " + state_folder(options) +
                  "/master.key: it comes from MCPBOX_ENCRYPTION_KEY or from a credential.  Write it to that "
                  "file (32 bytes, mode "
                  "0600), start MCPbox with it, and rotate then");
  return rotate(options, *monitor, *folder);
}

}  // namespace mcpbox::ctl
