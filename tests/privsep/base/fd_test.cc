// Mirrors privsep/base/fd.h.
#include "privsep/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace mcpbox::base {
namespace {

Fd null_device() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool is_open(int raw) { return ::fcntl(raw, F_GETFD) >= 0; }

TEST(Fd, ClosesWhatItOwnsOnce) {
  int raw = -1;
  {
    const Fd fd = null_device();
    raw = fd.get();
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(Fd, MovingLeavesNothingBehind) {
  Fd from = null_device();
  const int raw = from.get();
  Fd to = std::move(from);
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(to.get(), raw);
  Fd other = null_device();
  const int replaced = other.get();
  other = std::move(to);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_TRUE(is_open(raw));
}

TEST(Fd, ReleasedIsNotClosed) {
  Fd fd = null_device();
  const int raw = fd.release();
  EXPECT_FALSE(fd);
  fd.reset();
  EXPECT_TRUE(is_open(raw));
  ::close(raw);
}

}  // namespace
}  // namespace mcpbox::base
