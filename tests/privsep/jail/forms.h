// Which forms of the layers a test is to take.  ctest runs some tests twice: with what this kernel offers,
// and with what the oldest supported one does (MCPBOX_FORMS=least; read by tests only).
#pragma once

#include <cstdlib>
#include <string_view>

#include "privsep/jail/offers.h"

namespace mcpbox::test {

inline bool least_forms() {
  const char* const wanted = std::getenv("MCPBOX_FORMS");
  return wanted != nullptr && std::string_view(wanted) == "least";
}

inline jail::KernelOffers offers() { return least_forms() ? jail::kLeastOffers : jail::kernel_offers(); }

}  // namespace mcpbox::test
