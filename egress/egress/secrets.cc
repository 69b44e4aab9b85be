// Runs in [egress].  Sealed secrets in one exchange: a value goes where its binding says, over TLS or to a
// host of the local network, and what comes back is looked through for it.  Everything else is refused, and
// nothing of it is sent.
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero

#include <algorithm>
#include <cstring>
#include <optional>

#include "egress/egress/fetch.h"
#include "egress/egress/grant.h"
#include "egress/egress/placeholders.h"

namespace mcpbox::egress {

namespace limits = policy::limits;
using protocol::BodyKind;
using protocol::FetchFault;

namespace {

// peer: as the kernel says; what the dialer thinks does not count here.
bool is_private(std::string_view peer) {
  const std::optional<policy::Address> address = policy::parse_address(peer);
  return address && policy::classify(*address).rule == policy::AddressRule::kPrivate;
}

}  // namespace

// Where a value can stand in the body, the body is looked at before anything is sent.
bool Fetch::reads_whole_body() const {
  return request_.body == BodyKind::kSized && request_.body_bytes > 0 &&
         request_.body_bytes <= limits::kFetchWindowBytes && (is_json(request_) || is_form(request_));
}

void Fetch::begin() {
  reading_whole_ = reads_whole_body();
  if (!reading_whole_) look_for_secrets();
}

void Fetch::look_for_secrets() {
  if (!holds_placeholder(request_, whole_body_)) return start();
  grant_.tasks().spawn(fill_in_secrets());
}

// Outlives this object when the child loses interest: hence the weak pointer.
loop::Task<> Fetch::fill_in_secrets() {
  const std::weak_ptr<Fetch> weak = weak_from_this();
  const policy::Host host = policy::read_host(request_.host).value();  // Grant::check() read it
  const std::uint16_t port = request_.port;
  const std::set<std::string> placeholders = placeholders_in(request_, whole_body_);
  for (const std::string& placeholder : placeholders) {
    const base::Result<Sealed> secret = co_await loop::attempt(grant_.sealed(placeholder, host, port));
    const std::shared_ptr<Fetch> self = weak.lock();
    if (self == nullptr) co_return loop::Nothing{};
    const std::string problem = secret ? fill_in(self->request_, self->whole_body_, placeholder, **secret)
                                       : std::string(secret.error().text);
    if (!problem.empty()) {
      // What the monitor refused, it has recorded.
      const bool known = !secret && secret.error().why == base::Why::kRefused;
      self->refuse_placeholder(problem, known ? Report::kNo : Report::kYes);
      co_return loop::Nothing{};
    }
    self->carries_secret_ = true;
  }
  const std::shared_ptr<Fetch> self = weak.lock();
  if (self == nullptr) co_return loop::Nothing{};
  if (holds_placeholder(self->request_, self->whole_body_))
    self->refuse_placeholder("it stands there more than once, or where no value is filled in", Report::kYes);
  else
    self->start_with_secret();
  co_return loop::Nothing{};
}

void Fetch::start_with_secret() {
  // A value can make a path or a header another one than was approved.
  const Fault fault = grant_.look_at(request_);
  if (!fault.text.empty()) return fail(fault);
  ask_for_plain_answer(request_);
  start();
}

void Fetch::refuse_placeholder(const std::string& why, Report report) {
  if (report == Report::kYes)
    grant_.report(protocol::Denied::kPlaceholder, policy::read_host(request_.host).value(), request_.port);
  fail({FetchFault::kInvalid, std::string(kPlaceholderRefused) + ": " + why});
}

// The connection that the request is about to be sent over.  False when a value would go for everybody to
// read.
bool Fetch::may_use(std::string_view peer) { return request_.tls || !carries_secret_ || is_private(peer); }

// Approved, and where it leads may not be connected to: a person may want to approve more, or nobody can.
void Fetch::report_refused(base::Why why) {
  const policy::Host host = policy::read_host(request_.host).value();
  if (why == base::Why::kRefused) grant_.report(protocol::Denied::kDestination, host, request_.port);
  if (why == base::Why::kInvalid) grant_.report_forbidden(host, request_.port);
}

// --- The answer -------------------------------------------------------------------------------------------

void Fetch::redact_head() {
  const Patterns& patterns = grant_.patterns();
  redactor_ = Redactor(patterns);
  if (redactor_.idle()) return;
  protocol::FetchHead& head = head_.message();
  head.reason = Redactor::whole(patterns, head.reason);
  for (protocol::HeaderField& header : head.headers) header.value = Redactor::whole(patterns, header.value);
}

void Fetch::wipe() {
  const auto clear = [](std::string& text) { ::explicit_bzero(text.data(), text.size()); };
  clear(whole_body_);
  clear(request_.target);
  for (protocol::HeaderField& header : request_.headers) clear(header.value);
  for (std::string& part : body_) clear(part);
  for (curl_slist* line = headers_.get(); line != nullptr; line = line->next)
    ::explicit_bzero(line->data, std::strlen(line->data));
}

}  // namespace mcpbox::egress
