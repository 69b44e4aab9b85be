// One request and its answer; kept by whoever will answer, and answered with 500 when they forget.  The
// answer may come at once, later, or piece by piece; the client may leave at any moment, after which
// everything said here goes nowhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "privsep/http/headers.h"

struct evhttp_request;

namespace mcpbox::http {

class Connection;

enum class After : unsigned char { kKeepOpen, kClose };

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";  // of a body that is not empty
  std::vector<std::pair<std::string, std::string>> headers;
  After after = After::kKeepOpen;
};

class Exchange {
 public:
  Exchange(evhttp_request* request, std::weak_ptr<Connection> connection, RequestHead head, std::string body);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const RequestHead& head() const { return head_; }
  [[nodiscard]] const Headers& headers() const { return head_.headers; }
  [[nodiscard]] const std::string& body() const { return body_; }
  [[nodiscard]] std::string take_body() { return std::move(body_); }
  // Null when the client has left.
  [[nodiscard]] std::shared_ptr<Connection> connection() const { return connection_.lock(); }

  // The client is there and the answer is not complete.
  [[nodiscard]] bool open() const { return request_ != nullptr; }
  void reply(const Response& response);
  // Goes with the answer, when that has not begun.
  void add_header(const char* name, const std::string& value);

  // A stream of server-sent events: begin, send any number of times, then end, or reply: its body is the last
  // event then, however much is unread.
  void begin_stream(const std::vector<std::pair<std::string, std::string>>& headers);
  // False, and the connection is about to be closed, when more than limits::kStreamQueueBytes would be
  // unread.
  bool send(std::string_view bytes);
  [[nodiscard]] bool streaming() const { return streaming_; }
  [[nodiscard]] std::size_t unsent_bytes() const;
  void end_stream();

  // Called once, when the client leaves before the answer is complete.  An empty function takes it back.
  void on_hang_up(std::function<void()> action) { hang_up_ = std::move(action); }

  // From the connection: it is gone.
  void lost();

 private:
  void reply_in_stream(const Response& response);

  evhttp_request* request_;
  std::weak_ptr<Connection> connection_;
  RequestHead head_;
  std::string body_;
  std::function<void()> hang_up_;
  bool streaming_ = false;
  bool overrun_ = false;  // the client did not read its stream
};

// The status line's words.
[[nodiscard]] const char* reason_phrase(int status);

// On every answer that does not set them itself: never guessed at, kept or run by a browser.
inline constexpr std::pair<const char*, const char*> kSecurityHeaders[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

}  // namespace mcpbox::http
