// Queries, rate limits, fields, and the table of routes.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "admin/fields.h"
#include "admin/routes.h"
#include "admin/schemas.h"

namespace mcpbox::admin {
namespace {

TEST(Query, IsDecodedOrRefused) {
  const std::optional<Query> query = Query::parse("page=2&search=a+b%20%C3%A9&empty=");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->find("search"), "a b é");
  EXPECT_EQ(query->find("empty"), "");
  EXPECT_FALSE(query->find("missing"));
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "a=1&a=2", "%0a=1"})
    EXPECT_FALSE(Query::parse(bad)) << bad;
  EXPECT_TRUE(Query::parse(""));
  EXPECT_EQ(Query::parse("a=%41")->find("a"), "A") << "an escape may be the last thing";
}

TEST(Rates, AHundredAMinuteThenAsOftenAsTheyRefill) {
  Rates rates;
  for (std::uint32_t i = 0; i < policy::limits::kAdminRequestsPerMinute; ++i)
    ASSERT_EQ(rates.charge("", "a", 0), 0u);
  EXPECT_EQ(rates.charge("", "a", 0), 1u);
  EXPECT_EQ(rates.charge("", "b", 0), 0u) << "another address";
  EXPECT_EQ(rates.charge("", "a", 600), 0u);
  EXPECT_NE(rates.charge("", "a", 600), 0u);
}

TEST(Rates, AnInventedTokenBuysNoBucket) {
  Rates rates;
  for (std::uint32_t i = 0; i < policy::limits::kAdminRequestsPerMinute; ++i)
    rates.charge("invented" + std::to_string(i), "a", 0);
  EXPECT_NE(rates.charge("another", "a", 0), 0u);
  rates.learn("real");
  EXPECT_EQ(rates.charge("real", "a", 0), 0u);
  rates.forget("real");
  EXPECT_NE(rates.charge("real", "a", 0), 0u);
}

