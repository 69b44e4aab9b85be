// Runs in [egress].  Trusts the monitor's terms; the child at the other end may be hostile native code, and
// what it sends is decoded whole, checked, and only then acted upon.
#include "egress/egress/grant.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero

#include <algorithm>
#include <utility>

#include "policy/hosts.h"

namespace mcpbox::egress {

namespace limits = policy::limits;
using base::Why;
using protocol::FetchFault;
using protocol::Op;

namespace {

constexpr std::size_t kUnreadBytes = limits::kMiB;  // queued to a child; beyond, servers wait
constexpr std::uint32_t kReports = 256;  // refusals of one call that the monitor is told of one by one

struct WipedSecret {
  protocol::SecretValue value;
  explicit WipedSecret(protocol::SecretValue v) : value(std::move(v)) {}
  WipedSecret(const WipedSecret&) = delete;
  WipedSecret& operator=(const WipedSecret&) = delete;
  ~WipedSecret() { ::explicit_bzero(value.value.data(), value.value.size()); }
};

std::vector<policy::HostRule> rules_of(const protocol::GrantedHosts& hosts) {
  std::vector<policy::HostRule> rules;
  for (const protocol::GrantedHost& host : hosts) {
    std::optional<policy::HostRule> rule = policy::read_host_rule(host.host);
    if (!rule) continue;
    rule->port = host.port;
    rule->private_too = host.private_too;
    rule->methods = host.methods;
    rule->path_prefix = host.path_prefix;
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace

Grant::Grant(World world, protocol::OpenGrant terms)
    : world_(std::move(world)),
      id_(terms.grant),
      rules_(rules_of(terms.hosts)),
      requests_left_(terms.requests),
      bytes_left_(terms.bytes),
      try_(world_.loop, [this] { begin_waiting(); }),
      multi_(world_.loop, limits::kConnectionsPerCall,
             [](CURL* easy, CURLcode result) { Fetch::of(easy).ended(result); }),
      over_(world_.loop, [this] { end({Why::kTimeout, "the time of this call is over"}); }),
      child_(
          world_.loop, std::move(terms.child),
          loop::LinkLimits{.max_payload = protocol::kFetchRequestBytes, .fds_in = 0},
          [this](wire::Frame frame) { on_frame(std::move(frame)); },
          [this](const base::Error& /*why*/) { fetches_.clear(); }) {
  over_.start(std::int64_t{terms.seconds} * 1000);
}

void Grant::end(const base::Error& why) {
  child_.close(why);
  fetches_.clear();
}

void Grant::on_frame(wire::Frame frame) {
  const Op op{frame.header.op};
  const bool good = frame.header.kind == wire::FrameKind::kNotice &&
                    ((op == Op::kFetchStart && start(frame)) || (op == Op::kFetchBody && body(frame)) ||
                     (op == Op::kFetchRoom && room(frame)) || (op == Op::kFetchStop && stop(frame)));
  // Our own runtime never does that: whoever is there gets nothing more.
  if (!good) end({Why::kInvalid, "the child does not speak the protocol"});
}

bool Grant::start(wire::Frame& frame) {
  base::Result<protocol::FetchStart> request = wire::decode<protocol::FetchStart>(frame);
  if (!request || fetches_.contains(request->stream)) return false;
  Fault fault = check(*request);
  if (!fault.text.empty()) {
    protocol::FetchFailed failed{.stream = request->stream, .fault = fault.kind};
    failed.text = std::string_view(fault.text).substr(0, limits::kFetchTextBytes);
    tell(failed);
    return true;
  }
  const std::uint32_t stream = request->stream;
  auto fetch = std::make_shared<Fetch>(*this, std::move(*request));
  fetches_.emplace(stream, fetch);
  fetch->begin();
  return true;
}

// A stream that we ended may still get what was on its way.
bool Grant::body(wire::Frame& frame) {
  const base::Result<protocol::FetchBody> part = wire::decode<protocol::FetchBody>(frame);
  if (!part) return false;
  const auto found = fetches_.find(part->stream);
  return found == fetches_.end() || found->second->take_body(part->data, part->last);
}

bool Grant::room(wire::Frame& frame) {
  const base::Result<protocol::FetchRoom> more = wire::decode<protocol::FetchRoom>(frame);
  if (!more) return false;
  const auto found = fetches_.find(more->stream);
  if (found != fetches_.end()) found->second->take_room(more->bytes);
  return true;
}

bool Grant::stop(wire::Frame& frame) {
  const base::Result<protocol::FetchStop> order = wire::decode<protocol::FetchStop>(frame);
  if (!order) return false;
  finish(order->stream);
  return true;
}

// The words of the refusal; none when the request may be sent.
Fault Grant::look_at(const protocol::FetchStart& request) {
  const auto invalid = [](const char* text) { return Fault{FetchFault::kInvalid, text}; };
  if (const char* problem = policy::method_problem(request.method)) return invalid(problem);
  if (const char* problem = policy::target_problem(request.target)) return invalid(problem);
  std::size_t header_bytes = 0;
  policy::Overrides overrides;
  for (const protocol::HeaderField& header : request.headers) {
    if (const char* problem = policy::header_problem(header.name, header.value)) return invalid(problem);
    overrides.method = overrides.method || policy::overrides_method(header.name);
    overrides.target = overrides.target || policy::overrides_target(header.name);
    header_bytes += header.name.size() + header.value.size();
  }
  std::expected<policy::Host, const char*> host = policy::read_host(request.host);
  if (!host) return invalid(host.error());
  if (request.port == 0) return invalid("port 0 is no port");
  if (header_bytes > limits::kFetchReplyHeaderBytes) return invalid("the headers are larger than 128 KiB");
  if (request.body == protocol::BodyKind::kSized && request.body_bytes > limits::kNetworkBytesPerCall)
    return {FetchFault::kBudget, "the body is larger than a call may send"};
  const policy::RequestLine line{
      .method = request.method, .host = std::move(*host), .port = request.port, .target = request.target};
  const policy::Coverage coverage = policy::cover(rules_, line, overrides);
  if (!coverage.covered) return not_approved(line, coverage.problem);
  return {.kind = FetchFault::kInvalid, .text = {}};
}

// The same, and what it takes from the call's budget.
Fault Grant::check(const protocol::FetchStart& request) {
  Fault fault = look_at(request);
  if (!fault.text.empty()) return fault;
  std::size_t header_bytes = 0;
  for (const protocol::HeaderField& header : request.headers)
    header_bytes += header.name.size() + header.value.size();
  if (fetches_.size() >= limits::kStreamsPerCall)
    return {FetchFault::kBudget, "a call has at most 256 requests at a time: await some first"};
  if (requests_left_ == 0)
    return {FetchFault::kBudget, "the call has made all the requests that one may make"};
  --requests_left_;
  if (!spend(header_bytes + request.target.size()))
    return {FetchFault::kBudget, "the call has moved all the bytes that one may move"};
  return {.kind = FetchFault::kInvalid, .text = {}};
}

Fault Grant::not_approved(const policy::RequestLine& line, const char* problem) {
  const bool in_vain = !policy::can_be_approved(line.host.name);
  report(protocol::Denied::kDestination, line.host, line.port);
  std::string text = policy::text_of(line.host, line.port) +
                     (problem == nullptr ? " is not approved for this server" : std::string(": ") + problem);
  text += in_vain ? ", and no tool ever connects there, whoever approves it"
                  : "; use mcpbox_request_network_access to request it";
  return {FetchFault::kNotApproved, std::move(text)};
}

// No suggestion for a reviewer, and so nothing for the monitor: it hears of it in the count at the end.
void Grant::report_forbidden(const policy::Host& host, std::uint16_t port) {
  ++use_.denied;
  if (++reports_ <= kReports) world_.warn(policy::text_of(host, port));
}

void Grant::report(protocol::Denied what, const policy::Host& host, std::uint16_t port) {
  ++use_.denied;
  const std::string where = policy::text_of(host, port);
  if (denied_.size() >= limits::kDenialsPerCall && !denied_.contains(where)) return;
  // A call that asks without end tells the reviewer nothing more, and the monitor writes a line for each.
  if (++reports_ > kReports) return;
  denied_.insert(where);
  protocol::ReportDenied report{.grant = id_, .host = host.name, .port = port, .what = what};
  world_.report(report);
}

loop::Task<Sealed> Grant::sealed(const std::string& placeholder, const policy::Host& host,
                                 std::uint16_t port) {
  const std::string key = placeholder + " " + policy::text_of(host, port);
  if (const auto known = sealed_.find(key); known != sealed_.end()) co_return known->second;
  protocol::ReadSecret question{.grant = id_, .placeholder = placeholder, .host = host.name, .port = port};
  base::Result<protocol::SecretValue> value = co_await loop::attempt(world_.read_secret(std::move(question)));
  if (!value) co_return std::unexpected(value.error());
  const auto kept = std::make_shared<const WipedSecret>(std::move(*value));
  const Sealed sealed(kept, &kept->value);
  if (sealed_.emplace(key, sealed).second)
    for (const auto& pattern : patterns_of(sealed->value)) patterns_.push_back(pattern);
  co_return sealed;
}

bool Grant::spend(std::uint64_t bytes) {
  if (bytes > bytes_left_) return false;
  bytes_left_ -= bytes;
  return true;
}

bool Grant::child_keeps_up() const { return child_.queued_bytes() < kUnreadBytes; }

loop::Task<base::Fd> Grant::dial(const std::string& host, std::uint16_t port, std::uint32_t timeout_ms) {
  protocol::Dial question{
      .grant = id_, .host = std::string_view(host), .port = port, .timeout_ms = timeout_ms};
  base::Result<base::Fd> socket = co_await loop::attempt(world_.dial(std::move(question)));
  co_return socket;
}

bool Grant::take_connection(std::uint32_t stream) {
  if (connections_ >= limits::kConnectionsPerCall) {
    waiting_.push_back(stream);
    return false;
  }
  ++connections_;
  return true;
}

void Grant::connection_gone() {
  --connections_;
  one_is_free();
}

// Perhaps from inside libcurl, which nothing may be given there.
void Grant::one_is_free() {
  if (waiting_.empty()) return;
  ++free_;
  try_.start(0);
}

void Grant::begin_waiting() {
  for (std::size_t left = std::exchange(free_, 0); left > 0 && !waiting_.empty();) {
    const auto found = fetches_.find(waiting_.front());
    waiting_.pop_front();
    if (found == fetches_.end()) continue;
    --left;
    const std::shared_ptr<Fetch> fetch = found->second;
    fetch->start();
  }
}

void Grant::finish(std::uint32_t stream) {
  if (fetches_.erase(stream) > 0) one_is_free();
}

}  // namespace mcpbox::egress
