// Runs a seccomp program on a made-up system call, as the kernel would, without loading it: a filter is
// checked against its table before it is loaded, because most of its answers could not be observed alive
// afterwards.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace mcpbox::jail {

using CallArguments = std::array<std::uint64_t, 6>;

inline seccomp_data made_up_call(int number, const CallArguments& arguments,
                                 std::uint32_t arch = AUDIT_ARCH_X86_64) {
  seccomp_data data = {};
  data.nr = number;
  data.arch = arch;
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  return data;
}

class BpfEvaluator {
 public:
  explicit BpfEvaluator(std::span<const sock_filter> program) : program_(program) {}

  // Returns SECCOMP_RET_...; kBadProgram for an instruction that no seccomp program may hold, or a jump
  // outside.
  static constexpr std::uint32_t kBadProgram = 0xdeadbeef;
  [[nodiscard]] std::uint32_t run(const seccomp_data& data) const {
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < program_.size(); ++at) {
      const sock_filter& step = program_[at];
      switch (step.code) {
        case BPF_RET | BPF_K:
          return step.k;
        case BPF_LD | BPF_W | BPF_ABS:
          if (step.k + sizeof a > sizeof data) return kBadProgram;
          std::memcpy(&a, reinterpret_cast<const char*>(&data) + step.k, sizeof a);
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          a &= step.k;
          break;
        case BPF_JMP | BPF_JA:
          at += step.k;
          break;
        case BPF_JMP | BPF_JEQ | BPF_K:
          at += a == step.k ? step.jt : step.jf;
          break;
        case BPF_JMP | BPF_JGE | BPF_K:
          at += a >= step.k ? step.jt : step.jf;
          break;
        case BPF_JMP | BPF_JGT | BPF_K:
          at += a > step.k ? step.jt : step.jf;
          break;
        default:
          return kBadProgram;
      }
    }
    return kBadProgram;
  }
  [[nodiscard]] std::uint32_t run(int number, const CallArguments& arguments) const {
    return run(made_up_call(number, arguments));
  }

 private:
  std::span<const sock_filter> program_;
};

}  // namespace mcpbox::jail
