// The zygote's place and its children's among those that the kernel takes when memory runs out
// (policy/oom_order.h).  A child inherits the number that the zygote has while it forks: it could not set its
// own, with no /proc and no file to open.
#pragma once

#include "privsep/base/fd.h"

namespace mcpbox::jail {

class OomOrder {
 public:
  // Before the jail, which has no /proc.  Without one, calls stand where the zygote stands.
  static OomOrder open();
  // To be kept open through the jail; -1 when there is none.
  [[nodiscard]] int fd() const { return file_.get(); }

  // Around a fork, in the parent.
  void as_a_call() const noexcept;
  void as_itself() const noexcept;

 private:
  base::Fd file_;
};

}  // namespace mcpbox::jail
