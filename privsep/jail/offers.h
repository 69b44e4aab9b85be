// What this kernel can do beyond what every supported one can.  A jail takes its required form everywhere and
// the better one where the kernel offers it (policy/layers.h: kBetterForms); tests pass less than the kernel
// offers.
#pragma once

namespace mcpbox::jail {

struct KernelOffers {
  long landlock_abi = 0;           // 0: none
  bool write_xor_execute = false;  // PR_SET_MDWE
};

// What Linux 6.1, the oldest that is supported, offers.  Less is refused.
inline constexpr KernelOffers kLeastOffers{.landlock_abi = 2, .write_xor_execute = false};

// Asks the kernel.
[[nodiscard]] KernelOffers kernel_offers();

}  // namespace mcpbox::jail
