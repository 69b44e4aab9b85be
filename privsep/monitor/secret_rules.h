// What the answers about secrets share.
#pragma once

#include <string>

#include "privsep/monitor/secrets.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

class Monitor;

// A proposal may leave the host open; a value may not.
enum class Complete : std::uint8_t { kProposal, kForValue };

// Fills in what has a default and spells the host in its one way; kInvalid names the rule that is broken.
[[nodiscard]] base::Result<void> complete_binding(protocol::SecretBinding& binding, Complete complete);

[[nodiscard]] protocol::SecretInfo info_of(const StoredSecret& secret);
[[nodiscard]] base::Result<protocol::SecretPage> secret_page(const Monitor& m, const wire::Id& server,
                                                             std::uint32_t page, std::uint32_t page_size);

// Saves `next` under a new record, and makes it the secret when it is durable.
loop::Task<StoredSecret> save_secret(Monitor& m, std::string who, const char* action, StoredSecret next);

}  // namespace mcpbox::monitor
