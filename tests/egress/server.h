// A server of HTTP/1.1 that answers as it was told to, and dies where it was told to.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "privsep/base/fd.h"

namespace mcpbox::test {

// Instead of an answer: the connection is closed when the request has been read, or right after the answer
// before this; or nothing is read any more.
inline constexpr const char* kHangsUp = "hangs up";
inline constexpr const char* kDiesIdle = "dies idle";
inline constexpr const char* kStalls = "stalls";

// A server of one connection at a time: answers each request head (and body of Content-Length) with the next
// text.  An empty text is no answer: the connection stays open until the server goes.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 128) != 0 ||
        ::getsockname(listener_.get(), raw, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    const int client = client_.load();
    if (client >= 0) ::shutdown(client, SHUT_RDWR);  // whoever kept the connection open
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Everything that it was sent; ask after the exchange.
  std::string heard;
  int connections = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> hang_ups = 0;

 private:
  void serve() {
    for (auto answer = answers_.begin(); answer != answers_.end();) {
      base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      ++connections;
      client_ = client.get();
      while (!ending_ && answer != answers_.end() && read_request(client.get())) {
        const std::string text = *answer;
        if (text.empty()) continue;
        ++answer;
        if (text == kHangsUp) break;
        while (text == kStalls && !ending_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (ending_) return;
        ++answered;
        if (::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
        if (text.find("Connection: close") != std::string::npos) break;
        if (answer != answers_.end() && *answer == kDiesIdle) {
          ++answer;
          break;
        }
      }
      client_ = -1;
      if (ending_) return;
      client.reset();
      ++hang_ups;
    }
  }
  bool read_request(int client) {
    std::string request;
    std::array<char, 4096> some{};
    std::size_t wanted = 0;
    while (wanted == 0 || request.size() < wanted) {
      const ssize_t got = ::recv(client, some.data(), some.size(), 0);
      if (got <= 0) return false;
      request.append(some.data(), static_cast<std::size_t>(got));
      const std::size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = request.find("Content-Length: ");
      wanted = end + 4 + (length < end ? std::stoul(request.substr(length + 16)) : 0);
    }
    heard += request;
    return true;
  }

  std::vector<std::string> answers_;
  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> client_ = -1;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace mcpbox::test
