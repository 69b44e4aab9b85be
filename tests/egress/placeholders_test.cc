// Mirrors egress/egress/placeholders.cc, encodings.cc and redactor.cc.
#include "egress/egress/placeholders.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "egress/egress/encodings.h"
#include "egress/egress/redactor.h"

namespace mcpbox::egress {
namespace {

using policy::SecretPlace;
using protocol::FetchStart;
using protocol::HeaderField;
using protocol::SecretValue;

const std::string kOne = "mcpbox-secret-00112233445566778899aabbccddeeff";
const std::string kTwo = "mcpbox-secret-ffeeddccbbaa99887766554433221100";

FetchStart request(std::vector<std::pair<std::string, std::string>> headers,
                   const std::string& target = "/") {
  FetchStart start;
  start.host = std::string_view("api.test");
  start.method = std::string_view("POST");
  start.target = target;
  for (auto& [name, value] : headers) {
    HeaderField& header = start.headers.emplace_back();
    header.name = name;
    header.value = value;
  }
  return start;
}

SecretValue secret(SecretPlace place, const std::string& name, const std::string& form = "",
                   const std::string& value = "v/ä&\"\\ +") {
  return {.place = place, .name = name, .form = form, .value = value};
}

struct Case {
  const char* what;
  FetchStart request;
  std::string body;
  SecretValue secret;
  std::string expected;  // of the header's value, the target or the body; "" when it is refused
};

std::string place_in(const FetchStart& request, const std::string& body, SecretPlace place) {
  if (place == SecretPlace::kHeader || place == SecretPlace::kBasic) return request.headers.front().value;
  return place == SecretPlace::kQuery || place == SecretPlace::kPath ? std::string(request.target) : body;
}

TEST(Placeholders, AreFilledInAtTheirPlaceAndNowhereElse) {
  const SecretValue bearer = secret(SecretPlace::kHeader, "Authorization", "Bearer {}");
  const SecretValue basic = secret(SecretPlace::kBasic, "", "bob:{}");
  const SecretValue query = secret(SecretPlace::kQuery, "key");
  const SecretValue path = secret(SecretPlace::kPath, "");
  const SecretValue json = secret(SecretPlace::kJson, "token");
  const SecretValue form = secret(SecretPlace::kForm, "token");
  const std::string encoded = "v%2F%C3%A4%26%22%5C%20%2B";
  const std::pair<std::string, std::string> as_json{"content-type", "application/json; charset=utf-8"};
  const std::pair<std::string, std::string> as_form{"Content-Type", "application/x-www-form-urlencoded"};
  const Case cases[] = {
      {"header", request({{"authorization", "Bearer " + kOne}}), "", bearer, "Bearer v/ä&\"\\ +"},
      {"header without its template", request({{"Authorization", kOne}}), "", bearer, ""},
      {"header with more", request({{"Authorization", "Bearer " + kOne + "x"}}), "", bearer, ""},
      {"another header", request({{"X-Echo", "Bearer " + kOne}}), "", bearer, ""},
      {"a header's name", request({{kOne, "Bearer"}}), "", bearer, ""},
      {"twice", request({{"Authorization", "Bearer " + kOne}, {"X", kOne}}), "", bearer, ""},
      {"basic", request({{"Authorization", "Basic " + base64("bob:" + kOne)}}), "", basic,
       "Basic " + base64("bob:v/ä&\"\\ +")},
      {"basic of another user", request({{"Authorization", "Basic " + base64("eve:" + kOne)}}), "", basic,
       ""},
      {"basic in clear", request({{"Authorization", "Basic bob:" + kOne}}), "", basic, ""},
      {"bearer hidden as basic", request({{"Authorization", "Basic " + base64(kOne)}}), "", bearer, ""},
      {"query", request({}, "/a?x=1&key=" + kOne + "&y"), "", query, "/a?x=1&key=" + encoded + "&y"},
      {"query of another name", request({}, "/a?other=" + kOne), "", query, ""},
      {"query twice", request({}, "/a?key=" + kOne + "&key=" + kOne), "", query, ""},
      {"query in the path", request({}, "/key=" + kOne), "", query, ""},
      {"path", request({}, "/bot" + kOne + "/send?x"), "", path, "/bot" + encoded + "/send?x"},
      {"path in the query", request({}, "/?" + kOne), "", path, ""},
      {"percent-encoded", request({}, "/?key=%6dcpbox-secret-" + kOne.substr(14)), "", query, ""},
      {"json", request({as_json}), R"({"a": [{"token": "x"}], "token" : ")" + kOne + "\"}", json,
       R"({"a": [{"token": "x"}], "token" : "v/ä&\"\\ +"})"},
      {"json, further in", request({as_json}), R"({"a": {"token": ")" + kOne + "\"}}", json, ""},
      {"json in a list", request({as_json}), R"([{"token": ")" + kOne + "\"}]", json, ""},
      {"json of another name", request({as_json}), R"({"other": ")" + kOne + "\"}", json, ""},
      {"json as a key", request({as_json}), "{\"" + kOne + "\": \"token\"}", json, ""},
      {"json inside more text", request({as_json}), R"({"token": "a)" + kOne + "\"}", json, ""},
      {"json, name in a value", request({as_json}), R"({"x": "token", "y": ")" + kOne + "\"}", json, ""},
      {"json that is none", request({as_json}), R"({"token": ")" + kOne + "\"", json, ""},
      {"json behind a quote", request({as_json}), R"({"x": "\", \"token\": \")" + kOne + "\"}", json, ""},
      {"json by another type", request({{"content-type", "text/plain"}}), R"({"token": ")" + kOne + "\"}",
       json, ""},
      {"form", request({as_form}), "a=1&token=" + kOne, form, "a=1&token=" + encoded},
      {"form of another name", request({as_form}), "a=1&other=" + kOne, form, ""},
      {"form by another type", request({as_json}), "token=" + kOne, form, ""},
      {"a header's value in the body", request({as_json}), "{\"token\": \"" + kOne + "\"}", bearer, ""},
  };
  for (const Case& one : cases) {
    FetchStart filled = one.request;
    std::string body = one.body;
    EXPECT_TRUE(holds_placeholder(filled, body)) << one.what;
    const std::string problem = fill_in(filled, body, kOne, one.secret);
    const bool refused = !problem.empty() || holds_placeholder(filled, body);
    EXPECT_EQ(refused, one.expected.empty()) << one.what << ": " << problem;
    if (!one.expected.empty()) {
      EXPECT_EQ(place_in(filled, body, one.secret.place), one.expected) << one.what;
      continue;
    }
    const std::string all = std::string(filled.target) + body;
    if (!problem.empty()) {
      EXPECT_EQ(all.find("v/"), std::string::npos) << one.what;
    }
  }
}

