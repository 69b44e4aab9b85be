// Runs in [egress].  Trusts libcurl with the socket and nothing else: it makes none, looks up no name,
// follows no redirect, keeps no cookie.  The server at the other end may be anybody.
#include "egress/egress/fetch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "egress/egress/grant.h"
#include "privsep/base/clock.h"

namespace mcpbox::egress {

namespace limits = policy::limits;
using protocol::BodyKind;
using protocol::FetchFault;

namespace {

constexpr std::int64_t kLookAgainMs = 5;  // whether a child that does not keep up has read

std::int64_t now_ms() { return base::SystemClock().steady_ms(); }

}  // namespace

Fetch::Fetch(Grant& grant, protocol::FetchStart request)
    : grant_(grant),
      request_(std::move(request)),
      easy_(curl_easy_init()),
      credit_(limits::kFetchWindowBytes),
      body_complete_(request_.body == BodyKind::kNone),
      idle_(grant.loop(), [this] { fail(silence()); }),
      retry_(grant.loop(), [this] { resume_when_there_is_room(); }) {
  if (easy_ == nullptr) PANIC("no memory for a request");
  const policy::Host host = policy::read_host(request_.host).value();  // Grant::check() read it
  host_ = policy::text_of(host, 0);
}

Fetch::~Fetch() {
  if (added_) grant_.multi().remove(easy_.get());
  if (holds_connection_) grant_.connection_gone();
  if (carries_secret_) wipe();
}

Fetch& Fetch::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<Fetch*>(self);
}

