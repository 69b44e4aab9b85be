// What the zygote is told before anything else: the packages that its interpreter is to hold.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "executor/python.h"

namespace mcpbox::executor {

struct FirstOrder {
  std::uint32_t serial = 0;  // for the answer
  std::vector<std::string> packages;
};

// Reads LoadPackages from `link`, in the launcher's namespaces but before the jail.
//   errors  kCancelled when the monitor went away; kInvalid when it is anything else, or a name is no
//   module's
[[nodiscard]] base::Result<FirstOrder> take_first_order(int link);

// The first package of the order that this machine does not have under `folder`.
[[nodiscard]] std::optional<std::string> missing_package(const FirstOrder& order, const char* folder);

// Answers: all are loaded, or this one is missing.
[[nodiscard]] base::Result<void> answer_first_order(int link, const FirstOrder& order,
                                                    const std::optional<std::string>& missing);

}  // namespace mcpbox::executor
