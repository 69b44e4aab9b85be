// Runs in the gateways.  Trusts nothing: a client that does not read its stream loses it.
#include "gateway/streams.h"

#include <algorithm>
#include <utility>

#include "gateway/era.h"
#include "gateway/jsonrpc.h"
#include "policy/limits.h"
#include "privsep/http/json.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;
constexpr std::size_t kMostNames = 64;  // servers named in one round; beyond: everybody is told

using Changed = std::map<std::string, std::uint32_t>;

// As its protocol says.
void end(const Stream& stream) {
  if (!stream.subscription.empty())
    stream.exchange->send(event_of(result_body(
        stream.subscription, R"({"resultType":"complete","_meta":{")" + std::string(kMetaSubscription) +
                                 R"(":)" + stream.subscription + "}}")));
  stream.exchange->end_stream();
}

// Which lists of those that changed this stream wants to hear of.
std::uint32_t news_for(const Stream& stream, const Changed& changed) {
  std::uint32_t lists = 0;
  for (const auto& [server, of_it] : changed)
    if (stream.server.empty() || server.empty() || server == stream.server) lists |= of_it;
  return lists & stream.lists;
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
  for (const Stream& stream : streams_)
    if (stream.exchange.get() == exchange) subscribed_.erase(stream.session);
  std::erase_if(streams_, [&](const Stream& stream) { return stream.exchange.get() == exchange; });
}

void Streams::end_where(const std::function<bool(const Stream&)>& is_meant) {
  for (const Stream& stream : streams_)
    if (is_meant(stream)) {
      subscribed_.erase(stream.session);
      end(stream);
    }
  std::erase_if(streams_, is_meant);
}

void Streams::end_session(const std::string& session) {
  end_where([&](const Stream& stream) { return stream.session == session; });
}

void Streams::forget_session(const std::string& session) { end_session(session); }

// Of a session without a stream nothing is kept here: the monitor knows its wishes when one is opened.
bool Streams::subscribe(const std::string& session, const std::string& uri, const std::string& server) {
  if (std::ranges::none_of(streams_, [&](const Stream& stream) { return stream.session == session; }))
    return true;
  Subscriptions& own = subscribed_[session];
  if (!own.contains(uri) && own.size() >= limits::kSubscriptions) return false;
  own[uri] = server;
  return true;
}

void Streams::unsubscribe(const std::string& session, const std::string& uri) {
  const auto found = subscribed_.find(session);
  if (found == subscribed_.end()) return;
  found->second.erase(uri);
  if (found->second.empty()) subscribed_.erase(found);
}

// An update is no loss to a client that is behind: it reads the resource when it has caught up.
void Streams::resource_updated(const std::string& server, const std::string& uri) {
  const auto has = [&](const Subscriptions& wanted) {
    const auto found = wanted.find(uri);
    return found != wanted.end() && found->second == server;
  };
  for (const Stream& stream : streams_) {
    const auto of_session = subscribed_.find(stream.session);
    const bool wanted = has(stream.resources) || (of_session != subscribed_.end() && has(of_session->second));
    if (wanted && stream.exchange->unsent_bytes() < limits::kStreamQueueBytes / 2)
      stream.exchange->send(event_of(resource_update(uri, stream.subscription)));
  }
}

void Streams::lists_changed(const std::string& server, std::uint32_t lists) {
  if (streams_.empty()) return;
  if (changed_.empty()) gather_.start(kGatherMs);
  changed_[changed_.size() < kMostNames ? server : ""] |= lists;
}

void Streams::tell() {
  const Changed changed = std::exchange(changed_, {});
  for (const Stream& stream : streams_) {
    const std::uint32_t lists = news_for(stream, changed);
    for (const ListName& name : kListNames)
      if ((lists & name.list) != 0)
        stream.exchange->send(event_of(list_changed(name.noun, stream.subscription)));
  }
}

void Streams::end_all() {
  tell();
  for (const Stream& stream : std::exchange(streams_, {})) end(stream);
}

void Streams::end_all_of(const std::string& who) {
  end_where([&](const Stream& stream) { return stream.who == who; });
}

// Also finds dead clients: a write that never drains ends the connection.
void Streams::keep_alive() {
  for (const Stream& stream : streams_) stream.exchange->send(": keep-alive\n\n");
  if (!streams_.empty()) pulse_.start(limits::kKeepAliveSeconds * 1000LL);
}

std::string event_of(std::string_view message) {
  return "event: message\ndata: " + std::string(message) + "\n\n";
}

std::string list_changed(std::string_view noun, std::string_view subscription) {
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/)" + std::string(noun) + R"(/list_changed")";
  if (!subscription.empty())
    out += R"(,"params":{"_meta":{")" + std::string(kMetaSubscription) + R"(":)" + std::string(subscription) +
           "}}";
  return out + "}";
}

std::string resource_update(std::string_view uri, std::string_view subscription) {
  std::string out =
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":)" + quoted(uri);
  if (!subscription.empty())
    out += R"(,"_meta":{")" + std::string(kMetaSubscription) + R"(":)" + std::string(subscription) + "}";
  return out + "}}";
}

}  // namespace mcpbox::gateway
