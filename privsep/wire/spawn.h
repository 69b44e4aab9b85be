// What monitor and launcher say to each other, and what the launcher hands to the monitor at its start.
// Plain structs of fixed size: the launcher is root, links libc only, and must not contain a decoder.
// Both ends are built together, so the layout is simply the compiler's.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace mcpbox::wire {

// Descriptors of the monitor at exec.  Its other end of kMonitorLauncherFd is a SOCK_SEQPACKET in the
// launcher.
inline constexpr int kMonitorLauncherFd = 3;  // LauncherRequest out, LauncherEvent in
inline constexpr int kMonitorSettingsFd = 4;  // sealed memfd holding one MonitorSettings
inline constexpr int kMonitorKeyFd = 5;       // memfd holding the 32-byte master key
inline constexpr int kMonitorControlFd = 6;   // listening Unix stream socket STATE/control.sock
inline constexpr int kMonitorGroupsFd = 8;    // SOCK_SEQPACKET, closed at the other end: what waits in it are
                                              // the cgroup.procs of the control groups for calls, at most two
                                              // (wire::kMaxFds) a message; nothing where there are none
inline constexpr int kMonitorHeadFd = 7;      // STATE/audit.head, opened read-write

// Descriptors of every other child at exec.
inline constexpr int kChildLinkFd = 3;  // SOCK_STREAM to the monitor, frames of wire/frame.h
inline constexpr int kFirstListenerFd =
    4;  // gateway, admin: their listening sockets, 4, 5, ... (argv --listeners N)

// mcpbox-migrate, run once before the monitor and waited for, as the database's owner:
//   argv         mcpbox-migrate --database CONNINFO --working-role ROLE
//                CONNINFO is libpq's key='value' form and never holds a password; ROLE is whom the monitor
//                connects as: mcpbox_monitor in the embedded database, whose owner is mcpbox_owner
//   environment  PGPASSWORD when the configured URL has a password, and nothing else (read by libpq itself,
//                and closed to other users, as a command line is not)
//   exit         0: the schema is what this build needs; anything else stops the launcher

// Monitor -> launcher: the two questions that the launcher answers, and a sign of life.
enum class LauncherRequestKind : std::uint32_t {
  kSpawn = 1,  // start the process of this role
  kLook,       // carries SCM_RIGHTS {pidfd}: how much memory does that process hold?
  kAlive,      // the monitor's loop turns: passed on to the service manager's watchdog, and not answered
};
inline constexpr std::int64_t kAliveMs = 10'000;  // between two signs of life, while the monitor serves
struct LauncherRequest {
  LauncherRequestKind kind;
  std::uint32_t role;    // kSpawn: a protocol::Role with a row in the launcher's table, else kRefused
  std::uint32_t serial;  // echoed
};

enum class LauncherEventKind : std::uint32_t {
  kSpawned = 1,  // carries SCM_RIGHTS {link, pidfd}
  kRefused,      // no such role or process, or fork/exec failed: sys_errno
  kEnded,        // a child was reaped: pid and wait status
  kStop,         // SIGTERM or SIGINT reached the launcher: finish and exit
  kLooked,       // carries SCM_RIGHTS {/proc/PID/stat of that process, open for reading}
};

// Launcher -> monitor.
struct LauncherEvent {
  LauncherEventKind kind;
  std::uint32_t serial;
  std::uint32_t role;
  std::int32_t pid;
  std::int32_t wait_status;
  std::int32_t sys_errno;
};

inline constexpr std::size_t kMaxListeners = 8;
inline constexpr std::size_t kMaxAdminListeners = 2;
inline constexpr std::size_t kMaxTunnelListeners = 1;
inline constexpr std::size_t kMaxAllowedUsers = 16;

// A user of this machine whose programs may use the local listener.
struct AllowedUser {
  std::uint32_t uid;
  std::array<char, 33> name;  // NUL-terminated; empty: the slot is unused
};

// Everything that the monitor may know of the configuration, already checked by the launcher.
struct MonitorSettings {
  std::uint32_t size;  // sizeof(MonitorSettings): a different build is refused
  std::uint32_t
      missing_allowed;      // mask of policy::Layer bits that `missing-layers` gave up; 0 in full isolation
  std::uint32_t admin_gid;  // group that may decide after a password; 0xffffffff when there is none
  std::uint32_t owner_uid;  // uid that counts as root on the control socket: 0, or the user of a trial
  std::uint32_t trial;      // 1 when `isolation = trial`
  std::uint32_t spares;     // idle call children to keep; 0 = two per core
  std::uint32_t requests_per_minute;  // of one caller; 0 = limits::kRequestsPerMinute
  std::uint32_t calls_memory_mb;      // what all calls together may hold at most; 0 = half of the machine's
  std::uint32_t database_embedded;    // 1 when the launcher runs the database
  std::uint16_t database_port;        // TCP port that the monitor's jail leaves reachable; 0: a Unix socket
  std::uint8_t database_remote;       // 1 when the database is on another machine
  std::uint8_t database_encrypted;    // 1 when the connection to it is TLS
  std::array<char, 1024> database;    // libpq connection string of the working role, NUL-terminated
  std::array<AllowedUser, kMaxAllowedUsers> allowed_users;    // `allow-user`, and who started a `make run`
  std::array<std::array<char, 64>, kMaxListeners> listeners;  // "127.0.0.1:8000", for status; empty = unused
  std::array<std::array<char, 64>, kMaxAdminListeners> admin_listeners;    // of the admin process; the same
  std::array<std::array<char, 64>, kMaxTunnelListeners> tunnel_listeners;  // of the tunnel; none: no tunnel
};

static_assert(std::is_trivially_copyable_v<LauncherRequest> && std::is_trivially_copyable_v<LauncherEvent> &&
              std::is_trivially_copyable_v<MonitorSettings>);

}  // namespace mcpbox::wire
