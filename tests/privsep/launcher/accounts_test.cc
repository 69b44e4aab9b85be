// mirrors privsep/launcher/accounts.cc
#include "privsep/launcher/accounts.h"

#include "tests/privsep/launcher/scratch.h"

namespace mcpbox::launcher {
namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "mcpbox-monitor:x:999:998::/:/usr/sbin/nologin\n"
    "mcpbox-bad:x:0:0::/:/usr/sbin/nologin\n"
    "somebody:x:60802:60802::/:/bin/sh\n";

class Accounts : public testing::Test {
 protected:
  Scratch scratch;
  std::string passwd = scratch.file("passwd", kPasswd);
};

TEST_F(Accounts, AnAccountThatTheMachineHasIsUsed) {
  const auto identity = identity_for(passwd.c_str(), "mcpbox-monitor", 60801);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->uid, 999u);
  EXPECT_EQ(identity->gid, 998u);
}

TEST_F(Accounts, WithoutAnAccountTheFixedNumberIsUsed) {
  const auto identity = identity_for(passwd.c_str(), "mcpbox-executor", 60807);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->uid, 60807u);
  EXPECT_EQ(identity->gid, 60807u);
}

TEST_F(Accounts, AFixedNumberThatBelongsToSomebodyIsRefusedByName) {
  const auto identity = identity_for(passwd.c_str(), "mcpbox-net-local", 60802);
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().find("`somebody`"), std::string::npos);
}

TEST_F(Accounts, AnAccountThatIsReallyRootIsRefused) {
  EXPECT_FALSE(identity_for(passwd.c_str(), "mcpbox-bad", 60809));
}

TEST_F(Accounts, NamesAndNumbersAreLookedUpInTheFileAlone) {
  EXPECT_EQ(name_of_uid(passwd.c_str(), 60802), "somebody");
  EXPECT_FALSE(name_of_uid(passwd.c_str(), 60803));
  EXPECT_FALSE(account_named(passwd.c_str(), "some"));
  EXPECT_FALSE(account_named("/nonexistent", "root"));
}

TEST_F(Accounts, GroupsAreFoundByTheirWholeName) {
  const std::string group = scratch.file("group", "mcpbox-admin:x:777:me\nmcpbox:x:778:\n");
  EXPECT_EQ(group_named(group.c_str(), "mcpbox-admin"), 777u);
  EXPECT_EQ(group_named(group.c_str(), "mcpbox"), 778u);
  EXPECT_FALSE(group_named(group.c_str(), "mcp"));
}

}  // namespace
}  // namespace mcpbox::launcher
