// Runs in the monitor.  Pure.
#include "privsep/monitor/modules.h"

#include <algorithm>

namespace mcpbox::monitor {
namespace {

bool is_free(std::string_view package) {
  return std::ranges::find(kFreePackages, package) != std::end(kFreePackages);
}

}  // namespace

bool Modules::installed(std::string_view module) const {
  return policy::is_standard_library(module) || !missing_.contains(policy::top_level(module));
}

bool importable(const Grants& grants, std::string_view module) {
  return policy::is_default_module(module) || is_free(policy::top_level(module)) ||
         grants.for_module(module) != nullptr;
}

Flavour flavour_for(const Grants& grants, const decltype(protocol::CodeReport::modules)& modules) {
  std::vector<std::string> approved = grants.modules();
  std::vector<std::string_view> available(std::begin(kFreePackages), std::end(kFreePackages));
  available.insert(available.end(), approved.begin(), approved.end());
  return flavour_of(modules, available);
}

bool still_allowed(const Grants& grants, const Flavour& flavour) {
  return std::ranges::all_of(flavour.packages,
                             [&grants](const std::string& package) { return importable(grants, package); });
}

}  // namespace mcpbox::monitor
