// mirrors privsep/launcher/handover.cc
#include "privsep/launcher/handover.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "tests/privsep/launcher/scratch.h"

namespace mcpbox::launcher {
namespace {

constexpr std::string_view kKey = "0123456789abcdef0123456789ABCDEF";
constexpr const char* kVariable = "MCPBOX_ENCRYPTION_KEY";

class MasterKey : public testing::Test {
 protected:
  MasterKey() {
    unsetenv(kVariable);
    unsetenv("CREDENTIALS_DIRECTORY");
  }
  ~MasterKey() override {
    unsetenv(kVariable);
    unsetenv("CREDENTIALS_DIRECTORY");
  }

  void write_key(const Scratch& where, std::string_view key, mode_t mode = 0600) {
    chmod(where.file("master.key", key).c_str(), mode);
  }
  Outcome<base::Fd> take() { return take_master_key(folder.get()); }

  Scratch scratch;
  base::Fd folder{open(scratch.path().c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC)};
};

std::string bytes_of(const base::Fd& memory) {
  std::array<char, 64> bytes{};
  const ssize_t length = read(memory.get(), bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(length < 0 ? 0 : length)};
}

TEST_F(MasterKey, ComesFromTheStateFolderSealedAndRewound) {
  write_key(scratch, kKey);
  const Outcome<base::Fd> key = take();
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(bytes_of(*key), kKey);
  EXPECT_LT(write(key->get(), "x", 1), 0);
  EXPECT_LT(ftruncate(key->get(), 0), 0);
}

TEST_F(MasterKey, OfTheWrongLengthIsRefused) {
  for (const std::size_t length : {0u, 31u, 33u}) {
    write_key(scratch, std::string(length, 'k'));
    EXPECT_FALSE(take()) << length;
  }
}

// A rotation that was cut: the monitor gets both.
TEST_F(MasterKey, TheNextOneStandsBehindItWhereThereIsOne) {
  constexpr std::string_view kNext = "fedcba9876543210FEDCBA9876543210";
  write_key(scratch, kKey);
  const std::string next = scratch.file("master.key.next", kNext);
  chmod(next.c_str(), 0600);
  const Outcome<base::Fd> both = take();
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(bytes_of(*both), std::string(kKey) + std::string(kNext));
  EXPECT_LT(write(both->get(), "x", 1), 0);
  chmod(next.c_str(), 0640);
  EXPECT_FALSE(take()) << "others can read it";
  chmod(scratch.file("master.key.next", kNext.substr(1)).c_str(), 0600);
  EXPECT_FALSE(take()) << "it is not whole";
  setenv(kVariable, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 1);
  chmod(scratch.file("master.key.next", kNext).c_str(), 0600);
  EXPECT_EQ(bytes_of(*take()).size(), 64U) << "whatever the first comes from";
}

TEST_F(MasterKey, ThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640, 0604, 0660}) {
    write_key(scratch, kKey, mode);
    EXPECT_FALSE(take()) << mode;
  }
}

TEST_F(MasterKey, BehindALinkOrAPipeIsRefused) {
  write_key(scratch, kKey);
  ASSERT_EQ(rename((scratch.path() + "/master.key").c_str(), (scratch.path() + "/real").c_str()), 0);
  ASSERT_EQ(symlink("real", (scratch.path() + "/master.key").c_str()), 0);
  EXPECT_FALSE(take());
  ASSERT_EQ(unlink((scratch.path() + "/master.key").c_str()), 0);
  ASSERT_EQ(mkfifo((scratch.path() + "/master.key").c_str(), 0600), 0);
  EXPECT_FALSE(take());
}

TEST_F(MasterKey, ThatIsMissingIsAnError) { EXPECT_FALSE(take()); }

TEST_F(MasterKey, FromTheEnvironmentIsDecodedAndWiped) {
  setenv(kVariable, "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", 1);
  const char* where = getenv(kVariable);
  const Outcome<base::Fd> key = take();
  ASSERT_TRUE(key) << key.error();
  const std::string bytes = bytes_of(*key);
  ASSERT_EQ(bytes.size(), 32u);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], static_cast<char>(i));
  EXPECT_EQ(getenv(kVariable), nullptr);
  EXPECT_EQ(where[0], '\0');
}

TEST_F(MasterKey, FromTheEnvironmentMustBeSixtyFourHexadecimalDigits) {
  write_key(scratch, kKey);  // a broken variable must not fall back to another key
  const std::string digits(64, 'a');
  for (const std::string& text : {digits.substr(1), digits + "a", digits.substr(1) + "g", std::string()}) {
    setenv(kVariable, text.c_str(), 1);
    EXPECT_FALSE(take()) << text;
  }
}

