// What this machine has, as its zygotes saw it.  The monitor reads no folder: a zygote that is to load a
// package says whether it is there.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "privsep/monitor/flavour.h"
#include "privsep/monitor/grants.h"

namespace mcpbox::monitor {

class Modules {
 public:
  void note_missing(std::string_view package) { missing_.emplace(package); }
  void note_loaded(std::span<const std::string> packages) {
    for (const std::string& package : packages) missing_.erase(package);
  }

  // False when the last zygote that was to load it did not find it.
  [[nodiscard]] bool installed(std::string_view module) const;

 private:
  std::set<std::string, std::less<>> missing_;
};

// May tools import it: a default module, a free package, or one that a person approved?
[[nodiscard]] bool importable(const Grants& grants, std::string_view module);

// The interpreter that a tool needs for what it imports and may import.
[[nodiscard]] Flavour flavour_for(const Grants& grants,
                                  const decltype(protocol::CodeReport::modules)& modules);

// Everything in the flavour is still free or approved.
[[nodiscard]] bool still_allowed(const Grants& grants, const Flavour& flavour);

}  // namespace mcpbox::monitor
