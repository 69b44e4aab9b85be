// Bytes on a connection to the real HTTP server: it answers or closes, and forgets the connection either way.
#include <event2/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/guard.h"
#include "privsep/http/http.h"
#include "tests/fuzz/require.h"

namespace {

using namespace mcpbox;
using fuzz::require;

struct Server {
  loop::Loop loop;
  sockaddr_un address{};
  socklen_t length = 0;
  std::unique_ptr<http::HttpServer> server;

  Server() {
    address.sun_family = AF_UNIX;
    const std::string name = "mcpbox-fuzz-" + std::to_string(::getpid());  // abstract: no file is left
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    base::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    require(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    require(::listen(listener.get(), 8) == 0);
    server = std::make_unique<http::HttpServer>(
        loop, http::HttpLimits{},
        [](int status, std::string_view message) { return std::to_string(status) + std::string(message); },
        [](std::shared_ptr<http::Exchange> exchange) { answer(*exchange); });
    server->add_listener(std::move(listener));
    server->open();
  }

  // Every way of answering, by the path's length.
  static void answer(http::Exchange& exchange) {
    static const gateway::HostRules hosts({"127.0.0.1:8000"});
    const auto passed = gateway::check_head(exchange.head(), hosts);
    if (exchange.head().path.size() % 3 == 0) {
      exchange.begin_stream({});
      exchange.send("data: {}\n\n");
      return exchange.end_stream();
    }
    exchange.reply({.status = passed ? 200 : passed.error().status, .body = exchange.take_body()});
  }

  void turn() { event_base_loop(loop.raw(), EVLOOP_NONBLOCK); }
};

// True when the server closed.
bool drain(int client) {
  std::array<char, 65536> bytes{};
  for (;;) {
    const ssize_t got = ::recv(client, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return got == 0;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server s;
  base::Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  require(::connect(client.get(), reinterpret_cast<const sockaddr*>(&s.address), s.length) == 0);
  std::size_t sent = 0;
  bool closed = false;
  for (int turns = 0; turns < 500 && !closed; ++turns) {
    const ssize_t wrote =
        sent < size ? ::send(client.get(), data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (wrote > 0) sent += static_cast<std::size_t>(wrote);
    if (sent == size) ::shutdown(client.get(), SHUT_WR);
    s.turn();
    closed = drain(client.get());
  }
  // Our handler answers at once, so an answer under way is one that the client has not taken yet.
  require(s.server->answering() <= s.server->connections());
  client.reset();
  for (int turns = 0; turns < 500 && s.server->connections() > 0; ++turns) s.turn();
  require(s.server->connections() == 0);
  return 0;
}