TEST(Placeholders, OfSeveralSecretsAreTold) {
  const FetchStart both =
      request({{"A", kOne}, {"Authorization", "Basic " + base64("u:" + kTwo)}}, "/" + kOne);
  EXPECT_EQ(placeholders_in(both, ""), (std::set<std::string>{kOne, kTwo}));
  EXPECT_TRUE(placeholders_in(request({}, "/mcpbox-secret-short"), "").empty());
  EXPECT_TRUE(placeholders_in(request({}, "/mcpbox-secret-0011223344556677X899aabbccddeeff"), "").empty());
  FetchStart host = request({});
  host.host = std::string_view("MCPBOX-secret-00112233445566778899aabbccddeeff.evil.example");
  EXPECT_TRUE(holds_placeholder(host, ""));
  EXPECT_FALSE(holds_placeholder(request({{"Authorization", "Basic !!"}, {"X", "abc def"}}, "/%%2"), "{}"));
}

TEST(Placeholders, ARequestWithASecretAsksForAPlainAndWholeAnswer) {
  FetchStart start =
      request({{"Accept-Encoding", "gzip"}, {"RANGE", "bytes=0-1"}, {"If-Range", "x"}, {"A", "b"}});
  ask_for_plain_answer(start);
  ASSERT_EQ(start.headers.size(), 2U);
  EXPECT_EQ(start.headers[0].name, "A");
  EXPECT_EQ(start.headers[1].name + "=" + start.headers[1].value, "Accept-Encoding=identity");
}

