// Mirrors egress/egress/secrets.cc: values on their way to a host of the local network, which here is an
// address of the private class on the loopback device of a network namespace of the test's own.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>

#include "egress/egress/encodings.h"
#include "tests/egress/egress_world.h"

namespace mcpbox::test {
namespace {

using policy::SecretPlace;

constexpr std::uint32_t kLan = 0xC0A84D01;  // 192.168.77.1
const std::string kPlaceholder = "mcpbox-secret-00112233445566778899aabbccddeeff";
const std::string kValue = "hunter2/hunter2+";

bool set_address(int socket, const char* device, std::uint32_t to) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(to);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  return ::ioctl(socket, SIOCSIFADDR, &request) == 0;
}

class SecretsTest : public EgressTest {
 protected:
  static void SetUpTestSuite() {
    const int spaces = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
    ASSERT_EQ(::unshare(spaces), 0) << std::strerror(errno);
    const base::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(set_address(socket.get(), "lo", INADDR_LOOPBACK)) << std::strerror(errno);
    ASSERT_TRUE(set_address(socket.get(), "lo:lan", kLan)) << std::strerror(errno);
    ifreq up{};
    std::strncpy(up.ifr_name, "lo", IFNAMSIZ - 1);
    up.ifr_flags = IFF_UP | IFF_RUNNING;
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &up), 0) << std::strerror(errno);
  }
  SecretsTest() { leads_to_ = kLan; }

  void bind_secret(SecretPlace place, const char* name, const char* form, const char* host = "nas.lan") {
    secrets_[kPlaceholder] = {
        .host = host,
        .value = {
            .place = place, .name = std::string_view(name), .form = std::string_view(form), .value = kValue}};
  }
  FetchStart with_header(FetchStart start, const std::string& name, const std::string& value) {
    HeaderField& header = start.headers.emplace_back();
    header.name = name;
    header.value = value;
    return start;
  }
  Got post(FetchStart start, const std::string& type, const std::string& body) {
    start.body = BodyKind::kSized;
    start.body_bytes = body.size();
    start = with_header(std::move(start), "Content-Type", type);
    const std::uint32_t stream = start.stream;
    EXPECT_TRUE(child_->notify(start));
    for (std::size_t at = 0; at < body.size(); at += 11) {
      FetchBody part{.stream = stream, .last = at + 11 >= body.size(), .data = {}};
      part.data = std::string_view(body).substr(at, 11);
      EXPECT_TRUE(child_->notify(part));
    }
    return wait_for(stream);
  }
};

TEST_F(SecretsTest, AHeaderIsFilledInAndTheValueIsTakenOutOfTheAnswer) {
  const std::string echo = "you sent Bearer " + kValue + ", base64 " + egress::base64("x:" + kValue) +
                           ", url " + egress::percent_encoded(kValue) + ".";
  Server server({answer(echo, "X-Echo: " + kValue + "\r\n"), answer("second " + kValue)});
  bind_secret(SecretPlace::kHeader, "Authorization", "Bearer {}");
  open(host("nas.lan", server.port()));
  FetchStart start =
      with_header(request("GET", "nas.lan", server.port()), "authorization", "Bearer " + kPlaceholder);
  start = with_header(with_header(std::move(start), "Accept-Encoding", "gzip"), "Range", "bytes=0-3");
  const Got got = fetch(std::move(start));
  ASSERT_FALSE(got.failed) << got.failed->text;
  EXPECT_NE(server.heard.find("authorization: Bearer " + kValue + "\r\n"), std::string::npos) << server.heard;
  EXPECT_NE(server.heard.find("Accept-Encoding: identity\r\n"), std::string::npos);
  for (const char* not_sent : {"gzip", "Range", "mcpbox-secret"})
    EXPECT_EQ(server.heard.find(not_sent), std::string::npos) << not_sent;
  EXPECT_EQ(got.data.size(), echo.size());
  EXPECT_EQ(got.data.find("hunter2"), std::string::npos) << got.data;
  EXPECT_EQ(got.data.find(egress::base64("x:" + kValue)), std::string::npos) << got.data;
  for (const HeaderField& header : got.head->headers)
    EXPECT_EQ(header.value.find("hunter2"), std::string::npos) << header.name;
  const Got second = fetch(request("GET", "nas.lan", server.port()));
  EXPECT_EQ(second.data, "second " + std::string(kValue.size(), '*')) << "also in answers to others";
  EXPECT_EQ(reads_, 1);
}

