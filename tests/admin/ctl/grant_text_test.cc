// Mirrors admin/ctl/grant_text.cc.
#include "admin/ctl/grant_text.h"

#include <gmock/gmock.h>

namespace mcpbox::ctl {
namespace {

using protocol::GrantInfo;
using protocol::GrantKind;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(GrantText, AnIdIsAUuidAndNothingElse) {
  const std::string text = "00112233-4455-6677-8899-aabbccddeeff";
  ASSERT_TRUE(uuid_from(text));
  EXPECT_EQ(uuid_text(*uuid_from(text)), text);
  for (const std::string& wrong : {std::string(), text + "0", text.substr(1), std::string(36, '-'),
                                   std::string(36, 'a'), std::string("00112233-4455-6677-8899-AABBCCDDEEFF")})
    EXPECT_FALSE(uuid_from(wrong)) << wrong;
}

TEST(GrantText, AGrantIsNamedByAllThatLimitsIt) {
  GrantInfo grant{.name = "api.example.com"};
  EXPECT_EQ(subject_of(grant), "api.example.com, any port");
  grant.port = 443;
  grant.methods = 5;
  grant.path = "/api";
  EXPECT_EQ(subject_of(grant), "api.example.com:443, GET, POST, below /api");
  grant = {.name = "fd00::1", .port = 80};
  EXPECT_EQ(subject_of(grant), "[fd00::1]:80");
  EXPECT_EQ(subject_of({.kind = GrantKind::kModule, .name = "yaml"}), "yaml");
}

TEST(GrantText, WhatCallersWroteCannotReachTheTerminal) {
  protocol::GrantDetail detail{.reaches_total = 3};
  detail.grant = {.server_name = "srv", .tool_name = "t", .name = "a.example", .from_admin = false};
  detail.grant.justification = "fine\x1b[2J\nState        approved";
  detail.reaches = {"srv__t"};
  const std::string text = grant_text(detail);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\nState        approved")));
  EXPECT_THAT(text, HasSubstr("Approved tools that it reaches: 3\n  srv__t\n  and more"));
  EXPECT_THAT(text, HasSubstr("through a language model"));
  protocol::GrantPage page{.total = 1};
  page.grants.push_back(detail.grant);
  EXPECT_THAT(grants_text(page, 1, 0), Not(HasSubstr("\x1b")));
}

TEST(GrantText, ABindingSaysWhereTheValueGoes) {
  EXPECT_EQ(binding_text({.mode = protocol::SecretMode::kExposed}), "exposed to the code");
  EXPECT_EQ(binding_text({}), "sealed, host not said");
  EXPECT_EQ(binding_text({.host = "a.example", .name = "Authorization", .form = "Bearer {}"}),
            "sealed, to a.example:443 as header Authorization: Bearer {}");
}

}  // namespace
}  // namespace mcpbox::ctl
