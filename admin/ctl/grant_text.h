// Hosts, modules and secrets in words for people and as JSON for scripts.
#pragma once

#include <optional>
#include <string>

#include "admin/ctl/json.h"
#include "privsep/protocol/messages_grants.h"
#include "privsep/protocol/messages_secrets.h"

namespace mcpbox::ctl {

[[nodiscard]] std::string uuid_text(const wire::Id& id);
// Nothing unless `text` is a UUID.
[[nodiscard]] std::optional<wire::Id> uuid_from(std::string_view text);

// "api.example.com:443", "nas.lan, any port", "yaml".
[[nodiscard]] std::string subject_of(const protocol::GrantInfo& grant);
[[nodiscard]] std::string grants_text(const protocol::GrantPage& page, std::uint32_t number,
                                      std::size_t width);
[[nodiscard]] Json grants_json(const protocol::GrantPage& page);
[[nodiscard]] Json grant_json(const protocol::GrantInfo& grant);
// Everything that a decision on it would mean.
[[nodiscard]] std::string grant_text(const protocol::GrantDetail& detail);

// "sealed, to api.example.com:443 as header Authorization: Bearer {}", "exposed to the code".
[[nodiscard]] std::string binding_text(const protocol::SecretBinding& binding);
[[nodiscard]] std::string secrets_text(const protocol::SecretPage& page, std::size_t width);
[[nodiscard]] Json secrets_json(const protocol::SecretPage& page);

}  // namespace mcpbox::ctl
