// The header against the vectors, then against whoever writes it by hand.
#include "gateway/assertion_header.h"

#include <gtest/gtest.h>

#include "privsep/http/base64.h"
#include "tests/support/assertion_vectors.h"

namespace mcpbox::gateway {
namespace {

using Vector = std::map<std::string, std::string>;

std::vector<Vector> cases() {
  std::vector<Vector> all = test::assertion_vectors(ASSERTION_VECTORS);
  all.erase(all.begin());
  return all;
}

RequestHead head_of(const Vector& vector) {
  RequestHead head{.method = vector.at("method") == "GET" ? Method::kGet : Method::kPost,
                   .path = vector.at("path"),
                   .query = vector.at("query")};
  head.headers.add("X-MCPbox-Assertion", vector.at("header"));
  head.headers.add("X-MCPbox-Service-Token", "token");
  return head;
}

std::string text_of_header(const Vector& vector) {
  const std::string& header = vector.at("header");
  return http::base64_decode(header.substr(0, header.find('.')), http::Alphabet::kUrl).value();
}

// The first vector with another text under the same signature.
bool reads(const std::string& text, const std::string& tail = "") {
  const Vector vector = cases()[0];
  RequestHead head{.method = Method::kPost, .path = "/mcp"};
  const std::string signature = vector.at("header").substr(vector.at("header").find('.'));
  head.headers.add("X-MCPbox-Assertion", http::base64_encode(text, http::Alphabet::kUrl) + signature + tail);
  head.headers.add("X-MCPbox-Service-Token", "token");
  return read_assertion(head, "").has_value();
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(AssertionHeader, TheWorkersAssertionsAreReadAsTheyWereWritten) {
  ASSERT_EQ(cases().size(), 3u);
  for (const Vector& vector : cases()) {
    const auto q = read_assertion(head_of(vector), vector.at("body"));
    ASSERT_TRUE(q) << vector.at("case") << ": " << q.error();
    EXPECT_EQ(q->key_id, vector.at("key-id"));
    EXPECT_EQ(q->issuer, vector.at("issuer"));
    EXPECT_EQ(q->audience, vector.at("audience"));
    EXPECT_EQ(std::to_string(q->issued_at), vector.at("issued-at"));
    EXPECT_EQ(q->expires_at, q->issued_at + 60);
    EXPECT_EQ(q->rpc_method, vector.at("rpc-method"));
    EXPECT_EQ(q->rpc_name, vector.at("rpc-name"));
    EXPECT_EQ(q->subject, vector.at("subject"));
    EXPECT_EQ(q->email, vector.at("email"));
    EXPECT_EQ(q->client_id, vector.at("client-id"));
    EXPECT_EQ(q->scope, vector.at("scope"));
    EXPECT_EQ(q->service_token, "token");
    EXPECT_EQ(q->body, vector.at("body"));
  }
}

TEST(AssertionHeader, WhatWasSignedForAnotherRequestIsNotAsked) {
  const Vector vector = cases()[1];
  for (const auto change :
       {+[](RequestHead& h) { h.method = Method::kDelete; }, +[](RequestHead& h) { h.path = "/mcp"; },
        +[](RequestHead& h) { h.query = "a=1"; }, +[](RequestHead& h) { h.query += "&"; }}) {
    RequestHead head = head_of(vector);
    change(head);
    EXPECT_FALSE(read_assertion(head, ""));
  }
}

TEST(AssertionHeader, AHeaderOfAnotherFormIsNotAsked) {
  const std::string good = text_of_header(cases()[0]);
  EXPECT_TRUE(reads(good));
  EXPECT_FALSE(reads(good + "\n"));
  EXPECT_FALSE(reads(good + "\nmore"));
  EXPECT_FALSE(reads(good.substr(0, good.rfind('\n'))));
  EXPECT_FALSE(reads(""));
  EXPECT_FALSE(reads(replaced(good, "-v1", "-v2")));
  EXPECT_FALSE(reads(replaced(good, "1790000000", "01790000000")));
  EXPECT_FALSE(reads(replaced(good, "1790000000", "+1790000000")));
  EXPECT_FALSE(reads(replaced(good, "1790000000", "99999999999999999999")));
  EXPECT_FALSE(reads(replaced(good, "1790000000", "")));
  EXPECT_FALSE(reads(replaced(good, "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0OD")));
  EXPECT_FALSE(reads(replaced(good, "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODw==")));
  EXPECT_FALSE(reads(replaced(good, "ada@", "\xff@")));
  EXPECT_FALSE(reads(replaced(good, "ada@", std::string("\0@", 2))));
  EXPECT_FALSE(reads(replaced(good, "ada@", std::string(300, 'a') + "@")));
}

TEST(AssertionHeader, OneThatIsCutLengthenedOrMissingIsNotAsked) {
  const Vector vector = cases()[0];
  const std::string& good = vector.at("header");
  for (const std::string& header :
       {std::string(), good.substr(0, good.size() - 1), good + "A", good + ".", good + "." + good, "." + good,
        good.substr(good.find('.')), good.substr(0, good.find('.') + 1), " " + good + "=",
        std::string(20'000, 'A')}) {
    RequestHead head{.method = Method::kPost, .path = "/mcp"};
    head.headers.add("X-MCPbox-Assertion", header);
    head.headers.add("X-MCPbox-Service-Token", "token");
    EXPECT_FALSE(read_assertion(head, vector.at("body"))) << header.substr(0, 40);
  }
  RequestHead bare{.method = Method::kPost, .path = "/mcp"};
  bare.headers.add("X-MCPbox-Service-Token", "token");
  EXPECT_FALSE(read_assertion(bare, "")) << "the service token alone";
  RequestHead silent{.method = Method::kPost, .path = "/mcp"};
  silent.headers.add("X-MCPbox-Assertion", good);
  EXPECT_FALSE(read_assertion(silent, "")) << "without the service token";
}

}  // namespace
}  // namespace mcpbox::gateway
