// Runs in the gateways and in admin.  Trusts nothing: the client may leave, stall or flood at any moment.
#include "privsep/http/exchange.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>

#include <algorithm>

#include "policy/limits.h"
#include "privsep/base/error.h"
#include "privsep/base/handles.h"
#include "privsep/http/connection.h"

namespace mcpbox::http {
namespace {

using Buffer = std::unique_ptr<evbuffer, base::FreeWith<evbuffer_free>>;

Buffer buffer_of(std::string_view bytes) {
  Buffer buffer(evbuffer_new());
  if (!buffer || evbuffer_add(buffer.get(), bytes.data(), bytes.size()) != 0) PANIC("no memory for a reply");
  return buffer;
}

void put_header(evhttp_request* request, const char* name, const char* value) {
  evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

bool has_header(const Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [&](const auto& header) { return header.first == name; });
}

}  // namespace

Exchange::Exchange(evhttp_request* request, std::weak_ptr<Connection> connection, RequestHead head,
                   std::string body)
    : request_(request), connection_(std::move(connection)), head_(std::move(head)), body_(std::move(body)) {}

// Nobody answered: the client must not wait for ever.
Exchange::~Exchange() { reply({.status = 500, .after = After::kClose}); }

void Exchange::add_header(const char* name, const std::string& value) {
  if (request_ != nullptr) put_header(request_, name, value.c_str());
}

void Exchange::reply(const Response& response) {
  if (request_ == nullptr) return;
  if (streaming_) return reply_in_stream(response);
  for (const auto& [name, value] : kSecurityHeaders)
    if (!has_header(response, name)) put_header(request_, name, value);
  for (const auto& [name, value] : response.headers) put_header(request_, name.c_str(), value.c_str());
  if (!response.body.empty()) put_header(request_, "Content-Type", response.content_type.c_str());
  if (response.after == After::kClose) put_header(request_, "Connection", "close");
  const Buffer body = buffer_of(response.body);
  hang_up_ = nullptr;
  evhttp_send_reply(std::exchange(request_, nullptr), response.status, reason_phrase(response.status),
                    body.get());
}

void Exchange::reply_in_stream(const Response& response) {
  if (!response.body.empty() && !overrun_ && response.content_type == "application/json") {
    const Buffer event = buffer_of("event: message\ndata: " + response.body + "\n\n");
    evhttp_send_reply_chunk(request_, event.get());
  }
  end_stream();
}

std::size_t Exchange::unsent_bytes() const {
  const std::shared_ptr<Connection> connection = connection_.lock();
  return connection ? connection->unsent_bytes() : 0;
}

void Exchange::begin_stream(const std::vector<std::pair<std::string, std::string>>& headers) {
  if (request_ == nullptr) return;
  for (const auto& [name, value] : kSecurityHeaders) put_header(request_, name, value);
  for (const auto& [name, value] : headers) put_header(request_, name.c_str(), value.c_str());
  put_header(request_, "Content-Type", "text/event-stream");
  put_header(request_, "X-Accel-Buffering", "no");
  streaming_ = true;
  evhttp_send_reply_start(request_, 200, reason_phrase(200));
}

bool Exchange::send(std::string_view bytes) {
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (request_ == nullptr || !connection || overrun_) return false;
  if (connection->unsent_bytes() + bytes.size() > policy::limits::kStreamQueueBytes) {
    overrun_ = true;
    connection->close_soon();
    return false;
  }
  const Buffer buffer = buffer_of(bytes);
  evhttp_send_reply_chunk(request_, buffer.get());
  return true;
}

void Exchange::end_stream() {
  if (request_ == nullptr) return;
  hang_up_ = nullptr;
  evhttp_send_reply_end(std::exchange(request_, nullptr));
}

void Exchange::lost() {
  // evhttp gives a request that it could not answer back to us, and frees one whose connection we closed.
  if (request_ != nullptr && evhttp_request_get_connection(request_) == nullptr)
    evhttp_request_free(request_);
  request_ = nullptr;
  const std::function<void()> action = std::exchange(hang_up_, nullptr);
  if (action) action();
}

const char* reason_phrase(int status) {
  // clang-format off
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default:  return "Error";
  }
  // clang-format on
}

}  // namespace mcpbox::http
