// Mirrors privsep/monitor/audit_head.cc.
#include "privsep/monitor/audit_head.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "privsep/base/fd.h"

namespace mcpbox::monitor {
namespace {

Keys keys_of(unsigned char fill) {
  const base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  const std::string bytes(32, static_cast<char>(fill));
  if (write(memory.get(), bytes.data(), bytes.size()) != 32 || lseek(memory.get(), 0, SEEK_SET) != 0) abort();
  return std::move(*Keys::from_fd(memory.get()));
}

class AuditHeadTest : public testing::Test {
 protected:
  AuditHeadTest() {
    head.sequence = 0x0102030405060708;
    for (std::size_t i = 0; i < head.hash.size(); ++i) head.hash[i] = static_cast<unsigned char>(i);
  }
  void expect_refused(const char* what) {
    const auto read = read_head(file.get(), keys);
    EXPECT_FALSE(read.has_value()) << what;
  }

  base::Fd file{memfd_create("head", MFD_CLOEXEC)};
  Keys keys = keys_of(7);
  ChainHead head;
};

TEST_F(AuditHeadTest, AnEmptyFileIsAFirstStart) {
  const auto read = read_head(file.get(), keys);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->has_value());
}

TEST_F(AuditHeadTest, WhatWasWrittenLastIsRead) {
  ASSERT_TRUE(write_head(file.get(), keys, {.sequence = 1, .hash = {}}).has_value());
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  const auto read = read_head(file.get(), keys);
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_EQ(**read, head);
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), 80);
}

TEST_F(AuditHeadTest, AnyChangedByteIsRefused) {
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  for (off_t at = 0; at < 80; ++at) {
    char byte = 0;
    ASSERT_EQ(pread(file.get(), &byte, 1, at), 1);
    const char changed = static_cast<char>(byte ^ 1);
    ASSERT_EQ(pwrite(file.get(), &changed, 1, at), 1);
    expect_refused("changed byte");
    ASSERT_EQ(pwrite(file.get(), &byte, 1, at), 1);
  }
  EXPECT_TRUE(read_head(file.get(), keys).has_value());
}

TEST_F(AuditHeadTest, AFileOfAnotherSizeIsRefused) {
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  ASSERT_EQ(ftruncate(file.get(), 81), 0);
  expect_refused("one byte more");
  ASSERT_EQ(ftruncate(file.get(), 79), 0);
  expect_refused("one byte less");
  ASSERT_EQ(ftruncate(file.get(), 1), 0);
  expect_refused("one byte");
}

TEST_F(AuditHeadTest, AnotherMasterKeyIsRefused) {
  ASSERT_TRUE(write_head(file.get(), keys_of(8), head).has_value());
  expect_refused("sealed by another key");
}

TEST_F(AuditHeadTest, AFileThatCannotBeUsedIsAnErrorAndNotAFirstStart) {
  const auto read = read_head(-1, keys);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().sys_errno, EBADF);
  const base::Fd read_only(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(write_head(read_only.get(), keys, head).has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
