// Event streams that stay open: the GET streams of legacy sessions, and subscriptions/listen of 2026-07-28.
// News are gathered for kGatherMs, so that ten changes in a row are told once.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "gateway/using_http.h"
#include "privsep/http/exchange.h"
#include "privsep/loop/loop.h"

namespace mcpbox::gateway {

// Whose each URI is: the name of its server.
using Subscriptions = std::map<std::string, std::string>;

struct Stream {
  std::shared_ptr<Exchange> exchange;  // begun
  std::string server;                  // of the endpoint; empty on /mcp
  std::string session;                 // legacy: whose stream it is
  std::string subscription;            // modern: the listen request's id, JSON text
  bool wants_tools = true;             // told when the tool list changes
  Subscriptions resources = {};        // modern: told when one of these changes
};

class Streams {
 public:
  explicit Streams(loop::Loop& loop);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  [[nodiscard]] bool full() const;
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

  // A session has one stream: a new one replaces the one before, which its client has lost.
  void add(Stream stream);
  void end_session(const std::string& session);
  // It is over: so are its subscriptions.
  void forget_session(const std::string& session);

  // resources/subscribe of a session: kept while this process lives.  False when it has too many.
  bool subscribe(const std::string& session, const std::string& uri, const std::string& server);
  void unsubscribe(const std::string& session, const std::string& uri);
  // A resource of this server changed.
  void resource_updated(const std::string& server, const std::string& uri);

  // The tools of this server changed; of several when empty.
  void tools_changed(const std::string& server);

 private:
  static constexpr std::int64_t kGatherMs = 100;

  void tell();
  void keep_alive();
  void remove(const Exchange* exchange);

  loop::Loop& loop_;
  std::list<Stream> streams_;
  std::set<std::string> changed_;
  std::map<std::string, Subscriptions> subscribed_;  // by legacy session
  loop::Timer gather_;
  loop::Timer pulse_;
};

// One server-sent event that carries a JSON-RPC message without line breaks.
[[nodiscard]] std::string event_of(std::string_view message);

// notifications/resources/updated, tagged likewise.
[[nodiscard]] std::string resource_update(std::string_view uri, std::string_view subscription);

// notifications/tools/list_changed, tagged when it goes to a subscription (JSON text of its id).
[[nodiscard]] std::string list_changed(std::string_view subscription);

}  // namespace mcpbox::gateway
