// Which descriptors survive the door of a jail.  Each case runs in a child: it closes nearly everything.
#include "privsep/jail/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

namespace mcpbox {
namespace {

using jail::close_other_fds;
using jail::Unlisted;

constexpr std::array kStandard = {0, 1, 2};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// True when `check` is, in a child of its own.
bool in_child(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(CloseOtherFds, ClosesWhatIsNotListedWhateverItsNumber) {
  EXPECT_TRUE(in_child([] {
    const int low = ::open("/", O_RDONLY);
    const int high = ::fcntl(low, F_DUPFD, 700);
    const int pair = ::socket(AF_UNIX, SOCK_STREAM, 0);
    return close_other_fds(kStandard, Unlisted::kClose).has_value() && !is_open(low) && !is_open(high) &&
           !is_open(pair) && is_open(0) && is_open(1) && is_open(2);
  }));
}

TEST(CloseOtherFds, ClosesTheEventLoopToo) {
  EXPECT_TRUE(in_child([] {
    const int loop = ::epoll_create1(0);
    return close_other_fds(kStandard, Unlisted::kClose).has_value() && !is_open(loop);
  }));
}

TEST(CloseOtherFds, LeavesTheEventLoopWhenItIsAskedTo) {
  EXPECT_TRUE(in_child([] {
    const int loop = ::epoll_create1(0);
    const int event = ::eventfd(0, 0);
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) < 0) return false;
    return close_other_fds(kStandard, Unlisted::kKeepLoopObjects).has_value() && is_open(loop) &&
           is_open(event) && is_open(pipe[0]) && is_open(pipe[1]);
  }));
}

// A folder of the machine would lead out of the empty root, a socket out of the net namespace.
TEST(CloseOtherFds, NeverTakesAFolderAFileOrASocketForTheEventLoop) {
  EXPECT_TRUE(in_child([] {
    const int folder = ::open("/", O_RDONLY | O_DIRECTORY);
    const int path = ::open("/", O_PATH);
    const int file = ::open("/etc/passwd", O_RDONLY);
    const int device = ::open("/dev/null", O_RDONLY);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (!is_open(folder) || !is_open(path) || !is_open(file) || !is_open(device) || !is_open(socket))
      return false;
    return close_other_fds(kStandard, Unlisted::kKeepLoopObjects).has_value() && !is_open(folder) &&
           !is_open(path) && !is_open(file) && !is_open(device) && !is_open(socket);
  }));
}

TEST(CloseOtherFds, RefusesAListThatNamesWhatIsNotOpenOrCannotBe) {
  static constexpr std::array kClosed = {0, 1, 2, 300};
  static constexpr std::array kNegative = {0, -1};
  static constexpr std::array kBeyond = {0, jail::kMaxDescriptor};
  EXPECT_TRUE(in_child([] { return !close_other_fds(kClosed, Unlisted::kClose); }));
  EXPECT_TRUE(in_child([] { return !close_other_fds(kNegative, Unlisted::kClose); }));
  EXPECT_TRUE(in_child([] { return !close_other_fds(kBeyond, Unlisted::kClose); }));
}

TEST(CloseOtherFds, AListOfWhatExistsLeavesOutTheLayersThatWereGivenUp) {
  EXPECT_EQ(jail::those_that_exist({3, -1, 7}), (std::vector<int>{3, 7}));
}

TEST(CloseOtherFds, KeepsTheHighestNumberThatMayBeListed) {
  EXPECT_TRUE(in_child([] {
    static constexpr std::array kHighest = {0, jail::kMaxDescriptor - 1};
    rlimit many = {.rlim_cur = jail::kMaxDescriptor, .rlim_max = jail::kMaxDescriptor};
    if (::setrlimit(RLIMIT_NOFILE, &many) < 0 || ::dup2(0, jail::kMaxDescriptor - 1) < 0) return false;
    return close_other_fds(kHighest, Unlisted::kClose).has_value() && is_open(jail::kMaxDescriptor - 1) &&
           !is_open(1);
  }));
}

}  // namespace
}  // namespace mcpbox
