// A client that sends exactly the bytes it is told to, and reads one answer at a time.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "privsep/base/fd.h"
#include "privsep/http/headers.h"
#include "privsep/http/json.h"

namespace mcpbox::test {

inline constexpr int kPatienceSeconds = 40;  // for bytes that must come; a failure, not a measurement

struct Answer {
  int status = 0;  // 0: the connection ended without one
  std::map<std::string, std::string> headers;
  std::string body;

  [[nodiscard]] http::Json json() const { return http::parse_value(body); }
  [[nodiscard]] int code() const {
    const http::Json root = json();
    return static_cast<int>(
        json_integer_value(json_object_get(json_object_get(root.get(), "error"), "code")));
  }
  // The member of `result` with this name as compact text; empty when there is none.
  [[nodiscard]] std::string result(const char* name) const {
    const http::Json root = json();
    const json_t* value = json_object_get(json_object_get(root.get(), "result"), name);
    return value == nullptr ? "" : http::compact(value);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{kPatienceSeconds, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  [[nodiscard]] std::uint16_t local_port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
  }

  // False when the peer does not take it all.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void hang_up() { socket_.reset(); }
  void half_close() { ::shutdown(socket_.get(), SHUT_WR); }

  // True when bytes (or the end) came within the time.
  [[nodiscard]] bool readable_within(int milliseconds) const {
    pollfd wait{socket_.get(), POLLIN, 0};
    return ::poll(&wait, 1, milliseconds) == 1;
  }
  // Reads until `text` has come; what came before it, `text` included.  Empty at the end of the connection.
  std::string read_until(std::string_view text) {
    std::size_t found = std::string::npos;
    while ((found = held_.find(text)) == std::string::npos)
      if (!more()) return {};
    std::string out = held_.substr(0, found + text.size());
    held_.erase(0, out.size());
    return out;
  }
  std::string read_all() {
    while (more()) {
    }
    return std::exchange(held_, {});
  }
  // True when the peer closes, whatever comes before.
  bool ends() {
    read_all();
    return closed_;
  }

  Answer answer() {
    Answer answer;
    const std::string head = read_until("\r\n\r\n");
    if (head.size() < 12) return answer;
    answer.status = std::stoi(head.substr(9, 3));
    for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
      const std::size_t end = head.find("\r\n", at);
      const std::string line = head.substr(at, end - at);
      const std::size_t colon = line.find(':');
      answer.headers[http::lower(line.substr(0, colon))] = http::trimmed(line.substr(colon + 1));
      at = end + 2;
    }
    if (answer.headers.contains("content-length")) {
      const std::size_t size = std::stoul(answer.headers["content-length"]);
      while (held_.size() < size && more()) {
      }
      answer.body = held_.substr(0, size);
      held_.erase(0, size);
    }
    return answer;
  }

 private:
  bool more() {
    char bytes[65536];
    const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got <= 0) closed_ = got == 0 || errno == ECONNRESET;
    if (got > 0) held_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  base::Fd socket_;
  std::string held_;
  bool closed_ = false;
};

// A request whose lines are right unless `lines` says otherwise.
inline std::string post(std::uint16_t port, std::string_view body, std::string_view lines = "",
                        std::string_view path = "/mcp") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n" +
         std::string(lines) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

inline Answer ask(std::uint16_t port, const std::string& bytes) {
  RawClient client(port);
  client.send(bytes);
  return client.answer();
}

}  // namespace mcpbox::test