TEST_F(SecretsTest, BodiesAndCredentialsAreComposedHere) {
  Server server({answer("1"), answer("2"), answer("3"), answer("4"), answer("5")});
  open(host("nas.lan", server.port()));
  bind_secret(SecretPlace::kJson, "token", "");
  EXPECT_EQ(post(request("POST", "nas.lan", server.port()), "application/json",
                 R"({"token":")" + kPlaceholder + R"(","n":1})")
                .data,
            "1");
  const std::string body = R"({"token":"hunter2/hunter2+","n":1})";
  EXPECT_TRUE(server.heard.ends_with("\r\n\r\n" + body)) << server.heard;
  EXPECT_NE(server.heard.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
  EXPECT_EQ(post(request("POST", "nas.lan", server.port()), "application/json", R"({"plain": "body"})").data,
            "2");
  EXPECT_TRUE(server.heard.ends_with("\r\n\r\n{\"plain\": \"body\"}"));
  EXPECT_EQ(reads_, 1) << "what holds no placeholder asks for nothing";
}

TEST_F(SecretsTest, EveryPlaceHasItsOwnEncoding) {
  struct Place {
    SecretPlace place;
    const char* name;
    const char* form;
    std::string header, target, expected;
  };
  const Place places[] = {
      {SecretPlace::kBasic, "", "bob:{}", "Basic " + egress::base64("bob:" + kPlaceholder), "/",
       "Authorization: Basic " + egress::base64("bob:" + kValue) + "\r\n"},
      {SecretPlace::kQuery, "key", "", "", "/q?key=" + kPlaceholder,
       "GET /q?key=hunter2%2Fhunter2%2B HTTP/1.1"},
      {SecretPlace::kPath, "", "", "", "/bot" + kPlaceholder + "/me",
       "GET /bothunter2%2Fhunter2%2B/me HTTP/1.1"}};
  for (const Place& one : places) {
    Server server({answer("ok")});
    open(host("nas.lan", server.port()));
    bind_secret(one.place, one.name, one.form);
    FetchStart start = request("GET", "nas.lan", server.port(), one.target.c_str());
    if (!one.header.empty()) start = with_header(std::move(start), "Authorization", one.header);
    const Got got = fetch(std::move(start));
    EXPECT_EQ(got.data, "ok") << (got.failed ? std::string(got.failed->text) : "");
    EXPECT_NE(server.heard.find(one.expected), std::string::npos) << server.heard;
    child_.reset();
    close();
  }
}

TEST_F(SecretsTest, WithoutTlsAValueGoesToPrivateAddressesOnly) {
  Server server({answer("public"), answer("never")});
  bind_secret(SecretPlace::kHeader, "X-Key", "{}");
  open(host("nas.lan", server.port()));
  leads_to_ = INADDR_LOOPBACK;  // no address of the private class
  const auto keyed = [&] {
    return with_header(request("GET", "nas.lan", server.port()), "X-Key", kPlaceholder);
  };
  Got got = fetch(keyed());
  ASSERT_TRUE(got.failed);
  EXPECT_EQ(got.failed->fault, FetchFault::kInvalid);
  EXPECT_NE(got.failed->text.find("https://"), std::string::npos) << got.failed->text;
  EXPECT_EQ(fetch(request("GET", "nas.lan", server.port())).data, "public");
  // The kept connection leads there, too.
  got = fetch(keyed());
  EXPECT_TRUE(got.failed);
  EXPECT_EQ(server.heard.find("hunter2"), std::string::npos);
}

// Two requests at once to a name that leads to two addresses: what counts is the connection that is used.
TEST_F(SecretsTest, AConnectionThatAnotherRequestMadeMeanwhileIsLookedAtToo) {
  Server server({answer("public"), answer("never")});
  bind_secret(SecretPlace::kHeader, "X-Key", "{}");
  open(host("nas.lan", server.port()));
  holds_dials_ = true;
  FetchStart plain = request("GET", "nas.lan", server.port());
  const std::uint32_t first = plain.stream;
  FetchStart keyed = with_header(request("GET", "nas.lan", server.port()), "X-Key", kPlaceholder);
  const std::uint32_t second = keyed.stream;
  ASSERT_TRUE(child_->notify(plain));
  ASSERT_TRUE(child_->notify(keyed));
  until([this] { return held_.size() == 2; });
  leads_to_ = INADDR_LOOPBACK;  // no address of the private class
  let_one_go();
  EXPECT_EQ(wait_for(first).data, "public");
  leads_to_ = kLan;
  let_one_go();
  ASSERT_TRUE(wait_for(second).failed) << "it went over the kept connection";
  EXPECT_EQ(got_[second].failed->fault, FetchFault::kInvalid);
  EXPECT_NE(got_[second].failed->text.find("https://"), std::string::npos) << got_[second].failed->text;
  EXPECT_EQ(server.heard.find("hunter2"), std::string::npos);
}

TEST_F(SecretsTest, APlaceholderAnywhereElseIsReportedAndNothingIsSent) {
  Server server({answer("never")});
  bind_secret(SecretPlace::kHeader, "X-Key", "{}");
  GrantedHosts hosts = host("nas.lan", server.port());
  GrantedHost& evil = hosts.emplace_back();
  evil.host = std::string_view("evil.example");
  open(std::move(hosts));
  const std::uint16_t port = server.port();
  const FetchStart wrong[] = {
      with_header(request("GET", "evil.example", port), "X-Key", kPlaceholder),
      with_header(request("GET", "nas.lan", port), "X-Other", kPlaceholder),
      with_header(request("GET", "nas.lan", port), "X-Key", "prefix " + kPlaceholder),
      with_header(request("GET", "nas.lan", port), "Authorization",
                  "Basic " + egress::base64("u:" + kPlaceholder)),
      with_header(with_header(request("GET", "nas.lan", port), "X-Key", kPlaceholder), "X-Again",
                  kPlaceholder),
      request("GET", "nas.lan", port, ("/?k=" + kPlaceholder).c_str()),
      request("GET", "nas.lan", port, ("/?k=%6D" + kPlaceholder.substr(1)).c_str()),
      with_header(request("GET", "nas.lan", port), "X-Key", "mcpbox-secret-ffffffffffffffffffffffffffffffff"),
  };
  for (const FetchStart& one : wrong) {
    const Got got = fetch(one);
    ASSERT_TRUE(got.failed);
    EXPECT_EQ(got.failed->fault, FetchFault::kInvalid);
    EXPECT_NE(got.failed->text.find("is not sent"), std::string::npos) << got.failed->text;
    EXPECT_EQ(got.failed->text.find("hunter2"), std::string::npos);
  }
  EXPECT_TRUE(
      post(request("POST", "nas.lan", port), "application/json", "{\"a\":\"" + kPlaceholder + "\"}").failed);
  EXPECT_TRUE(post(request("POST", "nas.lan", port), "text/plain", "a " + kPlaceholder).failed);
  until([&] { return std::ranges::count(denied_, "secret to nas.lan:" + std::to_string(port)) >= 9; });
  EXPECT_EQ(std::ranges::count(denied_, "secret to evil.example:" + std::to_string(port)), 0)
      << "what the monitor refused, it knows";
  EXPECT_EQ(server.heard.find("hunter2"), std::string::npos);
  EXPECT_EQ(server.heard.find("mcpbox-secret"), std::string::npos);
}

TEST_F(SecretsTest, AStolenDialerGetsNoSecretAndCostsConnectionsOnly) {
  bind_secret(SecretPlace::kHeader, "X-Key", "{}");
  Server server({answer("still here"), answer("and again")});
  open(host("nas.lan", server.port()));
  const auto keyed = [&] {
    return with_header(request("GET", "nas.lan", server.port()), "X-Key", kPlaceholder);
  };
  // Its own end of a pair: no address of the local network, whatever the dialer says.
  std::array<base::Fd, 2> ends = pair();
  forged_ = [&ends] { return std::move(ends[0]); };
  EXPECT_TRUE(fetch(keyed()).failed);
  std::array<char, 64> bytes{};
  EXPECT_LE(::recv(ends[1].get(), bytes.data(), bytes.size(), MSG_DONTWAIT), 0) << "it was sent something";
  // Things that are no connection at all.
  forged_ = [] { return base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); };
  EXPECT_TRUE(fetch(keyed()).failed);
  EXPECT_TRUE(fetch(request("GET", "nas.lan", server.port())).failed);
  forged_ = [] { return base::Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)); };
  EXPECT_TRUE(fetch(keyed()).failed);
  EXPECT_TRUE(fetch(request("GET", "nas.lan", server.port())).failed);
  forged_ = nullptr;
  EXPECT_EQ(server.heard, "");
  EXPECT_EQ(fetch(request("GET", "nas.lan", server.port())).data, "still here");
  // It asks for something, which no dialer does.
  FetchStop stop{.stream = 1};
  ASSERT_TRUE(dialer_->notify(stop));
  until([&] { return !dialer_->open(); });
  EXPECT_EQ(fetch(request("GET", "nas.lan", server.port())).data, "and again") << "over the kept connection";
  EXPECT_EQ(fetch(request("GET", "nas.lan", 81)).failed->fault, FetchFault::kNotApproved);
}

TEST_F(SecretsTest, ACallThatEndsWhileAValueIsReadEndsQuietly) {
  late_ = true;
  bind_secret(SecretPlace::kHeader, "X-Key", "{}");
  open(host("nas.lan", 80));
  FetchStart start = with_header(request("GET", "nas.lan", 80), "X-Key", kPlaceholder);
  FetchStop stop{.stream = start.stream};
  ASSERT_TRUE(child_->notify(start));
  until([this] { return reads_ == 1; });
  ASSERT_TRUE(child_->notify(stop));
  close();
  until([this] { return child_gone_; });
  EXPECT_EQ(service_->grants(), 0U);
  EXPECT_TRUE(dials_.empty());
}

}  // namespace
}  // namespace mcpbox::test
