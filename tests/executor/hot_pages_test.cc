// Learning which pages a rehearsal writes to, and making them one's own.  mirrors executor/hot_pages.cc
#include "executor/hot_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mcpbox::executor {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 64;

long faults() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_minflt;
}

// Memory in which every page is there, and a rehearsal that writes to every second one of them.
class HotPagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    void* const at =
        ::mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    ::madvise(at, kPages * kPage, MADV_NOHUGEPAGE);
    memory_ = static_cast<volatile char*>(at);
    for (std::size_t i = 0; i < kPages; ++i) memory_[i * kPage] = 1;
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, link_), 0);
  }
  void rehearse() const {
    for (std::size_t i = 0; i < kPages; i += 2) memory_[i * kPage] = 2;
  }
  // Faults of a rehearsal in a child that did `first`.
  template <class First>
  long faults_after(First first) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      first();
      const long before = faults();
      rehearse();
      const long more = faults() - before;
      ::_exit(::write(ends[1], &more, sizeof more) == sizeof more ? 0 : 1);
    }
    long more = -1;
    EXPECT_EQ(::read(ends[0], &more, sizeof more), static_cast<ssize_t>(sizeof more));
    ::waitpid(child, nullptr, 0);
    return more;
  }
  volatile char* memory_ = nullptr;
  int link_[2] = {-1, -1};
};

TEST_F(HotPagesTest, AChildThatTouchedThemPaysForNoneOfThemLater) {
  const base::Result<HotPages> hot = HotPages::learn([this] { rehearse(); });
  ASSERT_TRUE(hot.has_value()) << hot.error().text;
  EXPECT_GE(faults_after([] {}), static_cast<long>(kPages / 2));
  EXPECT_LE(faults_after([&] { hot->touch(link_[0]); }), 4);
}

TEST_F(HotPagesTest, OnlyThoseAreCopiedThatTheRehearsalWroteTo) {
  const base::Result<HotPages> hot = HotPages::learn([this] { rehearse(); });
  ASSERT_TRUE(hot.has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    hot->touch(link_[0]);
    const long before = faults();
    for (std::size_t i = 1; i < kPages; i += 2) memory_[i * kPage] = 3;
    ::_exit(faults() - before >= static_cast<long>(kPages / 2) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(HotPagesTest, ThereIsNoTimeForItWhenAJobWaits) {
  const base::Result<HotPages> hot = HotPages::learn([this] { rehearse(); });
  ASSERT_TRUE(hot.has_value());
  ASSERT_EQ(::write(link_[1], "x", 1), 1);
  EXPECT_GE(faults_after([&] { hot->touch(link_[0]); }), static_cast<long>(kPages / 2));
}

TEST_F(HotPagesTest, AChildWhoseJobWaitsCanCopyThemAllTheSame) {
  const base::Result<HotPages> hot = HotPages::learn([this] { rehearse(); });
  ASSERT_TRUE(hot.has_value());
  ASSERT_EQ(::write(link_[1], "x", 1), 1);
  EXPECT_LE(faults_after([&] { hot->copy(); }), 4);
}

TEST_F(HotPagesTest, WhatIsNoLongerThereIsLeftOut) {
  const base::Result<HotPages> hot = HotPages::learn([this] { rehearse(); });
  ASSERT_TRUE(hot.has_value());
  ASSERT_EQ(::munmap(const_cast<char*>(memory_), kPages * kPage), 0);
  hot->touch(link_[0]);
}

TEST_F(HotPagesTest, ARehearsalThatFailsIsAnError) {
  EXPECT_FALSE(HotPages::learn([] { ::_exit(3); }).has_value());
}

}  // namespace
}  // namespace mcpbox::executor
