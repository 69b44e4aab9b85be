// Calls whose results are awaited, so that a client can withdraw one.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/using_http.h"
#include "privsep/http/exchange.h"
#include "privsep/wire/fields.h"

namespace mcpbox::gateway {

struct CallInFlight {
  wire::Id request{};  // under which the monitor knows it
  wire::Id ticket{};
  std::string session;  // legacy
  std::string rpc_id;   // JSON text
  bool withdrawn = false;
  std::shared_ptr<Exchange> exchange;              // of the call, for what it says meanwhile
  std::string progress_token;                      // JSON text; empty: no progress is wanted
  bool streams = false;                            // its client takes events
  std::map<std::string, std::uint32_t> questions;  // by the id, as JSON text, under which the client got each
};

class CallsInFlight {
 public:
  // Leaves the list when it goes.
  class Entry {
   public:
    Entry(CallsInFlight& all, CallInFlight call)
        : all_(all), at_(all.calls_.insert(all.calls_.end(), std::move(call))) {}
    ~Entry() { all_.calls_.erase(at_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    [[nodiscard]] const CallInFlight& call() const { return *at_; }

   private:
    CallsInFlight& all_;
    std::list<CallInFlight>::iterator at_;
  };

  // Null when there is none: it ended already, or never was.
  CallInFlight* find(std::string_view session, std::string_view rpc_id) {
    for (CallInFlight& call : calls_)
      if (!session.empty() && call.session == session && call.rpc_id == rpc_id) return &call;
    return nullptr;
  }
  CallInFlight* find(const wire::Id& request) {
    for (CallInFlight& call : calls_)
      if (call.request == request) return &call;
    return nullptr;
  }
  // The call that asked this session's client under this id.
  CallInFlight* find_question(std::string_view session, const std::string& id) {
    for (CallInFlight& call : calls_)
      if (!session.empty() && call.session == session && call.questions.contains(id)) return &call;
    return nullptr;
  }
  [[nodiscard]] std::size_t size() const { return calls_.size(); }

 private:
  std::list<CallInFlight> calls_;
};

}  // namespace mcpbox::gateway
