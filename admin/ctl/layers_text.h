// Sets of isolation layers as people read them.
#pragma once

#include <string>

#include "admin/ctl/json.h"
#include "policy/layers.h"

namespace mcpbox::ctl {

// "own-uid, landlock"; "none" for the empty set.
[[nodiscard]] std::string names_of(policy::Layers layers);

[[nodiscard]] std::size_t count_of(policy::Layers layers);

// The better forms among them: "landlock-scopes, secret-memory"; "none".
[[nodiscard]] std::string names_of_forms(policy::Layers layers);
[[nodiscard]] Json json_of_forms(policy::Layers layers);
// A line per better form that is not among them: what it needs and what it would add.
[[nodiscard]] std::string missing_forms_of(policy::Layers layers, std::string_view indent);

// ["own-uid", "landlock"]
[[nodiscard]] Json json_of_layers(policy::Layers layers);

// A line per layer: its name and what nothing stops without it.
[[nodiscard]] std::string consequences_of(policy::Layers layers, std::string_view indent);

}  // namespace mcpbox::ctl
