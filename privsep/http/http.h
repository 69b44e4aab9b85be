// HTTP/1.1 on the listeners that the process inherited (libevent's evhttp), with the limits that evhttp
// lacks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "privsep/base/fd.h"
#include "privsep/base/handles.h"
#include "privsep/http/connection.h"
#include "privsep/http/exchange.h"
#include "privsep/loop/loop.h"

struct evhttp;
struct evconnlistener;
extern "C" void evhttp_free(struct evhttp*);

namespace mcpbox::http {

struct HttpLimits {
  HttpTimes times;
  std::size_t connections = policy::limits::kConnections;
};

class HttpServer {
 public:
  // Called for every complete request whose head and body are within their limits, whatever its method and
  // path.
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  HttpServer(loop::Loop& loop, HttpLimits limits, ErrorBody error_body, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes a listening, non-blocking socket.  Nothing is accepted before open().
  void add_listener(base::Fd socket);
  void open();
  // Connections whose answer is under way or not yet sent.
  [[nodiscard]] std::size_t answering() const;
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

  // From libevent's callbacks.
  bufferevent* on_accept();
  void on_request(struct evhttp_request* request);
  void on_answered(struct evhttp_connection* connection);
  void on_closed(struct evhttp_connection* connection);

 private:
  void adopt(Connection& connection, bufferevent* stream);
  void pace();

  loop::Loop& loop_;
  HttpLimits limits_;
  ErrorBody error_body_;
  Handler handler_;
  std::unique_ptr<evhttp, base::FreeWith<evhttp_free>> server_;
  std::vector<evconnlistener*> listeners_;  // owned by server_
  std::unordered_map<bufferevent*, std::shared_ptr<Connection>> connections_;
  bool open_ = false;
  bool listening_ = false;
};

}  // namespace mcpbox::http