TEST_F(MasterKey, FromACredentialComesBeforeTheStateFolder) {
  const Scratch credentials;
  write_key(scratch, std::string(32, 'x'));
  write_key(credentials, kKey);
  setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  const Outcome<base::Fd> key = take();
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(bytes_of(*key), kKey);
}

TEST(Settings, ReachTheMonitorAsTheyWereConfigured) {
  Config config;
  config.isolation = Isolation::kTrial;
  config.missing = 5;
  config.spares = 7;
  config.requests_per_minute = 42;
  const std::vector<std::string> listening = {"127.0.0.1:8000"};
  const std::vector<std::string> admin_listening = {"127.0.0.1:3000"};
  const std::vector<std::string> tunnel_listening = {"127.0.0.2:8002"};
  const std::vector<wire::AllowedUser> users = {{.uid = 1000, .name = {"alice"}}};
  const Outcome<base::Fd> memory =
      seal_settings({config, listening, admin_listening, tunnel_listening, 42, users, "host='/x'"});
  ASSERT_TRUE(memory) << memory.error();
  wire::MonitorSettings settings{};
  ASSERT_EQ(read(memory->get(), &settings, sizeof settings), static_cast<ssize_t>(sizeof settings));
  EXPECT_EQ(settings.size, sizeof settings);
  EXPECT_EQ(settings.trial, 1u);
  EXPECT_EQ(settings.missing_allowed, 5u);
  EXPECT_EQ(settings.spares, 7u);
  EXPECT_EQ(settings.requests_per_minute, 42u);
  EXPECT_EQ(settings.admin_gid, 42u);
  EXPECT_EQ(settings.owner_uid, geteuid());
  EXPECT_EQ(settings.database_embedded, 1u);
  EXPECT_EQ(settings.database_port, 0u);
  EXPECT_STREQ(settings.database.data(), "host='/x'");
  EXPECT_STREQ(settings.listeners[0].data(), "127.0.0.1:8000");
  EXPECT_EQ(settings.listeners[1][0], '\0');
  EXPECT_STREQ(settings.admin_listeners[0].data(), "127.0.0.1:3000");
  EXPECT_STREQ(settings.tunnel_listeners[0].data(), "127.0.0.2:8002");
  EXPECT_EQ(settings.allowed_users[0].uid, 1000u);
  EXPECT_STREQ(settings.allowed_users[0].name.data(), "alice");
  EXPECT_EQ(settings.allowed_users[1].name[0], '\0');
  EXPECT_LT(pwrite(memory->get(), "x", 1, 0), 0);
}

TEST(Settings, SayWhatTheDatabaseMakesWeaker) {
  const auto sealed = [](std::string_view url) {
    Config config;
    auto parsed = policy::parse_database_url(url, policy::DatabaseReach::kAnywhere);
    if (parsed) config.database = std::move(*parsed);
    const Outcome<base::Fd> memory = seal_settings({config, {}, {}, {}, 0, {}, ""});
    wire::MonitorSettings settings{};
    EXPECT_TRUE(parsed && memory &&
                read(memory->get(), &settings, sizeof settings) == static_cast<ssize_t>(sizeof settings));
    EXPECT_EQ(settings.database_embedded, 0u);
    return settings;
  };
  const wire::MonitorSettings socket = sealed("postgresql:///app?host=/run/db");
  EXPECT_EQ(socket.database_port, 0u);
  EXPECT_EQ(socket.database_remote, 0u);
  const wire::MonitorSettings loopback = sealed("postgresql://me@[::1]:6000/app");
  EXPECT_EQ(loopback.database_port, 6000u);
  EXPECT_EQ(loopback.database_remote, 0u);
  const wire::MonitorSettings remote = sealed("postgresql://me@192.0.2.1/app");
  EXPECT_EQ(remote.database_port, 5432u);
  EXPECT_EQ(remote.database_remote, 1u);
  EXPECT_EQ(remote.database_encrypted, 1u);
}

TEST(Settings, AConnectionStringFitsUpToItsLastByte) {
  EXPECT_TRUE(seal_settings({Config{}, {}, {}, {}, 0, {}, std::string(1023, 'x')}));
  EXPECT_FALSE(seal_settings({Config{}, {}, {}, {}, 0, {}, std::string(1024, 'x')}));
}

}  // namespace
}  // namespace mcpbox::launcher
