// mirrors policy/database_url.cc
#include "policy/database_url.h"

#include <gtest/gtest.h>

namespace mcpbox::policy {
namespace {

constexpr DatabaseReach kHere = DatabaseReach::kThisMachine;

DatabaseUrl good(std::string_view text, DatabaseReach reach = kHere) {
  auto url = parse_database_url(text, reach);
  if (url) return std::move(*url);
  ADD_FAILURE() << text << ": " << url.error();
  return {};
}

std::string bad(std::string_view text, DatabaseReach reach = kHere) {
  auto url = parse_database_url(text, reach);
  if (!url) return std::move(url.error());
  ADD_FAILURE() << "accepted " << text << " as " << url->conninfo;
  return {};
}

TEST(DatabaseUrl, TheThreeSpellingsOfPostgresqlMeanTheSame) {
  const std::string wanted =
      "dbname='app' gssencmode='disable' host='127.0.0.1' hostaddr='127.0.0.1' port='5433' sslmode='disable'";
  for (const char* scheme : {"postgres", "postgresql", "postgresql+asyncpg"}) {
    const DatabaseUrl url = good(scheme + std::string("://me@127.0.0.1:5433/app"));
    EXPECT_EQ(url.conninfo, wanted);
    EXPECT_EQ(url.user, "me");
  }
}

TEST(DatabaseUrl, AnyOtherSchemeIsRefusedByName) {
  EXPECT_NE(bad("mysql://localhost/app").find("`mysql`"), std::string::npos);
  EXPECT_NE(bad("postgresql+psycopg://localhost/app").find("`postgresql+psycopg`"), std::string::npos);
  EXPECT_NE(bad("POSTGRES://localhost/app").find("`POSTGRES`"), std::string::npos);
  bad("app");
  bad("");
}

TEST(DatabaseUrl, ThePasswordIsTakenOutAndPutBackOnlyOnRequest) {
  const DatabaseUrl url = good("postgresql://me:p%40ss%27w@localhost/app");
  EXPECT_EQ(url.conninfo.find("p@ss"), std::string::npos);
  EXPECT_EQ(url.password, "p@ss'w");
  EXPECT_EQ(conninfo_for(url, "account"), url.conninfo + " user='me'");
  EXPECT_EQ(with_password(url, "account"), url.conninfo + " user='me' password='p@ss\\'w'");
  const DatabaseUrl open = good("postgresql://me@/app");
  EXPECT_EQ(with_password(open, "account"), conninfo_for(open, "account"));
}

TEST(DatabaseUrl, APasswordNeverStandsInAComplaint) {
  for (const char* text :
       {"postgresql://me:hunter2@db.example/app", "postgresql://me:hunter2@localhost",
        "postgresql://me:hunter2@x@localhost/app", "postgresql://me:hunter2%zz@localhost/app"})
    EXPECT_EQ(bad(text).find("hunter2"), std::string::npos) << text;
}

TEST(DatabaseUrl, SocketsAndLoopbackAreThisMachine) {
  for (const char* text :
       {"postgresql://me@/app", "postgresql://me@localhost/app", "postgresql://me@127.0.0.1/app",
        "postgresql://me@127.1.2.3/app", "postgresql://me@[::1]/app", "postgresql://me@[::1]:5432/app",
        "postgresql://me@%2Fvar%2Frun%2Fpostgresql/app", "postgresql://me@/app?host=/run/postgresql",
        "postgresql://me@/app?host=localhost&port=5433"})
    good(text);
}

TEST(DatabaseUrl, EveryOtherHostIsRefusedHoweverItIsWritten) {
  for (const char* text : {"postgresql://me@db.example/app",
                           "postgresql://me@10.0.0.1/app",
                           "postgresql://me@127.0.0.1.example/app",
                           "postgresql://me@[fe80::1]/app",
                           "postgresql://me@[::ffff:10.0.0.1]/app",
                           "postgresql://me@/app?host=db.example",
                           "postgresql://me@127.0.0.1,db.example/app",
                           "postgresql://me@%2Ftmp%2Cdb.example/app",
                           "postgresql://localhost@db.example/app",
                           "postgresql://a@b@127.0.0.1/app",
                           "postgresql://me@localhost/app?host=db.example",
                           "postgresql://me@localhost/app?hostaddr=10.0.0.1",
                           "postgresql://me@localhost/app?%68ost=db.example",
                           "postgresql://me@127.1/app",
                           "postgresql://me@127.0.0.256/app",
                           "postgresql://me@127.0.0.010/app",
                           "postgresql://me@127.0.0.1./app",
                           "postgresql://me@2130706433/app",
                           "postgresql://me@localhost/app?service=x",
                           "postgresql://me@localhost/app?passfile=/x"})
    bad(text);
}

TEST(DatabaseUrl, OverTcpThePortAndTheAddressAreSettledHere) {
  for (const char* host : {"localhost", "127.0.0.1", "[::1]"}) {
    const DatabaseUrl url = good("postgresql://me@" + std::string(host) + "/app");
    EXPECT_EQ(url.tcp_port, 5432) << host;
    EXPECT_NE(url.conninfo.find("port='5432'"), std::string::npos);
    EXPECT_FALSE(url.remote || url.encrypted) << host;
  }
  EXPECT_EQ(good("postgresql://me@localhost:6000/app").tcp_port, 6000);
  EXPECT_NE(good("postgresql://me@localhost/app").conninfo.find("hostaddr='127.0.0.1'"), std::string::npos);
  EXPECT_NE(good("postgresql://me@[::1]/app").conninfo.find("hostaddr='::1'"), std::string::npos);
}

TEST(DatabaseUrl, AUnixSocketHasNoTcpPortWhateverItsPort) {
  const DatabaseUrl url = good("postgresql:///app?host=/run/db&port=5433");
  EXPECT_EQ(url.tcp_port, 0);
  EXPECT_EQ(url.conninfo, "dbname='app' gssencmode='disable' host='/run/db' port='5433' sslmode='disable'");
  EXPECT_EQ(good("postgresql://me@/app").conninfo,
            "dbname='app' gssencmode='disable' host='/var/run/postgresql' sslmode='disable'");
  bad("postgresql://me@/app?host=@abstract");
  bad("postgresql://me@%40abstract/app", DatabaseReach::kAnywhere);
}

TEST(DatabaseUrl, AnotherMachineNeedsItsSettingAndItsNumericAddress) {
  for (const char* host : {"192.0.2.1", "[2001:db8::1]", "[::ffff:127.0.0.1]"}) {
    const std::string text = "postgresql://me@" + std::string(host) + "/app";
    EXPECT_NE(bad(text).find("database-remote"), std::string::npos);
    const DatabaseUrl url = good(text, DatabaseReach::kAnywhere);
    EXPECT_TRUE(url.remote && url.encrypted) << host;
    EXPECT_EQ(url.tcp_port, 5432);
  }
  EXPECT_NE(bad("postgresql://me@db.example/app", DatabaseReach::kAnywhere).find("numeric"),
            std::string::npos);
  for (const char* text : {"postgresql://me@192.0.2.1,192.0.2.2/app", "postgresql://me@192.0.2/app",
                           "postgresql://me@[fe80::1%25eth0]/app", "postgresql://me@192.0.2.1 /app"})
    bad(text, DatabaseReach::kAnywhere);
  EXPECT_FALSE(good("postgresql://me@127.0.0.1/app", DatabaseReach::kAnywhere).remote);
}

TEST(DatabaseUrl, EncryptionIsOffHereAndOnElsewhereUnlessTheUrlSaysOtherwise) {
  const auto encrypted = [](const char* text) {
    const DatabaseUrl url = good(text, DatabaseReach::kAnywhere);
    EXPECT_EQ(url.encrypted, url.conninfo.find("sslmode='require'") != std::string::npos) << text;
    return url.encrypted;
  };
  EXPECT_FALSE(encrypted("postgresql://me@localhost/app?sslmode=prefer"));
  EXPECT_TRUE(encrypted("postgresql://me@localhost/app?sslmode=require"));
  EXPECT_FALSE(encrypted("postgresql://me@/app?sslmode=require"));  // there is none on a Unix socket
  EXPECT_TRUE(encrypted("postgresql://me@192.0.2.1/app?sslmode=prefer"));
  EXPECT_FALSE(encrypted("postgresql://me@192.0.2.1/app?sslmode=disable"));
}

TEST(DatabaseUrl, WhatTheMonitorCouldNotHonourIsRefusedInsteadOfDropped) {
  for (const char* parameter :
       {"sslmode=verify-full", "sslmode=verify-ca", "sslmode=allow", "sslmode=x", "sslrootcert=/x",
        "sslcert=/x", "sslkey=/x", "sslcrl=/x", "options=-cx=y", "gssencmode=require", "krbsrvname=x"})
    bad("postgresql://me@localhost/app?" + std::string(parameter));
  EXPECT_EQ(good("postgresql://me@/app?connect_timeout=3&application_name=x&keepalives=1").conninfo,
            good("postgresql://me@/app").conninfo);
}

TEST(DatabaseUrl, QuotesInAValueCannotAddAnOption) {
  const DatabaseUrl url = good("postgresql://x'%20host='db.example@localhost/app");
  EXPECT_EQ(conninfo_for(url, ""), url.conninfo + " user='x\\' host=\\'db.example'");
  EXPECT_EQ(conninfo_pair("user", "a\\'b"), "user='a\\\\\\'b'");
}

TEST(DatabaseUrl, ADatabaseNameThatLibpqWouldExpandIsRefused) {
  bad("postgresql://me@/host%3Ddb.example");
  bad("postgresql://me@/postgresql:%2F%2Fdb.example");
  bad("postgresql://me@localhost/");
  bad("postgresql://me@localhost");
}

TEST(DatabaseUrl, AUserMustBeNamedWhereTheKernelDoesNotSayWhoConnects) {
  bad("postgresql://localhost/app");
  bad("postgresql://:secret@localhost/app");
  bad("postgresql://:secret@/app?host=/run/db");
  EXPECT_EQ(good("postgresql://localhost/app?user=me").user, "me");
  const DatabaseUrl url = good("postgresql:///app?host=/run/db");
  EXPECT_EQ(conninfo_for(url, "mcpbox-monitor"), url.conninfo + " user='mcpbox-monitor'");
}

TEST(DatabaseUrl, PortsAreNumbersFromOneTo65535) {
  good("postgresql://me@localhost:1/app");
  good("postgresql://me@localhost:65535/app");
  bad("postgresql://me@localhost:0/app");
  bad("postgresql://me@localhost:65536/app");
  bad("postgresql://me@localhost:54x/app");
  bad("postgresql://me@localhost:5432/app?port=5433");
}

TEST(DatabaseUrl, BrokenEscapesAndControlCharactersAreRefused) {
  bad("postgresql://me%4@localhost/app");
  bad("postgresql://me%00@localhost/app");
  bad("postgresql://me%zz@localhost/app");
  bad("postgresql://me@[::1/app");
  bad("postgresql://me@[::1]x/app");
  bad("postgresql://me@localhost/app\n");
  bad("postgresql://me@local host/app");
  bad(std::string_view("postgresql://me@localhost/a\0b", 29));
}

}  // namespace
}  // namespace mcpbox::policy
