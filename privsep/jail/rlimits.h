// Resource limits: policy/rlimits.h says which.
#pragma once

#include <span>

#include "policy/rlimits.h"
#include "privsep/base/error.h"

namespace mcpbox::jail {

// Lowers each limit, soft and hard, to `at_most`; one that is lower already stays.  Does not allocate.
//   returns  0 or an errno
[[nodiscard]] int lower_limits(std::span<const policy::ResourceLimit> limits) noexcept;

// Reads every one back.  Does not allocate.
//   returns  whether none, soft or hard, is above its row
[[nodiscard]] bool limits_hold(std::span<const policy::ResourceLimit> limits) noexcept;

// lower_limits(), then reads every one back.  Before the capabilities go; they would allow raising.
[[nodiscard]] base::Result<void> enter_limits(std::span<const policy::ResourceLimit> limits);

}  // namespace mcpbox::jail
