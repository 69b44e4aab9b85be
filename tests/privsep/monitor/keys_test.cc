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

TEST(Keys, AMasterKeyHasExactly32Bytes) {
  EXPECT_TRUE(keys_from(std::string(32, 'k')).has_value());
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U}) {
    const base::Result<Keys> keys = keys_from(std::string(size, 'k'));
    ASSERT_FALSE(keys.has_value()) << size;
    EXPECT_EQ(keys.error().why, base::Why::kInvalid);
  }
  EXPECT_FALSE(Keys::from_fd(-1).has_value());
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