TEST(Rates, AFloodOfAddressesTakesNoMemory) {
  Rates rates;
  for (int i = 0; i < 20'000; ++i) rates.charge("", std::to_string(i), 0);
  EXPECT_LE(rates.size(), 4096u);
}

TEST(Fields, EveryProblemIsToldWithItsName) {
  const Json body = parse_object(R"({"name":"","count":7,"other":1,"flag":"yes"})");
  Fields fields(body.get(), {"name", "count", "flag", "id"});
  fields.text("name", 1, 5);
  fields.text("missing", 1, 5);
  EXPECT_EQ(fields.optional_number("count", 1, 9), 7);
  fields.optional_boolean("flag");
  fields.id("id");
  ASSERT_FALSE(fields.good());
  const Response refusal = fields.refusal();
  EXPECT_EQ(refusal.status, 422);
  for (const char* name : {"\"name\"", "\"missing\"", "\"other\"", "\"flag\"", "\"id\""})
    EXPECT_NE(refusal.body.find(name), std::string::npos) << name;
  EXPECT_EQ(refusal.body.find("\"count\""), std::string::npos);
  EXPECT_TRUE(parse_object(refusal.body));
}

TEST(Fields, CharactersAreCountedNotBytes) {
  const Json body = parse_object(R"({"a":"ééééé","b":"x\u0000y"})");
  Fields fields(body.get(), {"a", "b"});
  EXPECT_EQ(fields.text("a", 1, 5), "ééééé");
  EXPECT_TRUE(fields.good());
  fields.text("b", 1, 5);
  EXPECT_FALSE(fields.good()) << "a NUL";
}

TEST(Fields, ADigestIsExactlyItsDigits) {
  EXPECT_TRUE(digest_of_hex(std::string(64, 'a')));
  EXPECT_FALSE(digest_of_hex(std::string(63, 'a')));
  EXPECT_FALSE(digest_of_hex(std::string(63, 'a') + "g"));
  EXPECT_FALSE(digest_of_hex(std::string(62, 'a') + "-1"));
  EXPECT_EQ(hex_of(*digest_of_hex(std::string(64, 'b'))), std::string(64, 'b'));
}

TEST(Pages, HaveBounds) {
  const auto page = [](const char* query) { return page_of(*Query::parse(query), 20); };
  EXPECT_EQ(page("")->size, 20u);
  EXPECT_EQ(page("page=3&page_size=100")->page, 3u);
  for (const char* bad : {"page=0", "page=-1", "page=x", "page_size=0", "page_size=101", "page=99999999999"})
    EXPECT_FALSE(page(bad)) << bad;
}

TEST(Routes, NamesInPathsAreTaken) {
  using Parts = std::optional<std::vector<std::string>>;
  EXPECT_EQ(match("/api/tools/{id}/versions/{n}", "/api/tools/a/versions/2"), Parts({"a", "2"}));
  EXPECT_EQ(match("/api/tools/{id}", "/api/tools/a%20b"), Parts({"a b"}));
  EXPECT_EQ(match("/api/tools/{id}", "/api/tools/a%2Fb"), Parts({"a/b"}));
  for (const char* path : {"/api/tools/", "/api/tools", "/api/tools/a/", "/api/tools/a/b", "/api/tools//a",
                           "", "/", "/api/tools/%", "/api/tools/%00"})
    EXPECT_FALSE(match("/api/tools/{id}", path)) << path;
}

TEST(Routes, AFixedNameComesBeforeAPlaceholder) {
  for (const Route& fixed : routes())
    for (const Route& other : routes()) {
      const auto parts = match(other.path, fixed.path);
      if (&fixed == &other || fixed.method != other.method || !parts) continue;
      EXPECT_LT(&fixed, &other) << fixed.path << " is hidden by " << other.path;
    }
}

TEST(Routes, WhatChangesSomethingNeedsASessionExceptSigningIn) {
  const std::set<std::string_view> open = {"/api/auth/setup", "/api/auth/login"};
  for (const Route& route : routes())
    if (route.method != Method::kGet) {
      EXPECT_EQ(route.needs == Needs::kNothing, open.contains(route.path)) << route.path;
    }
}

TEST(Routes, EveryShapeIsKnownAndEveryShapeIsUsed) {
  std::string all;
  std::set<std::string_view> known;
  for (const Schema& schema : schemas()) {
    EXPECT_TRUE(known.insert(schema.name).second) << schema.name;
    EXPECT_TRUE(parse_object(schema.json)) << schema.name;
    all += schema.json;
  }
  for (const Route& route : routes())
    for (const std::string_view name : {route.takes, route.gives})
      EXPECT_TRUE(name.empty() || name == "Page" || name == "Style" || name == "Events" ||
                  name == "Numbers" || known.contains(name))
          << name;
  for (const Schema& schema : schemas()) {
    const bool used = schema.name == "Problem" ||
                      all.find("/schemas/" + std::string(schema.name) + "\"") != std::string::npos ||
                      std::ranges::any_of(routes(), [&](const Route& route) {
                        return route.takes == schema.name || route.gives == schema.name;
                      });
    EXPECT_TRUE(used) << schema.name;
  }
}

TEST(OpenApi, IsOneDocumentWithEveryRoute) {
  const Json document = parse_object(openapi_document("1"));
  ASSERT_TRUE(document);
  const json_t* paths = json_object_get(document.get(), "paths");
  std::set<std::string> ids;
  for (const Route& route : routes()) {
    const json_t* path = json_object_get(paths, std::string(route.path).c_str());
    const json_t* operation = json_object_get(path, lower(name_of(route.method)).c_str());
    ASSERT_TRUE(json_is_object(operation)) << route.path;
    EXPECT_TRUE(ids.emplace(http::text_of(json_object_get(operation, "operationId"))).second) << route.path;
  }
  EXPECT_NE(docs_page("1").find("/api/approvals/tools/{tool_id}/action"), std::string::npos);
}

}  // namespace
}  // namespace mcpbox::admin
