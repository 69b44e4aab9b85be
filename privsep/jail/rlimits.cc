// Runs in every daemon at the door of its jail, and in every call child.
#include "privsep/jail/rlimits.h"

#include <algorithm>
#include <cerrno>

namespace mcpbox::jail {

int lower_limits(std::span<const policy::ResourceLimit> limits) noexcept {
  for (const policy::ResourceLimit& row : limits) {
    rlimit now = {};
    if (::getrlimit(row.resource, &now) < 0) return errno;
    const rlim_t most = std::min<rlim_t>(now.rlim_max, row.at_most);
    const rlimit lowered = {.rlim_cur = std::min(now.rlim_cur, most), .rlim_max = most};
    if (::setrlimit(row.resource, &lowered) < 0) return errno;
  }
  return 0;
}

bool limits_hold(std::span<const policy::ResourceLimit> limits) noexcept {
  for (const policy::ResourceLimit& row : limits) {
    rlimit now = {};
    if (::getrlimit(row.resource, &now) < 0 || now.rlim_cur > row.at_most || now.rlim_max > row.at_most)
      return false;
  }
  return true;
}

base::Result<void> enter_limits(std::span<const policy::ResourceLimit> limits) {
  const int failed = lower_limits(limits);
  if (failed != 0) return base::fail(base::Why::kBroken, "jail: resource-limits: not lowered", failed);
  if (!limits_hold(limits))
    return base::fail(base::Why::kBroken, "jail: resource-limits: one is higher than it should be");
  return {};
}

}  // namespace mcpbox::jail
