// Mirrors privsep/base/secret_pages.cc: both forms, looked at from inside and from outside.
#include "privsep/base/secret_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace mcpbox::base {
namespace {

class PagesOf : public ::testing::TestWithParam<SecretForm> {
 protected:
  void SetUp() override {
    Result<SecretPages> made = SecretPages::make(2, GetParam());
    if (!made && GetParam() == SecretForm::kSecret)
      GTEST_SKIP() << "this kernel has no memfd_secret: " << made.error().text;
    ASSERT_TRUE(made.has_value()) << made.error().text;
    pages = std::make_unique<SecretPages>(std::move(*made));
  }
  std::unique_ptr<SecretPages> pages;
};

INSTANTIATE_TEST_SUITE_P(EachForm, PagesOf, ::testing::Values(SecretForm::kLocked, SecretForm::kSecret),
                         [](const auto& test) {
                           return test.param == SecretForm::kLocked ? "locked" : "secret";
                         });

// The VmFlags line of /proc/self/smaps for the mapping that begins here.
std::string flags_of(const unsigned char* page) {
  std::ostringstream start;
  start << std::hex << reinterpret_cast<std::uintptr_t>(page) << "-";
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < 20 && line.find(' ') > line.find('-')) here = here || line.starts_with(start.str());
    if (here && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST_P(PagesOf, AreLockedAndNeitherDumpedNorInherited) {
  unsigned char* const page = pages->take();
  const std::string flags = flags_of(page);
  EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  EXPECT_NE(flags.find(" dc "), std::string::npos) << flags;
}

TEST_P(PagesOf, AreNotThereInAForkedChild) {
  unsigned char* const page = pages->take();
  SecretPages::set_access(page, SecretPages::Access::kWrite);
  page[0] = 7;
  const pid_t child = ::fork();
  if (child == 0) {
    const volatile unsigned char byte = *static_cast<const volatile unsigned char*>(page);
    ::_exit(byte);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
}

TEST_P(PagesOf, AreOverwrittenWhenTheyAreGivenBack) {
  unsigned char* const page = pages->take();
  SecretPages::set_access(page, SecretPages::Access::kWrite);
  page[100] = 7;
  pages->give_back(page);
  EXPECT_EQ(pages->take(), page);
  SecretPages::set_access(page, SecretPages::Access::kRead);
  EXPECT_EQ(page[100], 0);
}

using PagesDeathTest = PagesOf;
INSTANTIATE_TEST_SUITE_P(EachForm, PagesDeathTest,
                         ::testing::Values(SecretForm::kLocked, SecretForm::kSecret), [](const auto& test) {
                           return test.param == SecretForm::kLocked ? "locked" : "secret";
                         });

TEST_P(PagesDeathTest, AreClosedUntilOpenedAndOnBothSides) {
  unsigned char* const page = pages->take();
  EXPECT_DEATH({ page[0] = 1; }, "");
  SecretPages::set_access(page, SecretPages::Access::kWrite);
  page[0] = 1;
  EXPECT_DEATH({ page[-1] = 1; }, "");
  EXPECT_DEATH({ page[SecretPages::page_bytes()] = 1; }, "");
}

TEST_P(PagesDeathTest, AreNeverHandedOutTwice) {
  unsigned char* const one = pages->take();
  EXPECT_NE(pages->take(), one);
  EXPECT_DEATH({ [[maybe_unused]] unsigned char* third = pages->take(); }, "more secrets than pages");
}

bool readable_through_the_kernel(pid_t pid, const unsigned char* page) {
  unsigned char byte = 0;
  const iovec into = {.iov_base = &byte, .iov_len = 1};
  const iovec from = {.iov_base = const_cast<unsigned char*>(page), .iov_len = 1};
  return ::process_vm_readv(pid, &into, 1, &from, 1, 0) == 1;
}

TEST(SecretMemory, IsNotReadableThroughTheKernelEvenByRoot) {
  Result<SecretPages> pages = SecretPages::make(1, SecretForm::kSecret);
  if (!pages) GTEST_SKIP() << "this kernel has no memfd_secret";
  unsigned char* const page = pages->take();
  SecretPages::set_access(page, SecretPages::Access::kRead);
  EXPECT_FALSE(readable_through_the_kernel(::getpid(), page));

  Result<SecretPages> locked = SecretPages::make(1, SecretForm::kLocked);
  ASSERT_TRUE(locked.has_value());
  unsigned char* const other = locked->take();
  SecretPages::set_access(other, SecretPages::Access::kRead);
  EXPECT_TRUE(readable_through_the_kernel(::getpid(), other)) << "else the test above says nothing";
}

TEST(SecretMemory, IsTakenWhereTheKernelHasIt) {
  const bool has = SecretPages::make(1, SecretForm::kSecret).has_value();
  const Result<SecretPages> chosen = SecretPages::make(1);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->form(), has ? SecretForm::kSecret : SecretForm::kLocked);
}

// Root is not concerned by the limit.
TEST(LockedMemory, IsRefusedInWordsWhereNothingMayBeLocked) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) ::_exit(3);
    ::_exit(SecretPages::make(1).has_value() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace mcpbox::base
