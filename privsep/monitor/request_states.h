// requestState of 2026-07-28: what a call that asked its caller wants to know when it is repeated.  Carried
// by the client, who can neither read, change, keep beyond its time, nor use twice what is sealed here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "privsep/base/clock.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

class RequestStates {
 public:
  // Whom and what a state belongs to: another caller, tool or digest does not open it.
  struct Owner {
    std::string_view who;
    wire::Id tool{};
    wire::Digest digest{};
  };
  struct Opened {
    wire::Id id{};
    std::string state;
  };

  RequestStates(const Keys& keys, const base::Clock& clock) : keys_(keys), clock_(clock) {}

  // Past limits::kRequestStates the oldest is forgotten.
  std::string seal(const Owner& owner, std::string_view state);

  // kInvalid unless it was sealed for this owner by this run of the monitor, less than
  // limits::kRequestStateMs ago, and was not redeemed.  Opening alone does not redeem.
  [[nodiscard]] base::Result<Opened> open(const Owner& owner, std::string_view sealed) const;
  // False when somebody else did meanwhile.
  bool redeem(const wire::Id& id);

 private:
  const Keys& keys_;
  const base::Clock& clock_;
  std::map<wire::Id, std::int64_t> issued_;  // and until when each is good
};

}  // namespace mcpbox::monitor
