// One accepted connection: its deadlines, its caller, the exchange that is under way.
//
//   phase       ends by                            and is ended after
//   kReading    a complete request                 HttpTimes::request_ms: a client that sends a byte now and
//   then
//                                                  (slow-loris) does not get more time by it
//   kAnswering  the complete answer                nothing: a call may take long; a stalled write ends it
//   kIdle       the first byte of the next request HttpTimes::idle_ms
//   kClosing    everything we said was read        HttpTimes::request_ms
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policy/limits.h"
#include "privsep/http/exchange.h"
#include "privsep/loop/loop.h"
#include "privsep/protocol/messages_access.h"

struct bufferevent;
struct evhttp_connection;

namespace mcpbox::http {

struct HttpTimes {
  std::int64_t request_ms = std::int64_t{policy::limits::kHeaderSeconds} * 1000;
  std::int64_t idle_ms = std::int64_t{policy::limits::kIdleSeconds} * 1000;
};

// A JSON body for what is wrong with a request that nobody could read: each process words errors its own way.
using ErrorBody = std::string (*)(int status, std::string_view message);

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `stream` belongs to evhttp, which has not seen it yet; adopt() follows once it has.
  Connection(loop::Loop& loop, bufferevent* stream, HttpTimes times, ErrorBody error_body);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  void adopt(evhttp_connection* owner);

  // Who the monitor says is at the other end; asked once, and again when another token is shown.
  std::optional<protocol::Principal> caller;
  std::string caller_token;           // that it was asked with
  std::uint64_t caller_asked_at = 0;  // what its gateway had counted then (callers_gone)

  [[nodiscard]] int fd() const;
  // A request is complete and its answer is not sent.
  [[nodiscard]] bool answering_now() const {
    return phase_ == Phase::kAnswering || phase_ == Phase::kClosing;
  }
  [[nodiscard]] std::size_t unsent_bytes() const;
  // Closes from the loop, never from inside a callback of evhttp.
  void close_soon();

  // From the server: a request is complete; its exchange, answered or not, follows; the answer is sent; all
  // is over.
  void request_complete();
  void answering(const std::shared_ptr<Exchange>& exchange);
  void answer_sent();
  void gone();

  // From evhttp's buffers: bytes came; evhttp wrote something by itself.
  void bytes_came();
  void bytes_written();

 private:
  enum class Phase : std::uint8_t { kReading, kAnswering, kIdle, kClosing };
  void watch_for_hang_up();
  void replace_page();
  void say_and_close(const std::string& reply);

  loop::Loop& loop_;
  bufferevent* stream_;
  evhttp_connection* owner_ = nullptr;
  HttpTimes times_;
  ErrorBody error_body_;
  Phase phase_ = Phase::kReading;
  loop::Timer deadline_;
  std::weak_ptr<Exchange> exchange_;
};

}  // namespace mcpbox::http
