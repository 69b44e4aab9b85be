// Which interpreter a tool needs: the packages that it uses beside the default modules.  One zygote per set,
// so that no call maps a package that it does not use.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/protocol/messages_manage.h"

namespace mcpbox::monitor {

struct Flavour {
  std::vector<std::string> packages;  // sorted, each once; none: the default

  friend auto operator<=>(const Flavour&, const Flavour&) = default;
  // "default", or "httpx", or "httpx+yaml": for status and the log.
  [[nodiscard]] std::string name() const;
};

// Packages that every tool may use without an approval.
inline constexpr std::string_view kFreePackages[] = {"httpx"};
// The one whose calls have a network.
inline constexpr std::string_view kNetworkPackage = "httpx";

// The packages among what a tool imports.  A module that is none of them belongs to the default ones, or its
// import fails in the call with words that say what to do.
//   modules    CodeReport::modules
//   available  the packages that this tool may use, at most limits::kPackagesPerFlavour
[[nodiscard]] Flavour flavour_of(const decltype(protocol::CodeReport::modules)& modules,
                                 std::span<const std::string_view> available = kFreePackages);

}  // namespace mcpbox::monitor
