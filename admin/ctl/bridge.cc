// Runs in mcpboxctl, as the client's own user: the kernel tells the monitor who that is.  Trusts the client
// to harm nobody but itself, and the gateway with what it answers.
#include "admin/ctl/bridge.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "admin/ctl/local_socket.h"
#include "policy/limits.h"
#include "privsep/base/clock.h"

namespace mcpbox::ctl {
namespace {

namespace limits = policy::limits;

constexpr std::size_t kMostExchanges = 128;  // beyond: the client's next line waits
constexpr int kStreamPauseMs = 1'000;        // before a lost stream is opened again
constexpr int kGoodbyeMs = 2'000;            // for withdrawals to be taken
constexpr int kTransportError = -32000;
constexpr std::size_t kBufferBytes = 64 * 1024;

constexpr const char* kGone =
    "the connection to MCPbox ended before the answer: whether the call had an effect is not known";

constexpr const char* kListNews[] = {"notifications/tools/list_changed", "notifications/prompts/list_changed",
                                     "notifications/resources/list_changed"};

long long now_ms() { return base::SystemClock().steady_ms(); }

bool is_answer(std::string_view message) {
  const BridgeMessage read = read_message(message);
  return read.kind == Kind::kResponse || (read.kind == Kind::kBroken && read.method.empty());
}

}  // namespace

void Bridge::run() {
  while (open_) turn(-1);
  say_goodbye();
}

// One round of poll(): whatever is ready is done.
void Bridge::turn(int patience_ms) {
  if (open_ && listening_ && !stream_up_) {
    const long long wait = stream_again_ms_ - now_ms();
    if (wait <= 0)
      open_stream();
    else
      patience_ms = static_cast<int>(wait);
  }
  std::vector<pollfd> all = {{may_read() ? ends_.in : -1, POLLIN, 0},
                             {open_ ? ends_.out : -1, 0, 0},
                             {open_ ? ends_.stop : -1, POLLIN, 0}};
  const std::size_t first = all.size();
  std::vector<Exchange*> whose;
  for (Exchange& one : exchanges_) {
    const short wanted = one.unsent.empty() ? POLLIN : static_cast<short>(POLLIN | POLLOUT);
    all.push_back({one.socket.get(), wanted, 0});
    whose.push_back(&one);
  }
  if (::poll(all.data(), all.size(), patience_ms) < 0) return;
  for (std::size_t i = first; i < all.size(); ++i) {
    Exchange& one = *whose[i - first];
    if ((all[i].revents & POLLOUT) != 0) write_some(one);
    if ((all[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_some(one);
  }
  if (((all[1].revents & (POLLERR | POLLHUP)) != 0) || all[2].revents != 0) open_ = false;
  if (open_ && (all[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_client();
  finish();
}

// What is over goes, and what waited for it comes.
void Bridge::finish() {
  std::vector<std::list<Exchange>::iterator> gone;
  for (auto one = exchanges_.begin(); one != exchanges_.end(); ++one)
    if (one->over) gone.push_back(one);
  for (const auto& one : gone) {
    std::list<Exchange> last;
    last.splice(last.end(), exchanges_, one);
    ended(last.front());
  }
  send_next();
}

bool Bridge::may_read() const {
  return open_ && waiting_.empty() && !ordered_ && exchanges_.size() < kMostExchanges;
}

void Bridge::read_client() {
  std::array<char, kBufferBytes> buffer;
  const ssize_t got = ::read(ends_.in, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    open_ = false;
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  for (std::size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    partial_.append(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    if (!std::exchange(too_long_, false)) waiting_.push_back(std::move(partial_));
    partial_.clear();
  }
  if (!too_long_) partial_.append(bytes);
  if (partial_.size() <= limits::kBodyBytes) return;
  partial_.clear();
  too_long_ = true;
  say(error_line("null", -32600, "a message may have 1 MiB, on one line"));
}

void Bridge::send_next() {
  while (open_ && !ordered_ && !waiting_.empty() && exchanges_.size() < kMostExchanges) {
    const std::string line = std::move(waiting_.front());
    waiting_.pop_front();
    take_line(line);
  }
}

void Bridge::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == std::string_view::npos) return;
  const BridgeMessage message = read_message(line);
  if (message.kind == Kind::kBroken)
    return say(error_line("null", -32700, "this line is no JSON-RPC message: send one, on one line"));
  if (message.kind != Kind::kResponse && !has_plain_method(message)) {
    if (message.kind == Kind::kRequest) say(error_line(message.id, -32601, "there is no such method"));
    return;
  }
  // In the newer era withdrawing is hanging up; there is no session that could know the request.
  if (!message.cancelled.empty() && session_.empty()) return withdraw(message.cancelled);
  send(std::string(line), message, false);
}

HeaderLines Bridge::in_session() const {
  HeaderLines lines;
  if (!session_.empty()) lines.emplace_back("Mcp-Session-Id", session_);
  if (!version_.empty()) lines.emplace_back("MCP-Protocol-Version", version_);
  return lines;
}

void Bridge::send(std::string text, const BridgeMessage& message, bool again) {
  const bool opens = message.method == "initialize" && message.kind == Kind::kRequest;
  HeaderLines headers = headers_beside(message);
  if (opens) {
    session_.clear();
    version_.clear();
    initialize_ = text;
  } else if (headers.empty()) {
    headers = in_session();
  }
  const Purpose purpose = message.kind == Kind::kRequest ? Purpose::kRequest : Purpose::kOrdered;
  Exchange* one = begin(purpose, "POST", std::move(headers), text);
  if (one == nullptr) {
    if (message.kind == Kind::kRequest)
      say(error_line(message.id, kTransportError,
                     "MCPbox is not running, or " + socket_ + " is not its socket"));
    return;
  }
  one->about = message;
  one->text = std::move(text);
  one->again = again;
  ordered_ = ordered_ || purpose == Purpose::kOrdered || opens;
  if (!message.cancelled.empty())
    for (Exchange& other : exchanges_)
      if (other.about.id == message.cancelled && other.purpose == Purpose::kRequest) other.answered = true;
}

Bridge::Exchange* Bridge::begin(Purpose purpose, std::string_view verb, HeaderLines headers,
                                std::string_view body) {
  const Answer<base::Fd> socket = connect_local(socket_);
  if (!socket || ::fcntl(socket->get(), F_SETFL, O_NONBLOCK) != 0) return nullptr;
  Exchange& one = exchanges_.emplace_back();
  one.purpose = purpose;
  one.socket.reset(::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0));
  one.unsent = http_request(std::string(verb) + " " + path_, headers, body);
  write_some(one);
  return &one;
}

// Nobody waits for the answer any more, and closing its connection tells the gateway.
void Bridge::withdraw(const std::string& id) {
  for (Exchange& one : exchanges_) {
    if (one.purpose != Purpose::kRequest || one.about.id != id) continue;
    one.answered = one.over = true;
    one.socket.reset();
  }
}

void Bridge::open_stream() {
  stream_again_ms_ = now_ms() + kStreamPauseMs;
  stream_up_ = begin(Purpose::kStream, "GET", in_session(), "") != nullptr;
}

// With the words that the client opened it with: it need not know.
void Bridge::reopen_session() {
  session_.clear();
  version_.clear();
  ordered_ = begin(Purpose::kReopen, "POST", {}, initialize_) != nullptr;
}

void Bridge::write_some(Exchange& one) {
  while (!one.unsent.empty()) {
    const ssize_t sent = ::send(one.socket.get(), one.unsent.data(), one.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) one.unsent.clear();  // an answer may still be there
    if (sent <= 0) return;
    one.unsent.erase(0, static_cast<std::size_t>(sent));
  }
}

void Bridge::read_some(Exchange& one) {
  std::array<char, kBufferBytes> buffer;
  const ssize_t got = ::recv(one.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    one.reader.end();
    one.over = true;
  } else if (!one.reader.feed({buffer.data(), static_cast<std::size_t>(got)})) {
    one.over = true;
  }
  for (const std::string& message : one.reader.take()) deliver(one, message);
  one.over = one.over || one.reader.complete();
  if (one.purpose != Purpose::kStream || one.reader.status() != 200 || one.over) return;
  // What happened while there was no stream, nobody has told: the client looks again.
  if (!stream_was_up_ || !one.about.method.empty()) {
    stream_was_up_ = true;
    one.about.method = "up";
    return;
  }
  one.about.method = "up";
  for (const char* news : kListNews) say(R"({"jsonrpc":"2.0","method":")" + std::string(news) + "\"}");
}

void Bridge::deliver(Exchange& one, std::string_view message) {
  if (one.purpose == Purpose::kReopen) {
    if (one.reader.status() == 200) version_ = negotiated_version(message);
    return;
  }
  if (one.purpose == Purpose::kGoodbye || !open_) return;
  if (one.purpose == Purpose::kRequest && is_answer(message)) {
    const bool lost = one.reader.status() == 404 && !session_.empty() && one.about.version.empty();
    if (one.answered || (lost && !one.again)) return;  // ended() sends it again
    one.answered = true;
    if (one.about.method == "initialize" && one.reader.status() == 200)
      version_ = negotiated_version(message);
    return say(answer_line(message, one.about.id));
  }
  if (one.reader.status() == 200) say(answer_line(message, "null"));
}

void Bridge::ended(Exchange& one) {
  const int status = one.reader.status();
  if (one.purpose == Purpose::kStream) {
    stream_up_ = false;
    if (status == 404 && !session_.empty() && !ordered_) reopen_session();
    if (status == 405) listening_ = false;
    return;
  }
  if (one.purpose == Purpose::kReopen) {
    ordered_ = false;
    session_ = one.reader.session();
    const std::string ready = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
    if (!session_.empty() && open_) send(ready, read_message(ready), true);
    return;
  }
  if (one.about.method == "initialize") session_ = one.reader.session();
  if (one.purpose == Purpose::kOrdered || one.about.method == "initialize") ordered_ = false;
  if (one.about.method == "notifications/initialized" && status == 202) listening_ = true;
  if (!open_ || one.answered || one.purpose != Purpose::kRequest) return;
  const bool lost = status == 404 && !session_.empty() && one.about.version.empty() && !one.again;
  if (lost && !initialize_.empty()) {
    waiting_.push_front(std::move(one.text));
    return reopen_session();
  }
  say(error_line(one.about.id, kTransportError, kGone));
}

// Blocking: a client that does not read does not get to ask more.
void Bridge::say(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  std::string_view rest = whole;
  while (!rest.empty() && open_) {
    const ssize_t written = ::write(ends_.out, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      open_ = false;
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

// The newer era's requests end with their connections; the older era's are withdrawn by name, and its session
// ends.
void Bridge::say_goodbye() {
  std::vector<std::string> ids;
  for (const Exchange& one : exchanges_)
    if (one.purpose == Purpose::kRequest && one.about.version.empty() && !one.answered)
      ids.push_back(one.about.id);
  exchanges_.clear();
  if (session_.empty()) return;
  for (const std::string& id : ids) {
    const std::string order =
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}";
    begin(Purpose::kGoodbye, "POST", in_session(), order);
  }
  const long long until = now_ms() + kGoodbyeMs;
  const auto rest = [this, until] {
    while (!exchanges_.empty() && now_ms() < until) turn(100);
    exchanges_.clear();
  };
  rest();  // each must be taken before there is no session to name
  begin(Purpose::kGoodbye, "DELETE", in_session(), "");
  rest();
}

}  // namespace mcpbox::ctl
