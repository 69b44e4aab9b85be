// The seccomp tables, one per kind of process: policy/seccomp_<kind>.cc.
#pragma once

#include "policy/syscall_rule.h"

namespace mcpbox::policy {

extern const SyscallTable kMonitorCalls;     // the database on a Unix socket
extern const SyscallTable kMonitorTcpCalls;  // the database over TCP, and no Unix socket
extern const SyscallTable kGatewayCalls;
extern const SyscallTable kAdminCalls;
extern const SyscallTable kZygoteCalls;  // stage 1: until the zygote ends, and under every call
extern const SyscallTable kCallCalls;    // stage 2: added to stage 1 in each call child
extern const SyscallTable kPasswordCalls;
extern const SyscallTable kEgressCalls;
extern const SyscallTable kDialerCalls;

}  // namespace mcpbox::policy
