// Run by the launcher (root), first.  Trusts the kernel to know its own version.
#include "privsep/launcher/kernel.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <tuple>

#include "policy/layers.h"
#include "policy/oom_order.h"
#include "privsep/base/fd.h"

namespace mcpbox::launcher {
namespace {

// Reads a number and what follows it; false when there is none.
bool read_number(std::string_view& text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Outcome<void> check_kernel(std::string_view release) {
  unsigned major = 0, minor = 0;
  std::string_view rest = release;
  bool understood = read_number(rest, major) && rest.starts_with('.');
  if (understood) rest.remove_prefix(1);
  understood = understood && read_number(rest, minor);
  if (!understood) return refuse("this kernel's version is not understood: " + std::string(release));
  const auto [least_major, least_minor] = policy::kLeastKernel;
  if (std::tie(major, minor) >= std::tie(least_major, least_minor)) return {};
  return refuse("this is Linux " + std::string(release) + "; MCPbox needs Linux " +
                std::to_string(least_major) + "." + std::to_string(least_minor) + " or newer");
}

Outcome<void> check_kernel() {
  utsname here{};
  if (uname(&here) != 0) return refuse_errno("this kernel does not say what it is");
  return check_kernel(std::string_view(here.release));
}

bool stay_when_memory_runs_out() {
  const base::Fd file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  const std::string score = std::to_string(policy::kOomLauncher);
  return file && write(file.get(), score.data(), score.size()) == static_cast<ssize_t>(score.size());
}

}  // namespace mcpbox::launcher
