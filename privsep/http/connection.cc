// Runs in the gateways and in admin.  Trusts nothing: the peer may be silent, slow, or gone.
#include "privsep/http/connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

namespace mcpbox::http {
namespace {

// The C callbacks: recover, act, return.
void on_input(evbuffer* /*buffer*/, const evbuffer_cb_info* info, void* self) {
  if (info->n_added > 0) static_cast<Connection*>(self)->bytes_came();
}
void on_output(evbuffer* /*buffer*/, const evbuffer_cb_info* info, void* self) {
  if (info->n_added > 0) static_cast<Connection*>(self)->bytes_written();
}
void on_drained(bufferevent* stream, void* /*self*/) { ::shutdown(bufferevent_getfd(stream), SHUT_WR); }
void on_unwanted(bufferevent* stream, void* /*self*/) {
  evbuffer* input = bufferevent_get_input(stream);
  evbuffer_drain(input, evbuffer_get_length(input));
}
void on_end(bufferevent* /*stream*/, short /*what*/, void* self) {
  static_cast<Connection*>(self)->close_soon();
}

// What evhttp found wrong by itself, told as the rest of this server tells it.
std::string message_for(int status) {
  switch (status) {
    case 413:
      return "The request body is larger than " + std::to_string(policy::limits::kBodyBytes) +
             " bytes, or is not well-formed chunked coding. Send less.";
    case 417:
      return "The only expectation that is understood is 100-continue.";
    case 501:
      return "This HTTP method is not known here.";
    default:
      return "This is not a well-formed HTTP/1.1 request, or its head is larger than " +
             std::to_string(policy::limits::kHeaderBytes) + " bytes.";
  }
}

std::string whole_reply(int status, ErrorBody error_body) {
  const std::string body = error_body(status, message_for(status));
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) + "\r\n";
  for (const auto& [name, value] : kSecurityHeaders)
    out.append(name).append(": ").append(value).append("\r\n");
  out +=
      "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size());
  return out + "\r\n\r\n" + body;
}

}  // namespace

Connection::Connection(loop::Loop& loop, bufferevent* stream, HttpTimes times, ErrorBody error_body)
    : loop_(loop), stream_(stream), times_(times), error_body_(error_body), deadline_(loop, [this] {
        close_soon();
      }) {
  // A stalled reader is closed after this; a slow one, as long as it reads, is not.
  const timeval write_stall = {.tv_sec = policy::limits::kIdleSeconds, .tv_usec = 0};
  bufferevent_set_timeouts(stream, nullptr, &write_stall);
  // Room for the largest request; while an answer is awaited, a client that goes on sending waits in the
  // kernel.
  bufferevent_setwatermark(stream, EV_READ, 0, policy::limits::kBodyBytes + policy::limits::kHeaderBytes);
  evbuffer_add_cb(bufferevent_get_input(stream), on_input, this);
  evbuffer_add_cb(bufferevent_get_output(stream), on_output, this);
  deadline_.start(times_.request_ms);
}

void Connection::adopt(evhttp_connection* owner) { owner_ = owner; }

int Connection::fd() const { return stream_ == nullptr ? -1 : bufferevent_getfd(stream_); }

std::size_t Connection::unsent_bytes() const {
  return stream_ == nullptr ? 0 : evbuffer_get_length(bufferevent_get_output(stream_));
}

void Connection::close_soon() {
  loop_.soon([self = weak_from_this()] {
    const std::shared_ptr<Connection> alive = self.lock();
    if (alive && alive->owner_ != nullptr) evhttp_connection_free(alive->owner_);
  });
}

void Connection::request_complete() {
  phase_ = Phase::kAnswering;
  deadline_.stop();
}

void Connection::answering(const std::shared_ptr<Exchange>& exchange) {
  if (!exchange->open()) return;
  exchange_ = exchange;
  watch_for_hang_up();
}

// evhttp looks away from the client while it waits for our answer.  Looking on, without anybody to take the
// bytes, is what it does itself while it writes, and makes it notice the end of the connection.
void Connection::watch_for_hang_up() {
  bufferevent_data_cb written = nullptr;
  bufferevent_event_cb event = nullptr;
  void* context = nullptr;
  bufferevent_getcb(stream_, nullptr, &written, &event, &context);
  bufferevent_setcb(stream_, nullptr, written, event, context);
  bufferevent_enable(stream_, EV_READ);
}

void Connection::answer_sent() {
  exchange_.reset();
  const bool more = evbuffer_get_length(bufferevent_get_input(stream_)) > 0;
  phase_ = more ? Phase::kReading : Phase::kIdle;
  deadline_.start(more ? times_.request_ms : times_.idle_ms);
}

void Connection::gone() {
  const std::shared_ptr<Exchange> exchange = exchange_.lock();
  deadline_.stop();
  evbuffer_remove_cb(bufferevent_get_input(stream_), on_input, this);
  evbuffer_remove_cb(bufferevent_get_output(stream_), on_output, this);
  stream_ = nullptr;
  owner_ = nullptr;
  if (exchange) exchange->lost();
}

void Connection::bytes_came() {
  if (phase_ != Phase::kIdle) return;
  phase_ = Phase::kReading;
  deadline_.start(times_.request_ms);
}

void Connection::bytes_written() {
  if (phase_ != Phase::kReading) return;
  std::array<char, 12> start{};
  evbuffer_copyout(bufferevent_get_output(stream_), start.data(), start.size());
  if (std::string_view(start.data(), start.size()) == "HTTP/1.1 100") return;
  phase_ = Phase::kClosing;
  loop_.soon([self = weak_from_this()] {
    const std::shared_ptr<Connection> alive = self.lock();
    if (alive && alive->stream_ != nullptr) alive->replace_page();
  });
}

// Nothing of the page has left: sockets are written to when the loop turns again, and soon() is before that.
void Connection::replace_page() {
  evbuffer* output = bufferevent_get_output(stream_);
  std::array<char, 13> start{};
  evbuffer_copyout(output, start.data(), start.size() - 1);
  const int status = std::atoi(start.data() + 9);
  evbuffer_drain(output, evbuffer_get_length(output));
  say_and_close(whole_reply(status >= 400 && status < 600 ? status : 501, error_body_));
}

// Closing with unread bytes in the kernel would reset the connection, and the client would lose the reply
// that says what was wrong.  So: reply, half-close, and throw away what still comes, until the client closes
// or time is up.
void Connection::say_and_close(const std::string& reply) {
  bufferevent_setcb(stream_, on_unwanted, on_drained, on_end, this);
  bufferevent_write(stream_, reply.data(), reply.size());
  bufferevent_enable(stream_, EV_READ | EV_WRITE);
  on_unwanted(stream_, this);
}

}  // namespace mcpbox::http
