// Why a question to the monitor was not answered as hoped, and what mcpboxctl makes of it.
#pragma once

#include <expected>
#include <string>

#include "admin/ctl/exit.h"
#include "privsep/base/error.h"

namespace mcpbox::ctl {

struct Failure {
  base::Why why = base::Why::kBroken;
  std::string text;       // for people; outside text, so only through visible()
  bool answered = false;  // true: the monitor said no; false: nobody answered
};

template <class T>
using Answer = std::expected<T, Failure>;

[[nodiscard]] Exit exit_of(const Failure& failure);

// Says it on standard error and returns exit_of().
[[nodiscard]] Exit report(const Failure& failure);

}  // namespace mcpbox::ctl
