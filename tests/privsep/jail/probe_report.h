// What probe_main.cc writes on its link.
#pragma once

#include <array>
#include <cstdint>

namespace mcpbox::test {

inline constexpr int kProbeLink = 3;
inline constexpr char kTryForbidden = 'x';  // to the probe: make a call that no table names

struct ProbeReport {
  std::uint32_t entered;
  std::uint32_t layers;
  std::int32_t sys_errno;
  std::array<char, 128> error;
};

}  // namespace mcpbox::test
