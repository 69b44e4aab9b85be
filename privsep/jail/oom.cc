// Runs in the zygote, around each fork.  Only writes to its own /proc/self/oom_score_adj, opened before the
// jail.
#include "privsep/jail/oom.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "policy/oom_order.h"

namespace mcpbox::jail {
namespace {

// Not formatted each time: it is on the way of every call.
constexpr std::string_view kCall = "1000", kZygote = "900";
static_assert(policy::kOomCall == 1000 && policy::kOomZygote == 900);

// A number that is not taken costs an order among victims, and no wall.
void set(int file, std::string_view score) noexcept {
  if (file >= 0 && ::write(file, score.data(), score.size()) < 0) return;
}

}  // namespace

OomOrder OomOrder::open() {
  OomOrder order;
  order.file_.reset(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  return order;
}

void OomOrder::as_a_call() const noexcept { set(file_.get(), kCall); }
void OomOrder::as_itself() const noexcept { set(file_.get(), kZygote); }

}  // namespace mcpbox::jail
