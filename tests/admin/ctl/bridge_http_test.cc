// Mirrors admin/ctl/bridge_http.cc.
#include "admin/ctl/bridge_http.h"

#include <gmock/gmock.h>

#include "policy/limits.h"

namespace mcpbox::ctl {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kJson =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\nmcp-session-id: "
    "s1\r\n\r\n{\"a\":1}";
constexpr std::string_view kEvents =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "20\r\n: open\n\nevent: message\ndata: {\"b\r\n6\r\n\":2}\n\n\r\n10;x=y\r\ndata: 3\r\ndata: "
    "4\r\n1\r\n\n\r\n1\r\n\n\r\n0\r\nX: y\r\n\r\n";

// Fed in pieces of so many bytes.
struct Read {
  ResponseReader reader;
  std::vector<std::string> messages;
  bool good = true;
  Read(std::string_view bytes, std::size_t piece) {
    while (!bytes.empty() && good) {
      good = reader.feed(bytes.substr(0, piece));
      for (std::string& message : reader.take()) messages.push_back(std::move(message));
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
};

TEST(HttpRequest, HasOneHeadAndTheBody) {
  const std::string request = http_request("POST /mcp", {{"Mcp-Method", "ping"}}, "{}");
  EXPECT_THAT(request, HasSubstr("POST /mcp HTTP/1.1\r\nHost: mcp.sock\r\n"));
  EXPECT_THAT(request, HasSubstr("Mcp-Method: ping\r\n"));
  EXPECT_THAT(request, EndsWith("Content-Length: 2\r\n\r\n{}"));
  EXPECT_THAT(http_request("GET /mcp", {}, ""), EndsWith("text/event-stream\r\n\r\n"));
}

TEST(ResponseReader, ReadsAJsonBodyHoweverItArrives) {
  for (std::size_t piece = 1; piece <= kJson.size(); ++piece) {
    const Read read(kJson, piece);
    EXPECT_TRUE(read.good && read.reader.complete());
    EXPECT_EQ(read.reader.status(), 200);
    EXPECT_EQ(read.reader.session(), "s1");
    EXPECT_THAT(read.messages, ElementsAre("{\"a\":1}"));
  }
}

TEST(ResponseReader, ReadsEventsHoweverTheyArrive) {
  for (std::size_t piece = 1; piece <= kEvents.size(); ++piece) {
    const Read read(kEvents, piece);
    EXPECT_TRUE(read.good && read.reader.complete()) << piece;
    EXPECT_THAT(read.messages, ElementsAre("{\"b\":2}", "3 4")) << piece;
  }
}

TEST(ResponseReader, EveryTruncatedAnswerIsIncomplete) {
  for (std::size_t length = 0; length < kJson.size(); ++length) {
    Read read(kJson.substr(0, length), 64);
    read.reader.end();
    EXPECT_TRUE(read.good);
    EXPECT_FALSE(read.reader.complete()) << length;
    EXPECT_THAT(read.messages, IsEmpty());
  }
}

TEST(ResponseReader, ABodyWithoutALengthEndsWithItsConnection) {
  Read read("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n{}", 64);
  EXPECT_FALSE(read.reader.complete());
  read.reader.end();
  EXPECT_TRUE(read.reader.complete());
  EXPECT_THAT(read.reader.take(), ElementsAre("{}"));
}

TEST(ResponseReader, WhatIsNoAnswerIsRefused) {
  for (const char* bad :
       {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"})
    EXPECT_FALSE(Read(bad, 1024).good) << bad;
}

TEST(ResponseReader, NothingThatNeverEndsIsKeptForEver) {
  EXPECT_FALSE(Read("HTTP/1.1 200 OK\r\nX: " + std::string(policy::limits::kHeaderBytes, 'x'), 4096).good);
  std::string stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ";
  stream.append(5 * policy::limits::kOutcomeJsonBytes, 'x');
  EXPECT_FALSE(Read(stream, 65'536).good);
}

}  // namespace
}  // namespace mcpbox::ctl