// RFC 9110, 9.2.2: doing it twice is doing it once.  Of a body we keep nothing.
bool Fetch::may_be_sent_again() const {
  constexpr std::array<std::string_view, 5> kIdempotent = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  const std::string_view method = request_.method;
  return request_.body == BodyKind::kNone && std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

void Fetch::start() {
  if (!std::exchange(set_up_, true)) {
    if (!whole_body_.empty()) {
      request_.body_bytes = whole_body_.size();
      body_.push_back(std::exchange(whole_body_, {}));
    }
    set_up();
  }
  wants_socket_ = false;
  added_ = grant_.multi().add(easy_.get());
  if (!added_) fail({FetchFault::kProtocol, "the request could not be begun"});
}

void Fetch::ended(CURLcode result) {
  const std::shared_ptr<Fetch> self = shared_from_this();
  added_ = false;
  if (wants_socket_ && fault_.text.empty()) {
    if (sending_ && !may_be_sent_again()) return fail({FetchFault::kRead, kPerhapsDone});
    holds_connection_ = holds_connection_ || grant_.take_connection(request_.stream);
    if (holds_connection_) grant_.tasks().spawn(dial());
    return;
  }
  if (result != CURLE_OK || !head_.complete())
    return fail(fault_.text.empty() ? fault_of(result, easy_.get(), sending_) : fault_);
  if (const std::string rest = redactor_.rest(); !rest.empty()) send_data(rest);
  protocol::FetchEnd end{.stream = request_.stream};
  grant_.tell(end);
  grant_.finish(request_.stream);
}

// Outlives this object when the child loses interest: hence the weak pointer.
loop::Task<> Fetch::dial() {
  const std::weak_ptr<Fetch> weak = weak_from_this();
  if (connect_by_ms_ == 0)
    connect_by_ms_ = now_ms() + std::clamp(request_.connect_ms, 1U, limits::kConnectMaxMs);
  const std::int64_t left = connect_by_ms_ - now_ms();
  if (left <= 0) {
    fail({FetchFault::kConnectTimeout, "the connection was not made in time"});
    co_return loop::Nothing{};
  }
  const std::string host = request_.host;
  const std::string where = policy::text_of(policy::read_host(host).value(), request_.port);
  base::Result<base::Fd> socket =
      co_await loop::attempt(grant_.dial(host, request_.port, static_cast<std::uint32_t>(left)));
  const std::shared_ptr<Fetch> self = weak.lock();
  if (self == nullptr) co_return loop::Nothing{};
  if (!socket) {
    self->report_refused(socket.error().why);
    self->fail(fault_of_dial(socket.error(), where));
    co_return loop::Nothing{};
  }
  self->socket_ = std::move(*socket);
  const auto for_tls = static_cast<long>(std::max<std::int64_t>(1, self->connect_by_ms_ - now_ms()));
  curl_easy_setopt(self->easy_.get(), CURLOPT_CONNECTTIMEOUT_MS, for_tls);
  self->start();
  co_return loop::Nothing{};
}

void Fetch::fail(const Fault& fault) {
  const std::shared_ptr<Fetch> self = shared_from_this();
  protocol::FetchFailed failed{.stream = request_.stream, .fault = fault.kind};
  failed.text = std::string_view(fault.text).substr(0, limits::kFetchTextBytes);
  grant_.tell(failed);
  grant_.finish(request_.stream);
}

void Fetch::progress() {
  const std::uint32_t patience = sends_body() ? request_.send_ms : request_.idle_ms;
  if (patience != 0)
    idle_.start(patience);
  else
    idle_.stop();
}

Fault Fetch::silence() const {
  if (sends_body())
    return {FetchFault::kSendTimeout, "the server took nothing of the request's body for too long"};
  return {FetchFault::kIdleTimeout, "the server sent and took nothing for too long"};
}

// --- The response -----------------------------------------------------------------------------------------

std::size_t Fetch::take_head_line(std::string_view line) {
  progress();
  const Head::Line state = head_.take(line);
  if (state == Head::Line::kTooMuch || state == Head::Line::kMalformed) {
    fault_ = {FetchFault::kProtocol, state == Head::Line::kTooMuch
                                         ? "the response's headers are more than 128 KiB, or 256"
                                         : "the response's headers are not proper HTTP"};
    return 0;
  }
  if (!grant_.spend(line.size())) {
    fault_ = {FetchFault::kBudget, "the call has moved all the bytes that one may move"};
    return 0;
  }
  if (state == Head::Line::kComplete) {
    head_.message().stream = request_.stream;
    redact_head();
    grant_.tell(head_.message());
  }
  return line.size();
}

// What does not fit now, libcurl keeps and offers again.
std::size_t Fetch::take_data(std::string_view data) {
  if (credit_ == 0 || !grant_.child_keeps_up()) {
    reading_paused_ = true;
    idle_.stop();  // it is the child who is slow
    if (credit_ > 0) retry_.start(kLookAgainMs);
    return CURL_WRITEFUNC_PAUSE;
  }
  progress();
  if (!grant_.spend(data.size())) {
    fault_ = {FetchFault::kBudget, "the call has moved all the bytes that one may move"};
    return 0;
  }
  credit_ -= std::min(credit_, data.size());
  if (redactor_.idle())
    send_data(data);
  else
    send_data(redactor_.take(data));
  return data.size();
}

void Fetch::send_data(std::string_view rest) {
  while (!rest.empty()) {
    protocol::FetchData part{.stream = request_.stream, .data = {}};
    part.data = rest.substr(0, limits::kFetchDataBytes);
    rest.remove_prefix(part.data.size());
    grant_.tell(part);
  }
}

void Fetch::take_room(std::uint32_t bytes) {
  credit_ = std::min<std::size_t>(credit_ + bytes, limits::kFetchWindowBytes);
  resume_when_there_is_room();
}

void Fetch::resume_when_there_is_room() {
  if (!reading_paused_ || credit_ == 0) return;
  if (!grant_.child_keeps_up()) return retry_.start(kLookAgainMs);
  reading_paused_ = false;
  progress();
  go_on();
}

// libcurl first offers again what it kept.  When we do not take that, it says so here and nowhere else, and
// does nothing more with the transfer.
void Fetch::go_on() {
  const std::shared_ptr<Fetch> self = shared_from_this();
  const int waits = (reading_paused_ ? CURLPAUSE_RECV : 0) | (writing_paused_ ? CURLPAUSE_SEND : 0);
  const CURLcode result = curl_easy_pause(easy_.get(), waits);
  if (result == CURLE_OK) return;
  grant_.multi().remove(easy_.get());
  ended(result);
}

// --- The request's body -----------------------------------------------------------------------------------

// More than its Content-Length would be the beginning of a request that nobody checked; less, and the server
// and libcurl would wait for one another.
const char* Fetch::length_problem(bool last) const {
  if (request_.body != BodyKind::kSized) return nullptr;
  if (body_taken_ > request_.body_bytes) return "the body is longer than its Content-Length said";
  if (last && body_taken_ < request_.body_bytes) return "the body is shorter than its Content-Length said";
  return nullptr;
}

bool Fetch::take_body(std::string_view data, bool last) {
  if (body_complete_ || body_queued_ + data.size() > limits::kFetchWindowBytes) return false;
  body_taken_ += data.size();
  if (const char* problem = length_problem(last)) {
    fail({FetchFault::kInvalid, problem});
    return true;
  }
  if (reading_whole_) {
    whole_body_ += data;
    body_complete_ = last;
    reading_whole_ = !last;
    if (last) look_for_secrets();
    return true;
  }
  const std::string seen = seam_ + std::string(data);
  if (policy::holds_placeholder(seen)) {
    refuse_placeholder("it is in a body in which none is filled in", Report::kYes);
    return true;
  }
  seam_ = seen.substr(seen.size() - std::min(seen.size(), policy::kPlaceholderMark.size() - 1));
  body_complete_ = last;
  body_queued_ += data.size();
  if (!data.empty()) body_.emplace_back(data);
  if (!std::exchange(writing_paused_, false)) return true;
  progress();
  go_on();
  return true;
}

std::size_t Fetch::give_body(char* into, std::size_t room) {
  if (body_.empty()) {
    if (body_complete_) return 0;
    writing_paused_ = true;
    idle_.stop();  // it is the child who has no more yet
    return CURL_READFUNC_PAUSE;
  }
  const std::string_view first = std::string_view(body_.front()).substr(body_offset_);
  const std::size_t taken = std::min(room, first.size());
  if (!grant_.spend(taken)) {
    fault_ = {FetchFault::kBudget, "the call has moved all the bytes that one may move"};
    return CURL_READFUNC_ABORT;
  }
  std::memcpy(into, first.data(), taken);
  body_queued_ -= taken;
  body_offset_ += taken;
  if (taken == first.size()) {
    body_.pop_front();
    body_offset_ = 0;
  }
  progress();
  protocol::FetchRoom room_again{.stream = request_.stream, .bytes = static_cast<std::uint32_t>(taken)};
  grant_.tell(room_again);
  return taken;
}

}  // namespace mcpbox::egress
