// Runs in every daemon before its jail.  Asks the kernel, changes nothing.
#include "privsep/jail/offers.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace mcpbox::jail {
namespace {

constexpr long kVersionFlag = 1;  // LANDLOCK_CREATE_RULESET_VERSION
constexpr int kGetMdwe = 66;      // linux/prctl.h of kernel 6.3

}  // namespace

KernelOffers kernel_offers() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0L, kVersionFlag);
  return {.landlock_abi = std::max(abi, 0L), .write_xor_execute = ::prctl(kGetMdwe, 0, 0, 0, 0) >= 0};
}

}  // namespace mcpbox::jail
