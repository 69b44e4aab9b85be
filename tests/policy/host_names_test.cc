// Mirrors policy/host_names.cc.
#include "policy/host_names.h"

#include <gtest/gtest.h>

namespace mcpbox::policy {
namespace {

struct Spelling {
  const char* text;
  const char* name;
};

constexpr Spelling kSpellings[] = {
    {"example.com", "example.com"},
    {"EXAMPLE.com", "example.com"},
    {"Example.Com.", "example.com"},
    {"a", "a"},
    {"nas", "nas"},
    {"nas.lan", "nas.lan"},
    {"printer.local.", "printer.local"},
    {"_srv.example.com", "_srv.example.com"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
    {"3com.com", "3com.com"},
    {"1.2.3.4", "1.2.3.4"},
    {"1.2.3.4.", "1.2.3.4"},
    {"[::1]", "::1"},
    {"::1", "::1"},
    {"[FD00:0::1]", "fd00::1"},
    {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4"},
    {"127.0.0.1.nip.io", "127.0.0.1.nip.io"},  // a name: what it leads to is asked at connect
    {"0x7f.example", "0x7f.example"},
    {"localhost", "localhost"},
};

// Everything that some parser takes for another host than we would.
constexpr const char* kRefused[] = {
    // numbers in other notations
    "0",
    "1",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "127.0.0.01",
    "127.0.0.001",
    "127.000.000.001",
    "127.0.0.0x1",
    "1.2.3",
    "1.2",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.1.1.256",
    "1.1.1.1000",
    "999999999999",
    "0x",
    "0x1",
    "1.0x2",
    "a.1",
    "example.0x7f",
    "example.127",
    "a.b.c.2130706433",
    "4294967296",
    "4294967295",
    "0.0",
    "00",
    "00.00.00.00",
    "3232235777",
    "0xc0a80101",
    "0300.0250.1.1",
    "192.168.257",
    "192.168.0x101",
    "0xa9fea9fe",
    "2852039166",
    "025177524776",
    "169.254.43518",
    "169.16689662",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    // dots
    "",
    ".",
    "..",
    ".example.com",
    "example..com",
    "example.com..",
    "127.0.0.1..",
    ".127.0.0.1",
    "...",
    // user information, ports, paths, fragments, queries
    "user@example.com",
    "user:pass@example.com",
    "example.com:80",
    "example.com/",
    "example.com/path",
    "example.com?x",
    "example.com#x",
    "example.com\\@evil.com",
    "evil.com@example.com",
    "http://example.com",
    "//example.com",
    "example.com%2eevil.com",
    "example.com%00",
    "%65xample.com",
    "example.com;evil",
    "example.com,evil.com",
    "a&b",
    "a=b",
    "a+b",
    "a!b",
    "a$b",
    "a'b",
    "a\"b",
    "a(b)",
    "a*b",
    "*",
    "*.example.com",
    "a~b",
    "a|b",
    "a^b",
    "a`b",
    "a{b}",
    "a<b>",
    "a[b]",
    // space and controls
    " example.com",
    "example.com ",
    "exa mple.com",
    "example.com\t",
    "example.com\n",
    "example.com\r\nHost: x",
    "example.com\v",
    "\x01",
    "example.com\x7f",
    // characters beyond ASCII that look like ASCII, or become it
    "ex\xc3\xa4mple.com",
    "ex\xd0\xb0mple.com",
    "example\xe3\x80\x82"
    "com",
    "example\xef\xbc\x8e"
    "com",
    "example\xef\xbd\xa1"
    "com",
    "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
    "\xe2\x91\xa0.1.1.1",
    "exam\xc2\xadple.com",
    "exam\xe2\x80\x8bple.com",
    "\xe2\x80\x8f"
    "moc.elpmaxe",
    "e\xcc\x81xample.com",
    "\xf0\x9d\x95\x96xample.com",
    "\xe2\x84\xaa"
    "elvin.com",
    "\xc4\xb0stanbul.com",
    "\xff\xfe",
    "\xc0\xae.com",
    "exa\xed\xa0\x80mple.com",
    // labels
    "-example.com",
    "example-.com",
    "exa.-mple.com",
    "example.com-",
    "-",
    "a.-.b",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com",
    // IPv6
    "[",
    "]",
    "[]",
    "[::1",
    "::1]",
    "[::1]:80",
    "[1.2.3.4]",
    "[example.com]",
    "[::1%lo]",
    "::1%1",
    "fe80::1%25eth0",
    "[fe80::1%eth0]",
    ":",
    "::",
    "[v1.fe80]",
    "[[::1]]",
    "[::1]]",
    "[::g]",
    "1::2::3",
    "[::1].",
    "[::ffff:127.1]",
    "[::127.0.0.01]",
    "[0:0:0:0:0:0:0:0:1]",
    "http:[::1]",
};

TEST(Hosts, EachHasOneSpelling) {
  for (const Spelling& one : kSpellings) {
    const auto host = read_host(one.text);
    ASSERT_TRUE(host) << one.text << ": " << host.error();
    EXPECT_EQ(host->name, one.name);
  }
}

TEST(Hosts, WhatMightBeReadAsAnotherHostIsRefusedWithAReason) {
  for (const char* text : kRefused) {
    if (std::string_view(text) == "::") continue;  // an address: the unspecified one
    const auto host = read_host(text);
    EXPECT_FALSE(host) << text << " became " << host->name;
    if (!host) {
      EXPECT_GT(std::string_view(host.error()).size(), 20U) << text;
    }
  }
}

TEST(Hosts, AReadNameReadsAsItself) {
  for (const Spelling& one : kSpellings) {
    const Host host = read_host(one.text).value();
    EXPECT_EQ(read_host(host.name).value(), host);
  }
}

TEST(Hosts, TooLongANameIsRefused) {
  std::string name;
  while (name.size() < 250) name += "abcdefghi.";
  EXPECT_TRUE(read_host(name + "abc"));
  EXPECT_FALSE(read_host(name + "abcd"));
}

TEST(Patterns, AWildcardStandsForLabelsBelowOnly) {
  const HostPattern pattern = read_host_pattern("*.Example.com").value();
  EXPECT_TRUE(matches(pattern, read_host("api.example.com").value()));
  EXPECT_TRUE(matches(pattern, read_host("a.b.example.com.").value()));
  for (const char* other :
       {"example.com", "evilexample.com", "example.com.evil.net", "api.example.org", "1.2.3.4"})
    EXPECT_FALSE(matches(pattern, read_host(other).value())) << other;
}

TEST(Patterns, OtherWildcardsAreRefused) {
  for (const char* text : {"*", "*.", "*.com", "*.*", "a*.example.com", "*example.com", "api.*.com",
                           "*.*.example.com", "*.1.2.3.4", "*.[::1]", "**.example.com", "*..example.com"})
    EXPECT_FALSE(read_host_pattern(text)) << text;
}

TEST(Patterns, ANameStandsForItselfAlone) {
  const HostPattern pattern = read_host_pattern("example.com").value();
  EXPECT_TRUE(matches(pattern, read_host("EXAMPLE.COM.").value()));
  EXPECT_FALSE(matches(pattern, read_host("www.example.com").value()));
  const HostPattern address = read_host_pattern("::ffff:1.2.3.4").value();
  EXPECT_FALSE(matches(address, read_host("1.2.3.4").value()));
}

TEST(Hosts, AreWrittenWithTheirPort) {
  EXPECT_EQ(text_of(read_host("nas.lan").value(), 443), "nas.lan:443");
  EXPECT_EQ(text_of(read_host("fd00::1").value(), 8080), "[fd00::1]:8080");
  EXPECT_EQ(text_of(read_host("nas.lan").value(), 0), "nas.lan");
}

}  // namespace
}  // namespace mcpbox::policy
