// Whom the kernel's out-of-memory killer takes first: /proc/PID/oom_score_adj, from 1000 (first) to -1000
// (never). Calls are the first, because one of them is nearly always the cause and each is easily missed;
// what everything depends on is the last.  Only root may lower a number, so in a trial the negative ones stay
// as they were.
#pragma once

namespace mcpbox::policy {

inline constexpr int kOomCall = 1000;
inline constexpr int kOomZygote = 900;    // its death ends every call; the next one starts in a second
inline constexpr int kOomPassword = 500;  // one question is asked again
inline constexpr int kOomEgress = 300;    // its death ends the requests of calls
inline constexpr int kOomDialer = 300;    // the same, of those that are being connected
inline constexpr int kOomGateway = 100;   // its death closes connections
inline constexpr int kOomMigrate = 0;
inline constexpr int kOomMonitor = -900;   // everything is stopped with it
inline constexpr int kOomDatabase = -900;  // the same
inline constexpr int kOomLauncher = -950;  // the same, and it holds the least

static_assert(kOomCall > kOomZygote && kOomZygote > kOomGateway && kOomGateway > kOomMonitor);

}  // namespace mcpbox::policy
