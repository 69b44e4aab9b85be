// Mirrors egress/egress/.
#include "tests/egress/egress_world.h"

namespace mcpbox::test {
namespace {

TEST_F(EgressTest, AnApprovedHostIsFetchedOverOneKeptConnection) {
  Server server({answer("first"), answer("second")});
  open(host("api.test"));
  const Got first = fetch(request("GET", "api.test", server.port(), "/a/../b?c=%20"));
  ASSERT_FALSE(first.failed) << first.failed->text;
  EXPECT_EQ(first.head->status, 200);
  EXPECT_EQ(first.data, "first");
  const Got second = fetch(request("GET", "API.test.", server.port()));
  EXPECT_EQ(second.data, "second");
  EXPECT_EQ(dials_.size(), 1U);
  EXPECT_EQ(server.heard.substr(0, server.heard.find("\r\n")), "GET /a/../b?c=%20 HTTP/1.1");
  EXPECT_NE(server.heard.find("Host: api.test:"), std::string::npos);
  for (const char* unasked : {"User-Agent", "Accept", "Expect", "Transfer-Encoding"})
    EXPECT_EQ(server.heard.find(unasked), std::string::npos) << unasked;
}

TEST_F(EgressTest, WhatIsNotApprovedIsRefusedWithWordsAndReported) {
  open(host("api.test", 443));
  const Got got = fetch(request("GET", "nas.lan", 5000));
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kNotApproved);
  EXPECT_NE(got.failed->text.find("nas.lan:5000 is not approved for this server"), std::string::npos);
  EXPECT_NE(got.failed->text.find("mcpbox_request_network_access"), std::string::npos);
  EXPECT_EQ(fetch(request("GET", "api.test", 80)).failed->fault, FetchFault::kNotApproved);
  until([this] { return denied_.size() == 2; });
  EXPECT_EQ(denied_, (std::vector<std::string>{"nas.lan:5000", "api.test:80"}));
  EXPECT_TRUE(dials_.empty());
}

TEST_F(EgressTest, TheDialersRefusalIsTheTools) {
  open(host("api.test"));
  const std::pair<base::Why, FetchFault> cases[] = {{base::Why::kRefused, FetchFault::kAddress},
                                                    {base::Why::kNotFound, FetchFault::kName},
                                                    {base::Why::kTimeout, FetchFault::kConnectTimeout},
                                                    {base::Why::kBroken, FetchFault::kConnect}};
  for (const auto& [why, fault] : cases) {
    refuse_ = base::Error{why, "no"};
    const Got got = fetch(request("GET", "api.test", 81));
    ASSERT_TRUE(got.failed);
    EXPECT_EQ(got.failed->fault, fault);
  }
}

TEST_F(EgressTest, RequestsThatWouldSplitOrFrameAreNeverSent) {
  open(host("api.test"));
  FetchStart split = request("GET", "api.test", 80, "/ HTTP/1.1\r\nX: y");
  EXPECT_EQ(fetch(split).failed->fault, FetchFault::kInvalid);
  for (const char* name : {"Host", "Transfer-Encoding", "Connection", "Proxy-Authorization", "A\r\nB"}) {
    FetchStart start = request("GET", "api.test", 80);
    HeaderField& header = start.headers.emplace_back();
    header.name = std::string_view(name);
    header.value = std::string_view("x");
    EXPECT_EQ(fetch(start).failed->fault, FetchFault::kInvalid) << name;
  }
  EXPECT_EQ(fetch(request("CONNECT", "api.test", 80)).failed->fault, FetchFault::kInvalid);
  EXPECT_EQ(fetch(request("GET", "2130706433", 80)).failed->fault, FetchFault::kInvalid);
  EXPECT_TRUE(dials_.empty());
}

TEST_F(EgressTest, APlaceholderIsNeverSentAsIfItWereAValue) {
  open(host("api.test"));
  FetchStart in_header = request("GET", "api.test", 80);
  HeaderField& header = in_header.headers.emplace_back();
  header.name = std::string_view("Authorization");
  header.value = std::string_view("Bearer mcpbox-secret-00112233445566778899aabbccddeeff");
  EXPECT_EQ(fetch(in_header).failed->fault, FetchFault::kInvalid);
  EXPECT_EQ(fetch(request("GET", "api.test", 80, "/?k=mcpbox-secret-00")).failed->fault,
            FetchFault::kInvalid);
  Server server({answer("never")});
  FetchStart in_body = request("POST", "api.test", server.port());
  in_body.body = BodyKind::kUnsized;
  const std::uint32_t stream = in_body.stream;
  ASSERT_TRUE(child_->notify(in_body));
  for (const char* part : {"{\"k\": \"mcpbox-se", "cret-0011\"}"}) {
    FetchBody body{.stream = stream, .last = false, .data = {}};
    body.data = std::string_view(part);
    ASSERT_TRUE(child_->notify(body));
  }
  EXPECT_EQ(wait_for(stream).failed->fault, FetchFault::kInvalid);
  EXPECT_EQ(server.heard.find("0011"), std::string::npos);
}

TEST_F(EgressTest, ABodyIsStreamedAndCounted) {
  Server server({answer("ok")});
  open(host("api.test"));
  FetchStart start = request("POST", "api.test", server.port());
  start.body = BodyKind::kSized;
  start.body_bytes = 180'000;
  const std::uint32_t stream = start.stream;
  ASSERT_TRUE(child_->notify(start));
  for (int i = 0; i < 3; ++i) {
    FetchBody part{.stream = stream, .last = i == 2, .data = {}};
    part.data.assign(60'000, static_cast<char>('a' + i));
    ASSERT_TRUE(child_->notify(part));
  }
  EXPECT_EQ(wait_for(stream).data, "ok");
  EXPECT_TRUE(server.heard.ends_with("\r\n\r\n" + std::string(60'000, 'a') + std::string(60'000, 'b') +
                                     std::string(60'000, 'c')));
}

// Less than was promised leaves a server waiting; more is a second request, which no grant was asked about.
TEST_F(EgressTest, ABodyOfAnotherLengthThanPromisedFailsTheExchange) {
  open(host("api.test"));
  for (const std::uint64_t promised : {300'000U, 59'999U, 0U}) {
    Server server({answer("never")});
    FetchStart start = request("POST", "api.test", server.port());
    start.body = BodyKind::kSized;
    start.body_bytes = promised;
    const std::uint32_t stream = start.stream;
    ASSERT_TRUE(child_->notify(start));
    FetchBody part{.stream = stream, .last = true, .data = {}};
    part.data.assign(60'000, 'x');
    ASSERT_TRUE(child_->notify(part));
    const Got& got = wait_for(stream);
    ASSERT_TRUE(got.failed) << promised;
    EXPECT_EQ(got.failed->fault, FetchFault::kInvalid);
    EXPECT_NE(got.failed->text.find("Content-Length"), std::string::npos) << got.failed->text;
  }
  EXPECT_FALSE(child_gone_);
}

TEST_F(EgressTest, ASmallBodyArrivesWhole) {
  Server server({answer("ok")});
  open(host("api.test"));
  FetchStart start = request("POST", "api.test", server.port());
  start.body = BodyKind::kSized;
  start.body_bytes = 5;
  const std::uint32_t stream = start.stream;
  ASSERT_TRUE(child_->notify(start));
  FetchBody part{.stream = stream, .last = true, .data = {}};
  part.data = std::string_view("hello");
  ASSERT_TRUE(child_->notify(part));
  EXPECT_EQ(wait_for(stream).data, "ok");
  EXPECT_NE(server.heard.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(server.heard.ends_with("\r\n\r\nhello"));
}

TEST_F(EgressTest, AChildThatReadsNothingGetsNoMoreThanItsWindow) {
  Server server({answer(std::string(1 << 20, 'y'))});
  gives_room_ = false;
  open(host("api.test"));
  FetchStart start = request("GET", "api.test", server.port());
  const std::uint32_t stream = start.stream;
  ASSERT_TRUE(child_->notify(start));
  until([&] { return got_[stream].data.size() >= policy::limits::kFetchWindowBytes; });
  loop::Timer some(loop_, [this] { loop_.stop(); });
  some.start(200);
  loop_.run();
  EXPECT_LE(got_[stream].data.size(), policy::limits::kFetchWindowBytes + 64 * 1024);
  EXPECT_FALSE(got_[stream].over());
  gives_room_ = true;
  FetchRoom room{.stream = stream, .bytes = policy::limits::kFetchWindowBytes};
  ASSERT_TRUE(child_->notify(room));
  EXPECT_TRUE(wait_for(stream).ended);
  EXPECT_EQ(got_[stream].data.size(), 1U << 20);
}

TEST_F(EgressTest, ServersThatBreakHttpFailTheExchangeOnly) {
  const std::string endless(200'000, 'h');
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 400; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  const std::string cases[] = {
      "nonsense\r\n\r\nConnection: close",
      "HTTP/1.1 200 OK\r\nX: " + endless + "\r\nConnection: close\r\n\r\n",
      many + "Connection: close\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nbad",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nCONTENT-LENGTH: 2\r\nConnection: close\r\n\r\nab",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: close\r\n\r\nwhatever",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort"};
  open(host("api.test"));
  for (const std::string& one : cases) {
    Server server({one});
    const Got got = fetch(request("GET", "api.test", server.port()));
    EXPECT_TRUE(got.failed) << one.substr(0, 60);
    EXPECT_TRUE(got.head || got.data.empty()) << one.substr(0, 60);
  }
  Server good({answer("still here")});
  EXPECT_EQ(fetch(request("GET", "api.test", good.port())).data, "still here");
}

TEST_F(EgressTest, ARedirectIsAnAnswerLikeAnother) {
  Server server({"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).head->status, 302);
  EXPECT_EQ(dials_.size(), 1U);
}

TEST_F(EgressTest, NothingIsRememberedOfWhatServersAskClientsToRemember) {
  Server server({answer("first",
                        "Set-Cookie: a=b; Path=/\r\nAlt-Svc: h2=\"evil.test:443\"; ma=9999\r\n"
                        "Strict-Transport-Security: max-age=9999\r\nConnection: close\r\n"),
                 answer("second")});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "first");
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "second");
  EXPECT_EQ(server.heard.find("Cookie"), std::string::npos) << server.heard;
  const std::string place = "api.test:" + std::to_string(server.port());
  EXPECT_EQ(dials_, (std::vector<std::string>{place, place}));
}

TEST_F(EgressTest, InterimAnswersAreNotAnswers) {
  Server server({"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer("final")});
  open(host("api.test"));
  const Got got = fetch(request("GET", "api.test", server.port()));
  EXPECT_EQ(got.head->status, 200);
  EXPECT_EQ(got.data, "final");
}

TEST_F(EgressTest, CeilingsEndTheRequestsOfACall) {
  Server server({answer("1"), answer("2")});
  open(host("api.test"), 2);
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "1");
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "2");
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).failed->fault, FetchFault::kBudget);
}

TEST_F(EgressTest, MoreBytesThanACallHasFailTheExchange) {
  Server server({answer(std::string(100'000, 'z'))});
  open(host("api.test"), 10, 50'000);
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).failed->fault, FetchFault::kBudget);
}

TEST_F(EgressTest, AHostileChildLosesItsLinkAndNobodyElse) {
  open(host("api.test"));
  FetchHead not_ours{.stream = 1};
  ASSERT_TRUE(child_->notify(not_ours));
  until([this] { return child_gone_; });
  EXPECT_TRUE(child_gone_);
  child_gone_ = false;
  close();
  Server server({answer("next call")});
  open(host("api.test"));
  EXPECT_EQ(fetch(request("GET", "api.test", server.port())).data, "next call");
}

TEST_F(EgressTest, TheEndOfTheGrantIsTheEndOfTheChildsSocket) {
  open(host("api.test"));
  close();
  until([this] { return child_gone_; });
  EXPECT_TRUE(child_gone_);
  EXPECT_EQ(service_->grants(), 0U);
}

TEST_F(EgressTest, TheEndOfTheGrantTellsWhatTheCallDid) {
  Server server({answer("1"), answer("2", "Connection: close\r\n"), answer("3")});
  open(host("api.test"));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(fetch(request("GET", "api.test", server.port())).failed);
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(fetch(request("GET", "evil.test", 80)).failed);
  EXPECT_TRUE(fetch(request("GET", "api.test", server.port(), "/mcpbox-secret-1")).failed);
  EXPECT_TRUE(fetch(request("G T", "api.test", server.port())).failed) << "a mistake, and no refusal";
  refuse_ = base::Error{base::Why::kRefused, "the host leads to a private address"};
  EXPECT_EQ(fetch(request("GET", "api.test", 80)).failed->fault, FetchFault::kAddress);
  until([this] { return denied_.back() == "api.test:80"; });
  const std::size_t told = denied_.size();
  refuse_ = base::Error{base::Why::kInvalid, "the host leads to a loopback address"};
  EXPECT_EQ(fetch(request("GET", "api.test", 80)).failed->fault, FetchFault::kAddress);
  refuse_ = base::Error{base::Why::kTimeout, "nobody accepted in time"};
  EXPECT_TRUE(fetch(request("GET", "api.test", 80)).failed) << "neither sent nor refused";
  const NetworkUse use = close();
  EXPECT_EQ(denied_.size(), told) << "what nobody could approve is counted, and nothing to tell a person";
  EXPECT_EQ(use.requests, 3U);
  EXPECT_EQ(use.denied, 43U) << "beyond those that are reported one by one, too";
  EXPECT_EQ(close().requests, 0U) << "a grant that is not there did nothing";
}

TEST_F(EgressTest, WhereNobodyCanApproveAnythingTheWordsSaySo) {
  open(host("api.test"));
  for (const char* never : {"169.254.169.254", "127.0.0.1", "::1", "localhost"}) {
    const Got got = fetch(request("GET", never, 80));
    ASSERT_TRUE(got.failed) << never;
    EXPECT_EQ(got.failed->fault, FetchFault::kNotApproved);
    EXPECT_TRUE(got.failed->text.ends_with("no tool ever connects there, whoever approves it"))
        << std::string(got.failed->text);
  }
  EXPECT_TRUE(fetch(request("GET", "10.0.0.1", 80)).failed->text.contains("mcpbox_request_network_access"));
}

TEST_F(EgressTest, ACallThatIsRefusedWithoutEndIsNotReportedWithoutEnd) {
  open(host("api.test"));
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(fetch(request("GET", "evil.test", 80)).failed);
  EXPECT_EQ(close().denied, 300U);
  EXPECT_EQ(denied_.size(), 256U);
}

TEST_F(EgressTest, WithoutADialerTheWordsSaySo) {
  dialer_.reset();
  open(host("api.test"));
  const Got got = fetch(request("GET", "api.test", 80));
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kConnect);
}

}  // namespace
}  // namespace mcpbox::test
