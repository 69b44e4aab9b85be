// Runs in the monitor.  Pure.  Compares names of the compile child with a list of its own; reads none of
// them.
#include "privsep/monitor/flavour.h"

#include <algorithm>

namespace mcpbox::monitor {

std::string Flavour::name() const {
  std::string joined;
  for (const std::string& package : packages) joined += (joined.empty() ? "" : "+") + package;
  return joined.empty() ? "default" : joined;
}

Flavour flavour_of(const decltype(protocol::CodeReport::modules)& modules,
                   std::span<const std::string_view> available) {
  Flavour flavour;
  for (const std::string_view package : available)
    if (std::ranges::any_of(modules, [package](const std::string& module) { return module == package; }))
      flavour.packages.emplace_back(package);
  std::ranges::sort(flavour.packages);
  const auto twice = std::ranges::unique(flavour.packages);
  flavour.packages.erase(twice.begin(), twice.end());
  return flavour;
}

}  // namespace mcpbox::monitor
