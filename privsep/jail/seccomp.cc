// Runs in every daemon at the door of its jail.  Trusts the tables of policy/; decides nothing.
#include "privsep/jail/seccomp.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "privsep/base/fd.h"
#include "privsep/base/handles.h"
#include "privsep/jail/filter_check.h"

namespace mcpbox::jail {
namespace {

using Context = std::unique_ptr<void, base::FreeWith<seccomp_release>>;

constexpr std::size_t kMaxProgramBytes = BPF_MAXINSNS * sizeof(sock_filter);

std::uint32_t action(policy::Then then) {
  if (then.effect == policy::Effect::kAllow) return SCMP_ACT_ALLOW;
  if (then.effect == policy::Effect::kFail) return SCMP_ACT_ERRNO(static_cast<unsigned>(then.fail_errno));
  return SCMP_ACT_KILL_PROCESS;
}

int add(void* context, const policy::SyscallRule& rule) {
  std::array<scmp_arg_cmp, policy::kMaxTerms> terms{};
  unsigned count = 0;
  for (const policy::Term& term : rule.only_if.terms)
    if (term.mask != 0) terms[count++] = {term.argument, SCMP_CMP_MASKED_EQ, term.mask, term.value};
  return seccomp_rule_add_exact_array(context, action(rule.then), rule.call, count, terms.data());
}

bool set_up(void* context) {
  return seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
         seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
}

// Version 2.5.4 exports to a descriptor only.  A pipe, because a limit on file sizes would make a file's
// write deadly.
base::Result<std::vector<sock_filter>> exported(void* context) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) return base::fail_errno("jail: seccomp: no pipe");
  const base::Fd out(ends[0]);
  const base::Fd in(ends[1]);
  if (seccomp_export_bpf(context, in.get()) < 0)
    return base::fail(base::Why::kBroken, "jail: seccomp: no program");
  std::vector<sock_filter> program(kMaxProgramBytes / sizeof(sock_filter));
  const ssize_t got = ::read(out.get(), program.data(), kMaxProgramBytes);
  if (got <= 0 || static_cast<std::size_t>(got) % sizeof(sock_filter) != 0)
    return base::fail(base::Why::kBroken, "jail: seccomp: half a program");
  program.resize(static_cast<std::size_t>(got) / sizeof(sock_filter));
  return program;
}

std::unexpected<base::Error> fail_about(const char* text, int call) {
  return std::unexpected(base::Error{base::Why::kBroken, text, 0, name_of_call(call)});
}

}  // namespace

base::Result<std::vector<sock_filter>> compile(const policy::SyscallTable& table) {
  const Context context(seccomp_init(action(table.otherwise)));
  if (!context || !set_up(context.get()))
    return base::fail(base::Why::kBroken, "jail: seccomp: libseccomp refuses");
  for (const policy::SyscallRule& rule : table.rules)
    if (add(context.get(), rule) < 0)
      return base::fail(base::Why::kBroken, "jail: seccomp: a row is refused");
  return exported(context.get());
}

int load_filter(std::span<const sock_filter> program) noexcept {
  const sock_fprog loaded = {.len = static_cast<unsigned short>(program.size()),
                             .filter = const_cast<sock_filter*>(program.data())};
  return ::syscall(SYS_seccomp, static_cast<long>(SECCOMP_SET_MODE_FILTER), 0L, &loaded) < 0 ? errno : 0;
}

base::Result<void> verify_filter(const policy::SyscallTable& table) {
  const int call = first_not_in_force(table);
  if (call >= 0) return fail_about("jail: seccomp: loaded, and yet a call passes", call);
  return {};
}

base::Result<void> enter_seccomp(const policy::SyscallTable& table) {
  if (probes(table).empty())  // nothing that could be tried from inside without dying of it
    return base::fail(base::Why::kBroken, "jail: seccomp: a table that cannot be verified");
  const base::Result<std::vector<sock_filter>> program = compile(table);
  if (!program) return std::unexpected(program.error());
  const int call = first_difference(*program, table);
  if (call >= 0) return fail_about("jail: seccomp: the program does not say what its table says", call);
  const int failed = load_filter(*program);
  if (failed != 0) return base::fail(base::Why::kBroken, "jail: seccomp: not loaded", failed);
  return verify_filter(table);
}

}  // namespace mcpbox::jail
