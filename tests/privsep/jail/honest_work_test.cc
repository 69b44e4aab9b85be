// The filters against the libraries they are meant for: evhttp under the gateway's, Argon2id under the
// password's.
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string>

#include "policy/syscall_tables.h"
#include "privsep/base/fd.h"
#include "privsep/jail/identity.h"
#include "privsep/jail/rlimits.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox {
namespace {

bool confined(const policy::SyscallTable& table, std::span<const policy::ResourceLimit> limits) {
  return jail::enter_limits(limits) && jail::forbid_new_privileges() && jail::forbid_dump() &&
         jail::forbid_new_code() && jail::enter_seccomp(table);
}

base::Fd listener(std::uint16_t& port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket.get(), generic, size), 0);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  EXPECT_EQ(::getsockname(socket.get(), generic, &size), 0);
  port = ntohs(address.sin_port);
  return socket;
}

void answer(evhttp_request* request, void* /*context*/) {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::localtime_r(&now, &parts);  // wants /etc/localtime
  const std::string body(500'000, 'x');
  evbuffer_add(evhttp_request_get_output_buffer(request), body.data(), body.size());
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

[[noreturn]] void serve(int listening) {
  event_base* base = event_base_new();
  evhttp* http = evhttp_new(base);
  evhttp_set_gencb(http, answer, nullptr);
  evhttp_set_timeout(http, 5);
  event* stop = evsignal_new(
      base, SIGTERM,
      [](evutil_socket_t, short, void* loop) { event_base_loopbreak(static_cast<event_base*>(loop)); }, base);
  event_add(stop, nullptr);
  if (evhttp_accept_socket(http, listening) != 0) ::_exit(2);
  if (!confined(policy::kGatewayCalls, policy::kGatewayLimits)) ::_exit(3);
  event_base_dispatch(base);
  event_free(stop);
  evhttp_free(http);
  event_base_free(base);
  ::_exit(0);
}

std::size_t bytes_answered_to(const std::string& request, std::uint16_t port) {
  const base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::size_t total = 0;
  char some[65536];
  for (ssize_t got = 1; got > 0; total += static_cast<std::size_t>(std::max<ssize_t>(got, 0)))
    got = ::recv(socket.get(), some, sizeof some, 0);
  return total;
}

TEST(TheGatewaysFilter, LetsEvhttpServe) {
  std::uint16_t port = 0;
  const base::Fd listening = listener(port);
  ASSERT_TRUE(static_cast<bool>(listening));
  const pid_t server = ::fork();
  if (server == 0) serve(listening.get());

  const std::string end = "Connection: close\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 20; ++i) EXPECT_GT(bytes_answered_to("GET / HTTP/1.1\r\n" + end, port), 500'000u);
  const std::string body(200'000, 'y');
  const std::string post = "POST / HTTP/1.1\r\nContent-Length: 200000\r\n" + end + body;
  EXPECT_GT(bytes_answered_to(post, port), 500'000u);
  EXPECT_GT(bytes_answered_to("nonsense\r\n\r\n", port), 0u);

  ::kill(server, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(server, &status, 0), server);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

int status_of_child(void (*work)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(ThePasswordsFilter, LetsArgon2idWork) {
  const int status = status_of_child([] {
    if (sodium_init() < 0 || !confined(policy::kPasswordCalls, policy::kPasswordLimits)) ::_exit(3);
    auto* password = static_cast<char*>(sodium_malloc(9));
    if (password == nullptr) ::_exit(4);
    memcpy(password, "correct8", 9);
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(hash, password, 8, 1, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) ::_exit(5);
    if (crypto_pwhash_str_verify(hash, password, 8) != 0) ::_exit(6);
    sodium_free(password);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "wait status " << status;
}

// An invariant of ours that breaks is SIGABRT, and must not look like a violation of the filter.
TEST(EveryDaemonsFilter, LetsAPanicBeAPanic) {
  const int gateway =
      status_of_child([] { confined(policy::kGatewayCalls, {}) ? std::abort() : ::_exit(3); });
  const int password =
      status_of_child([] { confined(policy::kPasswordCalls, {}) ? std::abort() : ::_exit(3); });
  const int monitor =
      status_of_child([] { confined(policy::kMonitorCalls, {}) ? std::abort() : ::_exit(3); });
  const int zygote = status_of_child([] { confined(policy::kZygoteCalls, {}) ? std::abort() : ::_exit(3); });
  for (const int status : {gateway, password, monitor, zygote})
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << "wait status " << status;
}

}  // namespace
}  // namespace mcpbox
