// What the answers about grants share.
#pragma once

#include <string>
#include <string_view>

#include "privsep/monitor/audit_record.h"
#include "privsep/monitor/grants.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

class Monitor;

[[nodiscard]] protocol::GrantInfo info_of(const Monitor& m, const Grant& grant);
// One page of what a filter chooses; kInvalid when the page is none.
//   search  in the name, the justification, or the name of the tool or the server; empty: all
[[nodiscard]] base::Result<protocol::GrantPage> page_of(const Monitor& m, const protocol::GrantFilter& filter,
                                                        std::string_view search = {});
[[nodiscard]] AuditRecord record_of(const Monitor& m, AuditKind kind, std::string who, const char* action,
                                    const Grant& grant);

// Saves `next` under the record's sequence, and makes it the grant when it is durable.  Its row must be in
// memory: one that went meanwhile stays away.
loop::Task<Grant> save_grant(Monitor& m, AuditRecord record, Grant next);

// While it lives, other decisions on the grant are refused.
class GrantMark {
 public:
  GrantMark(Grants& grants, const wire::Id& id) : grants_(grants), id_(id) { set(true); }
  GrantMark(const GrantMark&) = delete;
  GrantMark& operator=(const GrantMark&) = delete;
  ~GrantMark() { set(false); }

 private:
  void set(bool saving) {
    if (Grant* grant = grants_.find(id_)) grant->saving = saving;
  }
  Grants& grants_;
  wire::Id id_;
};

}  // namespace mcpbox::monitor
