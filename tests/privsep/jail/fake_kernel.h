// System calls replaced at link time (-Wl,--wrap).  One call can be made to fail, or to lie: to say yes and
// do nothing.
//   Mode::kReal  every other call goes to the real kernel
//   Mode::kFake  every other call changes or reads the made-up process below, so a whole jail can be entered
//   in a test
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <vector>

namespace mcpbox::test {

enum class Mode : unsigned char { kReal, kFake };

struct Fault {
  const char* call;     // "prctl"
  long selector;        // its option or number, where there are several; 0: any
  int error;            // 0: lie
  const char* outcome;  // what the code under test must say: the beginning of its error
  const char* name;     // of the test
};

inline constexpr int kCapabilities = 41;
inline constexpr int kFakeFd = 1000;  // the first made-up descriptor

struct FakeKernel {
  Mode mode = Mode::kReal;
  const Fault* fault = nullptr;
  bool ordered = false;  // the calls that enter a layer report themselves with function_called()

  std::uint64_t bounding = (std::uint64_t{1} << kCapabilities) - 1;
  std::uint64_t held = 1u << 21 | 1u << 8;
  std::uint64_t ambient = 1u << 21 | 1u << 8;
  bool no_new_privileges = false;
  bool dumpable = true;
  bool no_new_code = false;
  bool tmpfs_mounted = false;
  bool pivoted = false;
  bool old_root_gone = false;
  bool read_only = false;
  bool landlocked = false;
  std::vector<sock_filter> filter;  // the last program that was loaded: its answers are given
  std::array<rlimit, RLIM_NLIMITS> limits;
  std::array<bool, 16> open_fds;
};

// Begins and ends the pretence.  The code under test must not assert in between: nothing works.
void pretend(Mode mode, const Fault* fault);
void stop_pretending();
void expect_calls_in_order();
[[nodiscard]] const FakeKernel& fake_kernel();

}  // namespace mcpbox::test