TEST(Encodings, GoThereAndBack) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same every time
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    EXPECT_EQ(base64_decoded(base64(bytes)), bytes);
    EXPECT_EQ(percent_decoded(percent_encoded(bytes)), bytes);
  }
  EXPECT_EQ(base64("user:pass"), "dXNlcjpwYXNz");
  EXPECT_EQ(base64_decoded("dXNlcjpwYXNz"), "user:pass");
  EXPECT_EQ(base64_decoded("_-8"), "\xff\xef");
  EXPECT_EQ(base64_decoded("a b"), std::nullopt);
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz%41"), "%zzA");
}

std::string redacted(const Patterns& patterns, const std::string& text, std::size_t step) {
  Redactor redactor(patterns);
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += step)
    out += redactor.take(std::string_view(text).substr(i, step));
  return out + redactor.rest();
}

TEST(Redactor, FindsAValueInEveryCommonForm) {
  const std::string value = "s3cr+t/\"ä\\<key>&more";
  const Patterns patterns = patterns_of(value);
  std::vector<std::string> echoes = {value,
                                     percent_encoded(value),
                                     json_escaped(value),
                                     base64("user:" + value),
                                     base64(value),
                                     base64("x" + value + "tail"),
                                     "s3cr+t/&quot;ä\\&lt;key&gt;&amp;more",
                                     "s3cr+t\\/\\\"ä\\\\<key>&more",
                                     "s3cr%2bt%2f%22%c3%a4%5c%3ckey%3e%26more",
                                     "733363722b742f22c3a45c3c6b65793e266d6f7265",
                                     "733363722B742F22C3A45C3C6B65793E266D6F7265"};
  for (const std::string& echo : echoes) {
    const std::string text = "before s3c" + echo + " after s3cr";
    for (const std::size_t step : {1U, 2U, 7U, 1000U}) {
      const std::string out = redacted(patterns, text, step);
      EXPECT_EQ(out.size(), text.size());
      EXPECT_NE(out, text) << echo << " in steps of " << step;
      EXPECT_NE(out.find("********"), std::string::npos) << echo;
      EXPECT_TRUE(out.starts_with("before s3c")) << out;
      EXPECT_TRUE(out.ends_with(" after s3cr")) << out;
    }
  }
}

TEST(Redactor, LeavesEverythingElseAlone) {
  const std::string text = "aaaaaaaaab aabaabaab hunter hunter2hunter3 " + std::string(5'000, 'a');
  for (const std::size_t step : {1U, 3U, 4096U})
    EXPECT_EQ(redacted(patterns_of("aabaabaac"), text, step), text);
  EXPECT_TRUE(patterns_of("abc").empty()) << "three characters stand everywhere";
  EXPECT_EQ(Redactor::whole(patterns_of("hunter2h"), "hunter2hunter2hx"), std::string(15, '*') + "x")
      << "they overlap";
  EXPECT_EQ(Redactor::whole(patterns_of("abab"), "xababab"), "x******");
}

// The same as a search of the whole text, however it is cut.
TEST(Redactor, CutsDoNotMatter) {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 2'000; ++round) {
    std::string value;
    while (value.size() < 4 + random() % 5) value += static_cast<char>('a' + random() % 2);
    std::string text;
    while (text.size() < 60) text += static_cast<char>('a' + random() % 2);
    std::string expected = text;
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 1))
      expected.replace(at, value.size(), value.size(), '*');
    const Patterns raw = {std::make_shared<const Pattern>(value)};
    for (const std::size_t step : {1U, 2U, 5U, 60U}) ASSERT_EQ(redacted(raw, text, step), expected) << value;
  }
}

}  // namespace
}  // namespace mcpbox::egress
