// libcurl's multi interface on our event loop.  One per grant, so that no connection, name or TLS session of
// one call is there for another.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>

#include "privsep/base/handles.h"
#include "privsep/loop/loop.h"

namespace mcpbox::egress {

using Easy = std::unique_ptr<CURL, base::FreeWith<curl_easy_cleanup>>;

class Multi {
 public:
  using OnDone = std::function<void(CURL*, CURLcode)>;
  // done: a transfer ended; its handle was removed.  Called from the loop, never from inside libcurl.
  Multi(loop::Loop& loop, long most_connections, OnDone done);
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi();

  // False when libcurl does not take it.
  [[nodiscard]] bool add(CURL* easy);
  void remove(CURL* easy);

 private:
  struct Socket {
    std::unique_ptr<loop::Watch> readable;
    std::unique_ptr<loop::Watch> writable;
  };
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void watch(int fd, int what);
  void act(curl_socket_t fd, int events);

  loop::Loop& loop_;
  OnDone done_;
  std::map<int, Socket> sockets_;
  loop::Timer timer_;
  std::unique_ptr<CURLM, base::FreeWith<curl_multi_cleanup>> multi_;
};

}  // namespace mcpbox::egress
