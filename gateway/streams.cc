// Runs in the gateways.  Trusts nothing: a client that does not read its stream loses it.
#include "gateway/streams.h"

#include "gateway/era.h"
#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;
constexpr std::size_t kMostNames = 64;  // servers named in one round; beyond: everybody is told

bool concerns(const Stream& stream, const std::set<std::string>& changed) {
  if (!stream.wants_tools) return false;
  return stream.server.empty() || changed.contains("") || changed.contains(stream.server);
}

}  // namespace

Streams::Streams(loop::Loop& loop)
    : loop_(loop), gather_(loop, [this] { tell(); }), pulse_(loop, [this] { keep_alive(); }) {}

bool Streams::full() const { return streams_.size() >= limits::kStreams; }

void Streams::add(Stream stream) {
  if (!stream.session.empty()) end_session(stream.session);
  if (streams_.empty()) pulse_.start(limits::kKeepAliveSeconds * 1000LL);
  const Exchange* exchange = stream.exchange.get();
  stream.exchange->on_hang_up([this, exchange] { loop_.soon([this, exchange] { remove(exchange); }); });
  streams_.push_back(std::move(stream));
}

void Streams::remove(const Exchange* exchange) {
  std::erase_if(streams_, [&](const Stream& stream) { return stream.exchange.get() == exchange; });
}

void Streams::end_session(const std::string& session) {
  for (const Stream& stream : streams_)
    if (stream.session == session) stream.exchange->end_stream();
  std::erase_if(streams_, [&](const Stream& stream) { return stream.session == session; });
}

void Streams::tools_changed(const std::string& server) {
  if (streams_.empty()) return;
  if (changed_.empty()) gather_.start(kGatherMs);
  changed_.insert(changed_.size() < kMostNames ? server : "");
}

void Streams::tell() {
  const std::set<std::string> changed = std::exchange(changed_, {});
  for (const Stream& stream : streams_)
    if (concerns(stream, changed)) stream.exchange->send(event_of(list_changed(stream.subscription)));
}

// Also finds dead clients: a write that never drains ends the connection.
void Streams::keep_alive() {
  for (const Stream& stream : streams_) stream.exchange->send(": keep-alive\n\n");
  if (!streams_.empty()) pulse_.start(limits::kKeepAliveSeconds * 1000LL);
}

std::string event_of(std::string_view message) {
  return "event: message\ndata: " + std::string(message) + "\n\n";
}

std::string list_changed(std::string_view subscription) {
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed")";
  if (!subscription.empty())
    out += R"(,"params":{"_meta":{")" + std::string(kMetaSubscription) + R"(":)" + std::string(subscription) +
           "}}";
  return out + "}";
}

}  // namespace mcpbox::gateway
