// Mirrors admin/review/changes.cc.
#include "admin/review/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace mcpbox::review {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Free {
  void operator()(json_t* json) const { json_decref(json); }
};
std::vector<Use> uses(const char* text) {
  const std::unique_ptr<json_t, Free> json(json_loads(text, 0, nullptr));
  return uses_in(json.get());
}

TEST(Changes, UsesAreOfFourKindsSortedAndEachOnce) {
  EXPECT_THAT(uses(R"({"hosts":[{"host":"b","line":1},{"host":"a","line":2},{"host":"b","line":3}],
                       "modules":[{"name":"json"}],"secrets":[{"key":"K"}],"outputs":[{"kind":"image"}]})"),
              ElementsAre(Use{"host", "a"}, Use{"host", "b"}, Use{"module", "json"}, Use{"output", "image"},
                          Use{"secret", "K"}));
}

TEST(Changes, WhatIsNoAnalysisUsesNothing) {
  for (const char* text : {"{}", "[]", R"({"hosts":{}})", R"({"hosts":[1,{"host":2},{}]})"})
    EXPECT_THAT(uses(text), IsEmpty()) << text;
  EXPECT_THAT(uses_in(nullptr), IsEmpty());
}

TEST(Changes, AddedAndRemovedAreToldApart) {
  const Changes<std::string_view> found = changes(lines_of("c\na\na\n"), lines_of("b\na\n"));
  EXPECT_THAT(found.added, ElementsAre("b"));
  EXPECT_THAT(found.removed, ElementsAre("c"));
  EXPECT_FALSE(found.none());
  EXPECT_TRUE(changes(lines_of("a\nb"), lines_of("b\na")).none());
}

TEST(Changes, ANameThatMovesToAnotherKindIsAChange) {
  const Changes<Use> found = changes({Use{"host", "x"}}, {Use{"module", "x"}});
  EXPECT_THAT(found.added, ElementsAre(Use{"module", "x"}));
  EXPECT_THAT(found.removed, ElementsAre(Use{"host", "x"}));
}

TEST(Changes, LinesAreSplitWhereTheyEnd) {
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("a\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a", "", "b"));
}

}  // namespace
}  // namespace mcpbox::review
