// Mirrors privsep/monitor/keys.cc.  The expected values were computed with another implementation of BLAKE2b.
#include "privsep/monitor/keys.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "privsep/base/fd.h"

namespace mcpbox::monitor {
namespace {

base::Result<Keys> keys_from(const std::string& bytes) {
  const base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  if (write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
  lseek(memory.get(), 0, SEEK_SET);
  return Keys::from_fd(memory.get());
}

std::string hex(const wire::Digest& digest) {
  std::string text(2 * digest.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

base::Fd file_of(const std::string& bytes) {
  base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  if (write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
  return memory;
}

TEST(Keys, AMasterKeyHasExactly32Bytes) {
  EXPECT_TRUE(keys_from(std::string(32, 'k')).has_value());
  for (const std::size_t size : {0U, 1U, 31U, 33U, 63U, 65U, 96U}) {
    const base::Result<Keys> keys = keys_from(std::string(size, 'k'));
    ASSERT_FALSE(keys.has_value()) << size;
    EXPECT_EQ(keys.error().why, base::Why::kInvalid);
  }
  EXPECT_FALSE(Keys::from_fd(-1).has_value());
}

// What a rotation that was cut leaves.
TEST(Keys, OfTwoTheSecondIsTheOther) {
  const base::Result<Keys> both = keys_from(std::string(32, '\7') + std::string(32, '\6'));
  const base::Result<Keys> first = keys_from(std::string(32, '\7'));
  const base::Result<Keys> second = keys_from(std::string(32, '\6'));
  ASSERT_TRUE(both && first && second);
  ASSERT_NE(both->other(), nullptr);
  EXPECT_EQ(first->other(), nullptr);
  EXPECT_EQ(both->name(), first->name());
  EXPECT_EQ(both->other()->name(), second->name());
  EXPECT_NE(first->name(), second->name());
}

TEST(Keys, AnotherKeyTakesThePlaceOfAllSubkeysAtOnce) {
  base::Result<Keys> keys = keys_from(std::string(32, '\7'));
  const base::Result<Keys> next = keys_from(std::string(32, '\6'));
  ASSERT_TRUE(keys && next);
  const std::string before = keys->close_value("hunter2", "aad");
  EXPECT_TRUE(keys->closed(before));
  const base::Fd file = file_of(std::string(32, '\6'));
  ASSERT_TRUE(keys->prepare(file.get()).has_value());
  EXPECT_EQ(keys->seal("t", {"a"}), keys_from(std::string(32, '\7'))->seal("t", {"a"}))
      << "not before its time";
  keys->use_other();
  EXPECT_EQ(keys->name(), next->name());
  EXPECT_EQ(keys->seal("t", {"a"}), next->seal("t", {"a"}));
  EXPECT_EQ(keys->audit_key(), next->audit_key());
  EXPECT_FALSE(keys->closed(before));
  EXPECT_FALSE(keys->open_value(before, "aad").has_value());
  EXPECT_TRUE(keys->other()->open_value(before, "aad").has_value());
  EXPECT_TRUE(next->open_value(keys->close_value("hunter2", "aad"), "aad").has_value());
  keys->forget_other();
  EXPECT_EQ(keys->other(), nullptr);
}

TEST(Keys, OnlyAFileOfAnotherKeyPreparesAnything) {
  base::Result<Keys> keys = keys_from(std::string(32, '\7'));
  ASSERT_TRUE(keys.has_value());
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    const base::Fd file = file_of(std::string(size, 'k'));
    EXPECT_EQ(keys->prepare(file.get()).error().why, base::Why::kInvalid) << size;
    EXPECT_EQ(keys->is_in_use(file.get()).error().why, base::Why::kInvalid) << size;
  }
  const base::Fd same = file_of(std::string(32, '\7'));
  EXPECT_EQ(keys->prepare(same.get()).error().why, base::Why::kConflict);
  EXPECT_TRUE(*keys->is_in_use(same.get()));
  EXPECT_FALSE(*keys->is_in_use(file_of(std::string(32, '\6')).get()));
  // Nobody waits for what a pipe may bring.
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const base::Fd from(ends[0]), to(ends[1]);
  EXPECT_EQ(keys->prepare(from.get()).error().why, base::Why::kInvalid);
  EXPECT_EQ(keys->prepare(-1).error().why, base::Why::kInvalid);
  EXPECT_EQ(keys->other(), nullptr);
}

// Keys are looked at again and again; what they were in is free afterwards.
TEST(Keys, NoPageIsLostWhereAKeyIsRefusedOrReplaced) {
  base::Result<Keys> keys = keys_from(std::string(32, '\1'));
  ASSERT_TRUE(keys.has_value());
  for (int i = 2; i < 40; ++i) {
    const base::Fd bad = file_of(std::string(31, 'k'));
    const base::Fd next = file_of(std::string(32, static_cast<char>(i)));
    EXPECT_FALSE(keys->prepare(bad.get()).has_value());
    ASSERT_TRUE(keys->prepare(next.get()).has_value());
    EXPECT_FALSE(*keys->is_in_use(next.get())) << "while two sets of subkeys are there";
    keys->use_other();
    EXPECT_TRUE(*keys->is_in_use(next.get()));
    keys->forget_other();
  }
}

TEST(Keys, ASealIsTheDocumentedFunctionOfKeyTableAndParts) {
  const base::Result<Keys> keys = keys_from(std::string(32, '\7'));
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(hex(keys->seal("approvals", {"a", "bc"})),
            "3fab946749a5f2975be96d7b4844c414f3e856e720f102dd518d97002baeab00");
}

TEST(Keys, ASealFitsNoOtherTablePartOrderBoundaryOrKey) {
  const base::Result<Keys> keys = keys_from(std::string(32, '\7'));
  const base::Result<Keys> others = keys_from(std::string(32, '\6'));
  ASSERT_TRUE(keys.has_value() && others.has_value());
  const std::set<wire::Digest> seals = {
      keys->seal("approvals", {"a", "bc"}),
      keys->seal("approvals", {"ab", "c"}),
      keys->seal("approvals", {"bc", "a"}),
      keys->seal("approvals", {"a"}),
      keys->seal("approvals", {}),
      keys->seal("approvals", {"a", "bc", ""}),
      keys->seal("settings", {"a", "bc"}),
      keys->seal("", {"approvals", "a"}),
      others->seal("approvals", {"a", "bc"}),
  };
  EXPECT_EQ(seals.size(), 9U);
}

TEST(Keys, SameComparesAllBytes) {
  wire::Digest a{};
  wire::Digest b{};
  EXPECT_TRUE(Keys::same(a, b));
  b[31] = 1;
  EXPECT_FALSE(Keys::same(a, b));
}

TEST(Keys, ADigestIsTheDocumentedFunctionOfItsParts) {
  EXPECT_EQ(hex(digest_of({"a", "bc"})), "77bbcab7072b897c548327378f11776f4853104c71bdb95a12ded5d2783523bf");
  EXPECT_NE(digest_of({"a", "bc"}), digest_of({"ab", "c"}));
  EXPECT_NE(digest_of({}), digest_of({""}));
}

TEST(Keys, IdsAreVersion4AndNeverTheSame) {
  std::set<wire::Id> seen;
  for (int i = 0; i < 1000; ++i) {
    const wire::Id id = random_id();
    EXPECT_EQ(id[6] >> 4, 4);
    EXPECT_EQ(id[8] >> 6, 2);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

}  // namespace
}  // namespace mcpbox::monitor
