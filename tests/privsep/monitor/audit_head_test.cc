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
    head.head.sequence = 0x0102030405060708;
    for (std::size_t i = 0; i < head.head.hash.size(); ++i) head.head.hash[i] = static_cast<unsigned char>(i);
    head.decisions.emplace().fill(0xD1);
    head.trusted_from = 0x1112131415161718;
  }
  void expect_refused(const char* what) {
    const auto read = read_head(file.get(), keys);
    EXPECT_FALSE(read.has_value()) << what;
  }

  base::Fd file{memfd_create("head", MFD_CLOEXEC)};
  Keys keys = keys_of(7);
  Remembered head;
};

TEST_F(AuditHeadTest, AnEmptyFileIsAFirstStart) {
  const auto read = read_head(file.get(), keys);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->has_value());
}

TEST_F(AuditHeadTest, WhatWasWrittenLastIsRead) {
  ASSERT_TRUE(write_head(file.get(), keys, {.head = {.sequence = 1, .hash = {}}, .decisions = wire::Digest{}})
                  .has_value());
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  const auto read = read_head(file.get(), keys);
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_EQ(**read, head);
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), 120);
}

TEST_F(AuditHeadTest, AnyChangedByteIsRefused) {
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  for (off_t at = 0; at < 120; ++at) {
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
  ASSERT_EQ(ftruncate(file.get(), 121), 0);
  expect_refused("one byte more");
  ASSERT_EQ(ftruncate(file.get(), 119), 0);
  expect_refused("one byte less");
  ASSERT_EQ(ftruncate(file.get(), 80), 0);
  expect_refused("as long as the form before");
  ASSERT_EQ(ftruncate(file.get(), 1), 0);
  expect_refused("one byte");
}

TEST_F(AuditHeadTest, TheFormBeforeIsReadAndGrowsWithTheNextWrite) {
  const Remembered before{.head = head.head};
  ASSERT_TRUE(write_head(file.get(), keys, before).has_value());
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), 80);
  const auto read = read_head(file.get(), keys);
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_EQ(**read, before);
  ASSERT_TRUE(write_head(file.get(), keys, head).has_value());
  EXPECT_EQ(**read_head(file.get(), keys), head);
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
