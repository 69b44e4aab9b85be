// Locks: what locked a file opens it, nothing else does, and files with secrets must be closed to others.
#include "admin/backup/locks.h"

#include <sodium.h>

#include <cstring>

#include "admin/backup/manifest.h"
#include "scratch.h"

namespace mcpbox::backup {
namespace {

class Locks : public Scratch {
 protected:
  void SetUp() override { ASSERT_GE(::sodium_init(), 0); }
  static bool same(const Key& a, const Key& b) { return std::memcmp(a.data(), b.data(), a.size()) == 0; }

  std::string keygen_at(const std::string& name) {
    ::testing::internal::CaptureStdout();
    const Outcome<void> made = keygen({.command = "keygen", .words = {at(name)}});
    std::string printed = ::testing::internal::GetCapturedStdout();
    EXPECT_TRUE(made.has_value());
    while (printed.ends_with('\n')) printed.pop_back();
    return printed;
  }
};

TEST_F(Locks, APassphraseOpensWhatItLocked) {
  put("words", "correct horse battery staple\n");
  put("other", "correct horse battery stapler\n");
  const Outcome<Lock> lock = make_lock({.passphrase_file = at("words")}, 5);
  ASSERT_TRUE(lock.has_value()) << lock.error();
  EXPECT_EQ(lock->header.created_ms, 5);
  const Outcome<Key> key = unlock({.passphrase_file = at("words")}, lock->header);
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(same(*key, lock->key));
  const Outcome<Key> wrong = unlock({.passphrase_file = at("other")}, lock->header);
  ASSERT_TRUE(wrong.has_value());
  EXPECT_FALSE(same(*wrong, lock->key));
  const Outcome<Lock> again = make_lock({.passphrase_file = at("words")}, 5);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(same(again->key, lock->key)) << "each file has a salt of its own";
}

TEST_F(Locks, AShortPassphraseIsRefused) {
  put("words", "elevenchars\n");
  const Outcome<Lock> lock = make_lock({.passphrase_file = at("words")}, 0);
  ASSERT_FALSE(lock.has_value());
  EXPECT_THAT(lock.error(), ::testing::HasSubstr("too short"));
  put("words", "");
  EXPECT_FALSE(make_lock({.passphrase_file = at("words")}, 0).has_value());
}

TEST_F(Locks, AFileThatOthersCanReadIsNoSecret) {
  for (const mode_t mode : {0640, 0604, 0644}) {
    put("words", "correct horse battery staple\n", mode);
    const Outcome<Lock> lock = make_lock({.passphrase_file = at("words")}, 0);
    ASSERT_FALSE(lock.has_value());
    EXPECT_THAT(lock.error(), ::testing::HasSubstr("chmod 0600"));
  }
  put("words", "correct horse battery staple\n");
  ASSERT_EQ(::symlink("words", at("link").c_str()), 0);
  EXPECT_FALSE(make_lock({.passphrase_file = at("link")}, 0).has_value());
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(make_lock({.passphrase_file = at("pipe")}, 0).has_value()) << "and does not wait for a writer";
}

TEST_F(Locks, ASecretHalfOpensWhatItsPublicHalfLocked) {
  const std::string own = keygen_at("own");
  const std::string other = keygen_at("other");
  ASSERT_EQ(own.size(), 64U);
  const Outcome<Lock> lock = make_lock({.recipient = own}, 0);
  ASSERT_TRUE(lock.has_value()) << lock.error();
  EXPECT_EQ(words_for(lock->header), "public key " + own);
  const Outcome<Key> key = unlock({.identity = at("own")}, lock->header);
  ASSERT_TRUE(key.has_value()) << key.error();
  EXPECT_TRUE(same(*key, lock->key));

  const Outcome<Key> wrong = unlock({.identity = at("other")}, lock->header);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error(), ::testing::HasSubstr("another key"));
  const Outcome<Key> none = unlock({}, lock->header);
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error(), ::testing::HasSubstr("--identity"));
  Header spoiled = lock->header;
  spoiled.sealed_key[40] ^= 1;
  EXPECT_FALSE(unlock({.identity = at("own")}, spoiled).has_value());
}

TEST_F(Locks, ARecipientMayBeAFile) {
  put("public", keygen_at("own") + "\n", 0644);
  EXPECT_TRUE(make_lock({.recipient = at("public")}, 0).has_value());
  put("public", "no key\n", 0644);
  EXPECT_FALSE(make_lock({.recipient = at("public")}, 0).has_value());
  EXPECT_FALSE(make_lock({.recipient = std::string(64, 'g')}, 0).has_value());
  EXPECT_FALSE(make_lock({.recipient = std::string(64, '0')}, 0).has_value()) << "a point of small order";
}

TEST_F(Locks, AFolderForATimerPrefersTheKeyThatCannotOpen) {
  put("backup-passphrase", "correct horse battery staple\n");
  EXPECT_EQ(make_lock({.locks = folder}, 0)->header.lock, LockKind::kPassphrase);
  put("backup-recipient", keygen_at("own") + "\n");
  EXPECT_EQ(make_lock({.locks = folder}, 0)->header.lock, LockKind::kPublicKey);
}

TEST_F(Locks, AKeyIsNeverMadeOverAnother) {
  const std::string own = keygen_at("own");
  const std::string before = get("own");
  EXPECT_FALSE(keygen({.command = "keygen", .words = {at("own")}}).has_value());
  EXPECT_EQ(get("own"), before);
  struct stat about{};
  ASSERT_EQ(::stat(at("own").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace mcpbox::backup
