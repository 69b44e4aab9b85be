// Starts the probe the way the launcher starts a daemon, and looks at it from outside.
#pragma once

#include <dirent.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "privsep/jail/spawn_side.h"
#include "tests/privsep/jail/forms.h"
#include "tests/privsep/jail/probe_report.h"

namespace mcpbox::test {

inline constexpr uid_t kProbeUid = 60802;     // as root: any number that nobody has
inline constexpr uid_t kRootlessUid = 12345;  // stands for an ordinary user

struct ProbePlan {
  const char* kind = "gateway";
  policy::Layers made = policy::kGatewayLayers;  // whose namespaces the launcher makes
  policy::Layers missing_allowed = 0;
  uid_t expected_uid = 0;
  int death_signal = SIGKILL;
  const char* omitted = "nothing";  // omit.h: a system call that says yes and does nothing
  const char* program = MCPBOX_PROBE;
  int oom_score_adj = 0;
  int unlisted_fd = -1;  // a descriptor that the launcher gives it and its jail does not name
};

struct Probe {
  jail::Spawned child;
  base::Fd link;

  // What the probe reports, or all zeros when it ended without a word.
  [[nodiscard]] ProbeReport report() const {
    ProbeReport report = {};
    if (::recv(link.get(), &report, sizeof report, MSG_WAITALL) != sizeof report) return {};
    return report;
  }
  // Lets the probe end, and returns its wait status.
  int end() {
    link.reset();
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    return status;
  }
  [[nodiscard]] std::string proc(const char* file) const {
    std::ifstream in("/proc/" + std::to_string(child.pid) + "/" + file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // One field of /proc/PID/status, its blanks squeezed.
  [[nodiscard]] std::string status(const std::string& field) const {
    std::istringstream lines(proc("status"));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(field + ":")) continue;
      std::istringstream words(line.substr(field.size() + 1));
      std::string all;
      for (std::string word; words >> word;) all += all.empty() ? word : " " + word;
      return all;
    }
    return "no such field";
  }
  [[nodiscard]] std::set<std::string> names_in(const char* folder) const {
    std::set<std::string> names;
    DIR* listed = ::opendir(("/proc/" + std::to_string(child.pid) + "/" + folder).c_str());
    if (listed == nullptr) return {"unreadable"};
    while (const dirent* entry = ::readdir(listed))
      if (entry->d_name[0] != '.') names.insert(entry->d_name);
    ::closedir(listed);
    return names;
  }
};

struct Link {
  base::Fd ours;
  base::Fd theirs;
};
inline Link make_link() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {.ours = base::Fd(ends[0]), .theirs = base::Fd(ends[1])};
}

inline base::Result<jail::Spawned> start_probe(const ProbePlan& how, const base::Fd& link) {
  const std::string allowed = std::to_string(how.missing_allowed);
  const std::string expected = std::to_string(how.expected_uid);
  const char* const forms = least_forms() ? "least" : "offered";
  const char* const argv[] = {how.program, how.kind,    allowed.c_str(), expected.c_str(),
                              forms,       how.omitted, nullptr};
  std::vector<jail::DescriptorMove> moves{{.from = link.get(), .to = kProbeLink}};
  if (how.unlisted_fd >= 0) moves.push_back({.from = link.get(), .to = how.unlisted_fd});
  const bool root = ::geteuid() == 0;
  return jail::spawn({.path = how.program,
                      .argv = argv,
                      .uid = root ? kProbeUid : ::geteuid(),
                      .gid = root ? kProbeUid : ::getegid(),
                      .namespaces = jail::namespaces_for(how.made),
                      .descriptors = moves,
                      .keep_cap_kill = std::string(how.kind) == "monitor",
                      .parent_death_signal = how.death_signal,
                      .oom_score_adj = how.oom_score_adj});
}

inline base::Result<Probe> start_probe(const ProbePlan& how) {
  Link link = make_link();
  base::Result<jail::Spawned> child = start_probe(how, link.theirs);
  if (!child) return std::unexpected(child.error());
  return Probe{.child = std::move(*child), .link = std::move(link.ours)};
}

inline std::string without(const ProbeReport& report) {
  return std::string(report.error.data()) + " (errno " + std::to_string(report.sys_errno) + ")";
}

// Runs `body` in a child process that has become an ordinary user.  Its failures are printed and fail the
// caller.
template <class Body>
void as_ordinary_user(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool root = ::geteuid() == 0;
    if (root && (::setgroups(0, nullptr) < 0 || ::setresgid(kRootlessUid, kRootlessUid, kRootlessUid) < 0 ||
                 ::setresuid(kRootlessUid, kRootlessUid, kRootlessUid) < 0))
      ::_exit(2);
    ::prctl(PR_SET_DUMPABLE, 1);  // as after the exec of an ordinary login: /proc/PID belongs to the user
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

}  // namespace mcpbox::test
