// Stands between a client and PostgreSQL's socket, and cuts the connection at a chosen moment of the
// conversation: the only way to lose an answer, and nothing but the answer, on purpose.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mcpbox::monitor {

using namespace std::string_view_literals;

class CuttingProxy {
 public:
  enum class Cut : int {
    kNever,
    kCommitLost,  // the next COMMIT never reaches the server
    kAnswerLost,  // the server has answered the next COMMIT; the client never hears of it
  };

  CuttingProxy(const std::string& server_folder, const std::string& own_folder)
      : server_(server_folder + "/.s.PGSQL.5432"), listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un own = address(own_folder + "/.s.PGSQL.5432");
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        listen(listener_, 16) != 0)
      throw std::runtime_error("the proxy cannot listen");
    thread_ = std::thread([this] { run(); });
  }
  ~CuttingProxy() {
    stop_ = true;
    thread_.join();
    close(listener_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  void cut_next(Cut cut) { cut_ = cut; }
  // The same, and from that moment on as after shut().
  void cut_next_and_shut(Cut cut) {
    shut_at_cut_ = true;
    cut_ = cut;
  }
  // Ends the writer's conversation, leaves the reader's, and lets no new one begin, until open() again.
  void shut() { shut_ = true; }
  void open() { shut_ = false; }

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    bool reader = false;  // its first message named it so
  };

  static sockaddr_un address(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    return name;
  }

  void run() {
    while (!stop_) {
      std::vector<pollfd> watched{{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        watched.push_back({pair.client, POLLIN, 0});
        watched.push_back({pair.server, POLLIN, 0});
      }
      poll(watched.data(), watched.size(), 10);
      std::size_t at = 1;
      for (auto pair = pairs_.begin(); pair != pairs_.end();) {
        const bool from_client = watched[at++].revents != 0;
        const bool from_server = watched[at++].revents != 0;
        const bool goes_on = (!shut_ || pair->reader) &&
                             (!from_client || pass(*pair, pair->client, pair->server, Cut::kCommitLost)) &&
                             (!from_server || pass(*pair, pair->server, pair->client, Cut::kAnswerLost));
        pair = goes_on ? std::next(pair) : end(pair);
      }
      if (watched[0].revents != 0) take();
    }
    for (auto pair = pairs_.begin(); pair != pairs_.end();) pair = end(pair);
  }

  void take() {
    Pair pair{.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), .server = -1};
    pair.server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un name = address(server_);
    connect(pair.server, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    pairs_.push_back(pair);
  }

  // In both directions the word "COMMIT\0" or the statement's name "commit\0" marks the moment.
  bool pass(Pair& pair, int from, int to, Cut mark) {
    std::array<char, 65536> bytes{};
    const ssize_t length = read(from, bytes.data(), bytes.size());
    if (length <= 0) return false;
    const std::string_view text(bytes.data(), static_cast<std::size_t>(length));
    const std::string_view word =
        mark == Cut::kCommitLost ? std::string_view("commit\0", 7) : std::string_view("COMMIT\0", 7);
    if (text.find(" reader\0"sv) != std::string_view::npos) pair.reader = true;
    if (cut_ == mark && text.find(word) != std::string_view::npos) {
      cut_ = Cut::kNever;
      if (shut_at_cut_.exchange(false)) shut_ = true;
      return false;
    }
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t more = send(to, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += static_cast<std::size_t>(more);
    }
    return true;
  }

  std::list<Pair>::iterator end(std::list<Pair>::iterator pair) {
    close(pair->client);
    close(pair->server);
    return pairs_.erase(pair);
  }

  std::string server_;
  int listener_;
  std::list<Pair> pairs_;
  std::atomic<Cut> cut_ = Cut::kNever;
  std::atomic<bool> shut_ = false;
  std::atomic<bool> shut_at_cut_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace mcpbox::monitor
