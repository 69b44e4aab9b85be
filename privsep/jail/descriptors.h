// Which descriptors a process goes on holding.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "privsep/base/error.h"

namespace mcpbox::jail {

inline constexpr int kMaxDescriptor = 4096;  // a process that is about to enter its jail has far fewer

// What becomes of descriptors that are not listed.
enum class Unlisted : unsigned char {
  kClose,            // every one is closed
  kKeepLoopObjects,  // pipes and anonymous inodes (epoll, eventfd, timerfd, signalfd) stay: an event loop
                     // made before the jail owns some that it does not name.  Sockets, files and folders are
                     // closed.
};

// Closes every descriptor that is not in `keep`, then looks whether exactly those are left that should be.
//   keep    numbers below kMaxDescriptor, in any order; each must be open
//   errors  kBroken when a listed one is not open, or another one will not go away
[[nodiscard]] base::Result<void> close_other_fds(std::span<const int> keep, Unlisted unlisted);

// The list for close_other_fds() of what there is: a layer that was given up has no descriptor (-1).
[[nodiscard]] std::vector<int> those_that_exist(std::initializer_list<int> fds);

}  // namespace mcpbox::jail
