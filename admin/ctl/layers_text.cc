// Runs in mcpboxctl.
#include "admin/ctl/layers_text.h"

#include <bit>

namespace mcpbox::ctl {

std::string names_of(policy::Layers layers) {
  std::string names;
  for (const policy::LayerName& row : policy::kLayerNames)
    if (policy::contains(layers, row.layer)) names.append(names.empty() ? "" : ", ").append(row.name);
  return names.empty() ? "none" : names;
}

std::size_t count_of(policy::Layers layers) {
  return static_cast<std::size_t>(std::popcount(layers & policy::kLayerBits));
}

std::string names_of_forms(policy::Layers layers) {
  std::string names;
  for (const policy::BetterForm& row : policy::kBetterForms)
    if (policy::contains(layers, row.form)) names.append(names.empty() ? "" : ", ").append(row.name);
  return names.empty() ? "none" : names;
}

std::string missing_forms_of(policy::Layers layers, std::string_view indent) {
  std::string lines;
  for (const policy::BetterForm& row : policy::kBetterForms) {
    if (policy::contains(layers, row.form)) continue;
    lines.append(indent).append(row.name).append(" (needs ").append(row.needs);
    lines.append(") would also stop ").append(row.adds).append("\n");
  }
  return lines;
}

Json json_of_forms(policy::Layers layers) {
  Json list(json_array());
  for (const policy::BetterForm& row : policy::kBetterForms)
    if (policy::contains(layers, row.form)) json_array_append_new(list.get(), json_of(row.name).release());
  return list;
}

Json json_of_layers(policy::Layers layers) {
  Json list(json_array());
  for (const policy::LayerName& row : policy::kLayerNames)
    if (policy::contains(layers, row.layer)) json_array_append_new(list.get(), json_of(row.name).release());
  return list;
}

std::string consequences_of(policy::Layers layers, std::string_view indent) {
  std::string lines;
  for (const policy::LayerName& row : policy::kLayerNames)
    if (policy::contains(layers, row.layer))
      lines.append(indent)
          .append(row.name)
          .append(": without it nothing stops ")
          .append(row.stops)
          .append("\n");
  return lines;
}

}  // namespace mcpbox::ctl
