// A whole call that a process makes with itself, of a tool of our own: over a socket pair both of whose ends
// it holds, through the same code as any other.  What a process does for the first time is dear: each page
// that it writes to is copied, and under a hypervisor that keeps page tables of its own each page that it so
// much as looks at costs a fault there.  A spare pays for both while it waits.
//
//   base::Result<Rehearsal> rehearsal = Rehearsal::learn(python);   // in the zygote, before its jail
//   ... fork ...
//   rehearsal->warm(python, link);                                  // in the spare, before its own
#pragma once

#include "executor/hot_pages.h"
#include "executor/python.h"
#include "privsep/wire/frame.h"

namespace mcpbox::executor {

class Rehearsal {
 public:
  // Makes the call and learns from a child which pages it takes.
  //   errors  as HotPages::learn()
  [[nodiscard]] static base::Result<Rehearsal> learn(Python& python);

  // In a child that is called at once: makes those pages its own, by the range.  A fault for each costs more,
  // and costs most where a page is looked at before it is written to.
  void copy_pages() const noexcept { hot_.copy(); }

  // In a child: makes those pages its own, and then makes the call; each until a job waits in `link`.
  void warm(Python& python, int link) const;

 private:
  // True when the call was answered.
  [[nodiscard]] bool play(Python& python) const;

  wire::Frame prepare_;
  wire::Frame go_;
  HotPages hot_;
};

}  // namespace mcpbox::executor
