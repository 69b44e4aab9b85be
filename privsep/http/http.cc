// Runs in the gateways and in admin.  Trusts nothing: clients may be anybody on this machine.
// evhttp parses; this adds what it lacks: a cap on connections, deadlines that slow senders cannot stretch,
// our errors.
#include "privsep/http/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace mcpbox::http {
namespace {

namespace limits = policy::limits;

constexpr timeval kAcceptPause = {.tv_sec = 0, .tv_usec = 250'000};

// The C callbacks: recover, act, return.
bufferevent* new_stream(event_base* /*base*/, void* self) {
  return static_cast<HttpServer*>(self)->on_accept();
}
void request_came(evhttp_request* request, void* self) {
  static_cast<HttpServer*>(self)->on_request(request);
}
void closed(evhttp_connection* connection, void* self) {
  static_cast<HttpServer*>(self)->on_closed(connection);
}
void answered(evhttp_request* request, void* self) {
  static_cast<HttpServer*>(self)->on_answered(evhttp_request_get_connection(request));
}
void accept_again(evutil_socket_t /*fd*/, short /*what*/, void* listener) {
  evconnlistener_enable(static_cast<evconnlistener*>(listener));
}
// No descriptor is left.  The listener stays readable, so without a pause this would be a busy loop.
void accept_failed(evconnlistener* listener, void* /*http*/) {
  evconnlistener_disable(listener);
  event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener, &kAcceptPause);
}

// A number and not libevent's enumeration: for a method that it does not know it gives one that no enumerator
// has.
Method method_of(unsigned type) {
  switch (type) {
    case EVHTTP_REQ_GET:
      return Method::kGet;
    case EVHTTP_REQ_HEAD:
      return Method::kHead;
    case EVHTTP_REQ_POST:
      return Method::kPost;
    case EVHTTP_REQ_PUT:
      return Method::kPut;
    case EVHTTP_REQ_PATCH:
      return Method::kPatch;
    case EVHTTP_REQ_DELETE:
      return Method::kDelete;
    case EVHTTP_REQ_OPTIONS:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

RequestHead head_of(evhttp_request* request) {
  RequestHead head{.method = method_of(static_cast<unsigned>(evhttp_request_get_command(request)))};
  const std::string_view uri = evhttp_request_get_uri(request);
  const std::string_view target = uri.substr(0, uri.find('#'));
  const std::size_t question = target.find('?');
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  head.http11 = request->major == 1 && request->minor >= 1;
  // evhttp counts lines without their ends; the last of them is empty.
  head.bytes = request->headers_size + 4;
  const evkeyvalq* headers = evhttp_request_get_input_headers(request);
  for (const evkeyval* one = headers->tqh_first; one != nullptr; one = one->next.tqe_next) {
    head.headers.add(one->key, one->value);
    head.bytes += 2;
  }
  return head;
}

std::string body_of(evhttp_request* request) {
  evbuffer* input = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(input), '\0');
  evbuffer_remove(input, body.data(), body.size());
  return body;
}

}  // namespace

HttpServer::HttpServer(loop::Loop& loop, HttpLimits http_limits, ErrorBody error_body, Handler handler)
    : loop_(loop),
      limits_(http_limits),
      error_body_(error_body),
      handler_(std::move(handler)),
      server_(evhttp_new(loop.raw())) {
  if (!server_) PANIC("no HTTP server");
  evhttp_set_max_headers_size(server_.get(), limits::kHeaderBytes);
  evhttp_set_max_body_size(server_.get(), limits::kBodyBytes);
  evhttp_set_default_content_type(server_.get(), nullptr);
  // Which method goes where is the route table's business, and its answer is JSON.
  // Except CONNECT: evhttp gives its answers no length, and a client would wait for the end of ours.
  evhttp_set_allowed_methods(server_.get(), 0xffff & ~EVHTTP_REQ_CONNECT);
  evhttp_set_bevcb(server_.get(), new_stream, this);
  evhttp_set_gencb(server_.get(), request_came, this);
}

// Its connections tell us their end while it goes.
HttpServer::~HttpServer() { server_.reset(); }

void HttpServer::add_listener(base::Fd socket) {
  constexpr unsigned kFlags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED;
  evconnlistener* listener = evconnlistener_new(loop_.raw(), nullptr, nullptr, kFlags, 0, socket.release());
  if (listener == nullptr || evhttp_bind_listener(server_.get(), listener) == nullptr) PANIC("no listener");
  evconnlistener_set_error_cb(listener, accept_failed);
  listeners_.push_back(listener);
}

void HttpServer::open() {
  open_ = true;
  pace();
}

// At the cap nothing is accepted: clients wait in the kernel's queue until somebody leaves.
void HttpServer::pace() {
  const bool wanted = open_ && connections_.size() < limits_.connections;
  if (wanted == listening_) return;
  listening_ = wanted;
  for (evconnlistener* listener : listeners_)
    (void)(wanted ? evconnlistener_enable(listener) : evconnlistener_disable(listener));
}

std::size_t HttpServer::answering() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& one) { return one.second->answering_now(); }));
}

bufferevent* HttpServer::on_accept() {
  bufferevent* stream = bufferevent_socket_new(loop_.raw(), -1, BEV_OPT_CLOSE_ON_FREE);
  if (stream == nullptr) PANIC("no memory for a connection");
  const auto connection = std::make_shared<Connection>(loop_, stream, limits_.times, error_body_);
  connections_.emplace(stream, connection);
  pace();
  // evhttp makes its own object after this returns; before the loop turns, it is there.
  loop_.soon([this, stream, waiting = std::weak_ptr(connection)] {
    if (const std::shared_ptr<Connection> there = waiting.lock()) adopt(*there, stream);
  });
  return stream;
}

void HttpServer::adopt(Connection& connection, bufferevent* stream) {
  void* context = nullptr;
  bufferevent_getcb(stream, nullptr, nullptr, nullptr, &context);
  auto* owner = static_cast<evhttp_connection*>(context);
  if (owner == nullptr || evhttp_connection_get_bufferevent(owner) != stream)
    PANIC("not evhttp's connection");
  evhttp_connection_set_closecb(owner, closed, this);
  // An event of a few bytes, or the end of an answer, must not wait for the acknowledgement of what went
  // before.  Not left to the listener's own option: who connected while this process started waits in a
  // socket made without it.
  const int on = 1;
  (void)::setsockopt(bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection.adopt(owner);
}

void HttpServer::on_request(evhttp_request* request) {
  evhttp_connection* owner = evhttp_request_get_connection(request);
  const auto found = connections_.find(evhttp_connection_get_bufferevent(owner));
  if (found == connections_.end()) PANIC("a request of a connection that nobody accepted");
  const std::shared_ptr<Connection> connection = found->second;
  connection->request_complete();
  evhttp_request_set_on_complete_cb(request, answered, this);
  const auto exchange = std::make_shared<Exchange>(request, connection, head_of(request), body_of(request));
  handler_(exchange);
  connection->answering(exchange);
}

void HttpServer::on_answered(evhttp_connection* owner) {
  const auto found = connections_.find(evhttp_connection_get_bufferevent(owner));
  if (found != connections_.end()) found->second->answer_sent();
}

void HttpServer::on_closed(evhttp_connection* owner) {
  const auto found = connections_.find(evhttp_connection_get_bufferevent(owner));
  if (found == connections_.end()) return;
  const std::shared_ptr<Connection> connection = found->second;
  connections_.erase(found);
  pace();
  connection->gone();
}

}  // namespace mcpbox::http
