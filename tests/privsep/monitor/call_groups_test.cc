// Mirrors privsep/monitor/call_groups.cc.  Ordinary files stand for cgroup.procs: empty, or with somebody in
// them.
#include "privsep/monitor/call_groups.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mcpbox::monitor {
namespace {

class CallGroupsTest : public ::testing::Test {
 protected:
  void add(int count) {
    for (int i = 0; i < count; ++i) {
      base::Fd file(::memfd_create("procs", MFD_CLOEXEC));
      files.push_back(::dup(file.get()));
      groups.add(std::move(file));
    }
  }
  void TearDown() override {
    for (const int file : files) ::close(file);
  }
  void enter(std::size_t slot) const { ASSERT_EQ(::pwrite(files[slot], "17\n", 3, 0), 3); }
  void leave(std::size_t slot) const { ASSERT_EQ(::ftruncate(files[slot], 0), 0); }

  CallGroups groups;
  std::vector<int> files;
};

TEST_F(CallGroupsTest, GivesNoSlotAndNoErrorWhereThereAreNone) {
  const base::Result<CallGroups::Seat> seat = groups.take();
  ASSERT_TRUE(seat.has_value());
  EXPECT_FALSE(seat->descriptor()->has_value());
}

TEST_F(CallGroupsTest, GivesEachSlotToOneAtATime) {
  add(2);
  const base::Result<CallGroups::Seat> one = groups.take(), two = groups.take();
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_EQ(groups.take().error().why, base::Why::kBusy);
}

TEST_F(CallGroupsTest, UsesASlotAgainOnlyWhenTheKernelSaysThatItIsEmpty) {
  add(1);
  {
    const base::Result<CallGroups::Seat> seat = groups.take();
    ASSERT_TRUE(seat.has_value());
    enter(0);
  }
  EXPECT_EQ(groups.take().error().why, base::Why::kBusy) << "killed, and not yet gone";
  leave(0);
  EXPECT_TRUE(groups.take().has_value());
}

TEST_F(CallGroupsTest, PassesOverASlotInWhichSomebodyStays) {
  add(2);
  enter(0);
  const base::Result<CallGroups::Seat> seat = groups.take();
  ASSERT_TRUE(seat.has_value());
  EXPECT_EQ(groups.take().error().why, base::Why::kBusy);
}

TEST_F(CallGroupsTest, LendsACopyOfTheDescriptorAndKeepsItsOwn) {
  add(1);
  const base::Result<CallGroups::Seat> seat = groups.take();
  {
    const base::Result<std::optional<base::Fd>> lent = seat->descriptor();
    ASSERT_TRUE(lent.has_value() && lent->has_value());
  }
  EXPECT_TRUE(seat->descriptor()->has_value());
}

TEST_F(CallGroupsTest, AreReceivedAsTheLauncherPacksThem) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
  const base::Fd file(::memfd_create("procs", MFD_CLOEXEC));
  const int two[2] = {file.get(), file.get()};
  for (int i = 0; i < 192; ++i) {
    char byte = 0;
    iovec bytes{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof two)] = {};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof two);
    std::copy(std::begin(two), std::end(two), reinterpret_cast<int*>(CMSG_DATA(header)));
    ASSERT_EQ(::sendmsg(ends[0], &message, 0), 1) << "message " << i;
  }
  ::close(ends[0]);
  ASSERT_TRUE(groups.receive(ends[1]).has_value());
  EXPECT_EQ(groups.size(), 384u);
  ::close(ends[1]);
}

TEST_F(CallGroupsTest, AreNoneWhenTheLauncherHasNone) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
  ::close(ends[0]);
  EXPECT_TRUE(groups.receive(ends[1]).has_value());
  EXPECT_EQ(groups.size(), 0u);
  ::close(ends[1]);
}

}  // namespace
}  // namespace mcpbox::monitor
