// Event streams that stay open: the GET streams of legacy sessions, and subscriptions/listen of 2026-07-28.
// News are gathered for kGatherMs, so that ten changes in a row are told once.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "gateway/using_http.h"
#include "privsep/http/exchange.h"
#include "privsep/loop/loop.h"
#include "privsep/protocol/messages_gateway.h"

namespace mcpbox::gateway {

// Whose each URI is: the name of its server.
using Subscriptions = std::map<std::string, std::string>;

struct Stream {
  std::shared_ptr<Exchange> exchange;         // begun
  std::string who;                            // its client, as the monitor calls it
  std::string server;                         // of the endpoint; empty on /mcp
  std::string session;                        // legacy: whose stream it is
  std::string subscription;                   // modern: the listen request's id, JSON text
  std::uint32_t lists = protocol::kAllLists;  // told when one of these changes
  Subscriptions resources = {};               // modern: told when one of these changes
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

  // resources/subscribe of a session: the monitor keeps it, this is what its stream is told by.  False when
  // it has too many.
  bool subscribe(const std::string& session, const std::string& uri, const std::string& server);
  void unsubscribe(const std::string& session, const std::string& uri);
  // A resource of this server changed.
  void resource_updated(const std::string& server, const std::string& uri);

  // MCPbox stops, or this caller may not come any more: each stream ends as its protocol says.
  void end_all();
  void end_all_of(const std::string& who);

  // Lists of this server changed; of several servers when empty.
  void lists_changed(const std::string& server, std::uint32_t lists);

 private:
  static constexpr std::int64_t kGatherMs = 100;

  void tell();
  void end_where(const std::function<bool(const Stream&)>& is_meant);
  void keep_alive();
  void remove(const Exchange* exchange);

  loop::Loop& loop_;
  std::list<Stream> streams_;
  std::map<std::string, std::uint32_t> changed_;     // by server: its lists
  std::map<std::string, Subscriptions> subscribed_;  // by legacy session
  loop::Timer gather_;
  loop::Timer pulse_;
};

// One server-sent event that carries a JSON-RPC message without line breaks.
[[nodiscard]] std::string event_of(std::string_view message);

// notifications/resources/updated, tagged likewise.
[[nodiscard]] std::string resource_update(std::string_view uri, std::string_view subscription);

// What a list is called: where news of it are sent, and how subscriptions/listen asks for them.
struct ListName {
  std::uint32_t list;
  std::string_view noun;
  const char* wish;
};
inline constexpr ListName kListNames[] = {{protocol::kToolList, "tools", "toolsListChanged"},
                                          {protocol::kPromptList, "prompts", "promptsListChanged"},
                                          {protocol::kResourceList, "resources", "resourcesListChanged"}};

// notifications/tools/list_changed, or of another list, tagged when it goes to a subscription (JSON text of
// its id).
[[nodiscard]] std::string list_changed(std::string_view noun, std::string_view subscription);

}  // namespace mcpbox::gateway
