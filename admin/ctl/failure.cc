// Runs in mcpboxctl.
#include "admin/ctl/failure.h"

#include "admin/ctl/output.h"

namespace mcpbox::ctl {

Exit exit_of(const Failure& failure) {
  if (!failure.answered) return Exit::kUnreachable;
  if (failure.why == base::Why::kNotFound) return Exit::kNotFound;
  if (failure.why == base::Why::kConflict) return Exit::kConflict;
  return Exit::kRefused;
}

Exit report(const Failure& failure) {
  complain(failure.text.empty() ? "the monitor refused without saying why" : failure.text);
  return exit_of(failure);
}

}  // namespace mcpbox::ctl
