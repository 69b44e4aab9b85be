// Mirrors privsep/monitor/pg_conninfo.cc.
#include "privsep/monitor/pg_conninfo.h"

#include <gtest/gtest.h>

#include <map>

namespace mcpbox::monitor {
namespace {

std::map<std::string, std::string> read(const std::string& text) {
  const base::Result<Conninfo> info = read_conninfo(text, "name", "a=b c=d");
  EXPECT_TRUE(info.has_value()) << text;
  std::map<std::string, std::string> all;
  if (!info) return all;
  for (const auto& [keyword, value] : *info)
    EXPECT_TRUE(all.emplace(keyword, value).second) << keyword << " twice";
  return all;
}

TEST(PgConninfo, EverythingThatWouldMakeLibpqLookAtFilesIsSet) {
  const auto info = read("host='/run/db' dbname='mcpbox' user='mcpbox_monitor'");
  EXPECT_EQ(info.at("host"), "/run/db");
  EXPECT_EQ(info.at("sslmode"), "disable");
  EXPECT_EQ(info.at("gssencmode"), "disable");
  EXPECT_EQ(info.at("client_encoding"), "UTF8");
  EXPECT_FALSE(info.at("password").empty());  // an empty one sends libpq to the home folder
  EXPECT_EQ(info.at("application_name"), "name");
  EXPECT_EQ(info.at("options"), "-c a=b -c c=d ");
}

TEST(PgConninfo, ParametersThatChooseFilesOrTheSessionAreDropped) {
  const auto info = read(
      "host=/run/db user=u dbname=d passfile=/etc/passwd sslmode=verify-full sslkey=/k options='-c "
      "search_path=evil' "
      "application_name=other service=''");
  EXPECT_FALSE(info.contains("passfile"));
  EXPECT_FALSE(info.contains("sslkey"));
  EXPECT_EQ(info.at("sslmode"), "disable");
  EXPECT_EQ(info.at("options"), "-c a=b -c c=d ");
  EXPECT_EQ(info.at("application_name"), "name");
}

TEST(PgConninfo, LoopbackIsGivenAsAnAddressSoThatNothingIsResolved) {
  EXPECT_EQ(read("host=localhost user=u password='p w'").at("hostaddr"), "127.0.0.1");
  EXPECT_EQ(read("host=localhost user=u password='p w'").at("password"), "p w");
  EXPECT_EQ(read("host=127.8.9.1 user=u").at("hostaddr"), "127.8.9.1");
  EXPECT_EQ(read("host=::1 user=u").at("hostaddr"), "::1");
  EXPECT_EQ(read("hostaddr=127.0.0.1 host=db user=u").at("hostaddr"), "127.0.0.1");
  EXPECT_EQ(read("hostaddr=192.0.2.1 host=db user=u").at("hostaddr"), "192.0.2.1");
  EXPECT_FALSE(read("host=@abstract user=u").contains("hostaddr"));
  EXPECT_EQ(read("user=u").at("host"), "/var/run/postgresql");
  EXPECT_EQ(read("user=u").at("dbname"), "u");
}

TEST(PgConninfo, EncryptionIsRequiredOrOff) {
  EXPECT_EQ(read("host=::1 user=u sslmode=require").at("sslmode"), "require");
  for (const char* mode : {"disable", "allow", "prefer"})
    EXPECT_EQ(read("host=::1 user=u sslmode=" + std::string(mode)).at("sslmode"), "disable");
}

TEST(PgConninfo, OtherMachinesNamesAndNonsenseAreRefused) {
  for (const char* text :
       {"host=db.example.org user=u", "host=10.0.0.1 user=u", "hostaddr=localhost host=/run/db user=u",
        "hostaddr=127.1 user=u", "host=/run/a,/run/b user=u", "host=::2 user=u", "host=/run/db", "host",
        "nonsense=1 user=u", "user='u"}) {
    const base::Result<Conninfo> info = read_conninfo(text, "name", "");
    ASSERT_FALSE(info.has_value()) << text;
    EXPECT_EQ(info.error().why, base::Why::kInvalid);
  }
}

}  // namespace
}  // namespace mcpbox::monitor
