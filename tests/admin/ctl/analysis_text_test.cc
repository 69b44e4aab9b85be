// Mirrors admin/ctl/analysis_text.cc.
#include "admin/ctl/analysis_text.h"

#include <gmock/gmock.h>

namespace mcpbox::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AnalysisText, EachFindingIsALineWithItsSeverityAndPlace) {
  const std::string text = analysis_text(
      R"({"findings": [{"severity": "high", "rule": "dynamic-code", "line": 7, "text": "`eval` runs code"},
                       {"severity": "medium", "rule": "incomplete", "line": 0, "text": "ended early"}],
          "secrets": [{"key": "API_KEY", "line": 3}], "hosts": [],
          "modules": [{"name": "json", "line": 1, "status": "allowed"},
                      {"name": "yaml", "line": 2, "status": "not_installed"}]})");
  EXPECT_EQ(text,
            "  ! high, line 7: `eval` runs code (dynamic-code)\n"
            "  ! medium: ended early (incomplete)\n"
            "  Secrets  API_KEY (line 3)\n"
            "  Hosts    none\n"
            "  Modules  json (line 1), yaml (line 2, not_installed)\n"
            "  Output   none\n");
}

TEST(AnalysisText, NoFindingIsSaidToo) {
  EXPECT_THAT(analysis_text(R"({"findings": []})"), HasSubstr("  (nothing found)\n"));
}

TEST(AnalysisText, WhatTheCodeUsesAnewAndNoLongerIsSaid) {
  const char* before = R"({"hosts":[{"host":"a.example","line":1}],"modules":[{"name":"json","line":2}]})";
  const char* now = R"({"hosts":[{"host":"b.example\n","line":1}],"modules":[{"name":"json","line":9}],
                        "secrets":[{"key":"KEY","line":3}],"outputs":[{"kind":"image","line":4}]})";
  EXPECT_EQ(analysis_difference(before, now),
            "what the code uses\n"
            "  + host b.example\\x0a\n"
            "  + output image\n"
            "  + secret KEY\n"
            "  - host a.example\n");
  EXPECT_EQ(analysis_difference(now, now), "");
  EXPECT_EQ(analysis_difference("", now), "");
}

TEST(AnalysisText, NoAnalysisIsACaution) {
  for (const char* text : {"", "[]", "null", "{", "not json"})
    EXPECT_THAT(analysis_text(text), HasSubstr("CAUTION")) << text;
}

TEST(AnalysisText, WhatTheChildSaysCannotForgeALineOrATerminal) {
  const std::string text = analysis_text(
      R"({"findings": [{"severity": "low\n", "rule": "\u001b[2K", "line": "1\n2", "text": "a\nDigest \u202e"}],
          "hosts": [{"host": "x\ny"}], "secrets": {"key": 1}, "modules": [1, null]})");
  EXPECT_THAT(text, HasSubstr("  ! low\\x0a, line 1\\x0a2: a\\x0aDigest \\u{202e} (\\x1b[2K)\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nDigest")));
  EXPECT_THAT(text, HasSubstr("x\\x0ay"));
}

}  // namespace
}  // namespace mcpbox::ctl
