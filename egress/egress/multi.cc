// Runs in [egress].  Trusts libcurl to say which sockets it waits for.
#include "egress/egress/multi.h"

#include <vector>

namespace mcpbox::egress {

Multi::Multi(loop::Loop& loop, long most_connections, OnDone done)
    : loop_(loop),
      done_(std::move(done)),
      timer_(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
      multi_(curl_multi_init()) {
  if (multi_ == nullptr) PANIC("no memory for a grant's connections");
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, most_connections);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, most_connections);  // as many are kept
}

// Closing its connections makes libcurl call back once more.
Multi::~Multi() { multi_.reset(); }

bool Multi::add(CURL* easy) { return curl_multi_add_handle(multi_.get(), easy) == CURLM_OK; }

void Multi::remove(CURL* easy) { curl_multi_remove_handle(multi_.get(), easy); }

int Multi::on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* self, void* /*unused*/) {
  static_cast<Multi*>(self)->watch(fd, what);
  return 0;
}

int Multi::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  loop::Timer& timer = static_cast<Multi*>(self)->timer_;
  if (milliseconds < 0)
    timer.stop();
  else
    timer.start(milliseconds);
  return 0;
}

void Multi::watch(int fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(fd);
    return;
  }
  Socket& socket = sockets_[fd];
  if (socket.readable == nullptr) {
    socket.readable = std::make_unique<loop::Watch>(loop_, fd, loop::Ready::kRead,
                                                    [this, fd] { act(fd, CURL_CSELECT_IN); });
    socket.writable = std::make_unique<loop::Watch>(loop_, fd, loop::Ready::kWrite,
                                                    [this, fd] { act(fd, CURL_CSELECT_OUT); });
  }
  if ((what & CURL_POLL_IN) != 0)
    socket.readable->enable();
  else
    socket.readable->disable();
  if ((what & CURL_POLL_OUT) != 0)
    socket.writable->enable();
  else
    socket.writable->disable();
}

void Multi::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), fd, events, &running);
  std::vector<std::pair<CURL*, CURLcode>> ended;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    ended.emplace_back(message->easy_handle, message->data.result);
  }
  for (const auto& [easy, result] : ended) {
    curl_multi_remove_handle(multi_.get(), easy);
    done_(easy, result);
  }
}

}  // namespace mcpbox::egress
