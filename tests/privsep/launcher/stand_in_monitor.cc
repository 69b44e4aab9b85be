// Stands in for the monitor: looks at everything it was handed, asks for children, and then behaves as the
// setting `spares` says.  Reports on standard error, which is the instance's log.
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "privsep/base/fd.h"
#include "privsep/base/handles.h"
#include "privsep/protocol/roles.h"
#include "privsep/wire/frame.h"
#include "privsep/wire/spawn.h"
#include "tests/privsep/launcher/scenario.h"

namespace {

using namespace mcpbox;
using Connection = std::unique_ptr<PGconn, base::FreeWith<PQfinish>>;
using Answer = std::unique_ptr<PGresult, base::FreeWith<PQclear>>;
using launcher::Scenario;
using wire::LauncherEvent;
using wire::LauncherEventKind;

struct Told {
  LauncherEvent event{};
  base::Fd link, pidfd;
};

Told listen_to_launcher() {
  Told told;
  iovec bytes{&told.event, sizeof told.event};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(wire::kMonitorLauncherFd, &message, MSG_CMSG_CLOEXEC) != sizeof told.event) _exit(11);
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
    std::array<int, 2> both = {-1, -1};
    std::memcpy(both.data(), CMSG_DATA(header), std::min(sizeof both, header->cmsg_len - CMSG_LEN(0)));
    told.link.reset(both[0]);
    told.pidfd.reset(both[1]);
  }
  return told;
}

void ask(protocol::Role role, std::uint32_t serial) {
  const wire::LauncherRequest request{
      .kind = wire::LauncherRequestKind::kSpawn, .role = set_of(role), .serial = serial};
  if (send(wire::kMonitorLauncherFd, &request, sizeof request, 0) != sizeof request) _exit(12);
}

// Asks what the process behind a descriptor holds, and reports whose file comes back.
void look_and_report(const base::Fd& process, std::uint32_t serial) {
  const wire::LauncherRequest request{.kind = wire::LauncherRequestKind::kLook, .role = 0, .serial = serial};
  const std::span<const unsigned char> bytes(reinterpret_cast<const unsigned char*>(&request),
                                             sizeof request);
  if (!wire::send_some(wire::kMonitorLauncherFd, bytes, {&process, 1})) _exit(14);
  const Told told = listen_to_launcher();
  std::array<char, 64> text{};
  const ssize_t length = told.link ? pread(told.link.get(), text.data(), text.size() - 1, 0) : 0;
  std::fprintf(stderr, "monitor: looked serial=%u kind=%u errno=%d more=%d pid=%d\n", told.event.serial,
               static_cast<unsigned>(told.event.kind), told.event.sys_errno, told.pidfd ? 1 : 0,
               length > 0 ? std::atoi(text.data()) : 0);
}

void say_alive(std::uint32_t serial) {
  const wire::LauncherRequest request{.kind = wire::LauncherRequestKind::kAlive, .role = 0, .serial = serial};
  if (send(wire::kMonitorLauncherFd, &request, sizeof request, 0) != sizeof request) _exit(15);
}

// Asks for one child and reports what it says of itself.  The child lives as long as the result.
Told spawn_and_report(protocol::Role role, std::uint32_t serial) {
  ask(role, serial);
  Told told = listen_to_launcher();
  if (told.event.kind != LauncherEventKind::kSpawned) {
    std::fprintf(stderr, "monitor: refused serial=%u errno=%d\n", told.event.serial, told.event.sys_errno);
    return told;
  }
  std::array<char, 512> text{};
  const ssize_t length = read(told.link.get(), text.data(), text.size() - 1);
  std::fprintf(stderr, "monitor: child serial=%u %s\n", told.event.serial,
               length > 0 ? text.data() : "silent");
  return told;
}

void try_database(const std::string& conninfo, const char* what) {
  const Connection connection(PQconnectdb(conninfo.c_str()));
  const Answer answer(PQexec(connection.get(), "SELECT current_user"));
  const bool in = PQresultStatus(answer.get()) == PGRES_TUPLES_OK;
  std::fprintf(stderr, "monitor: database %s %s\n", what, in ? PQgetvalue(answer.get(), 0, 0) : "refused");
}

void report(const wire::MonitorSettings& settings) {
  std::array<char, 64> key{};
  const ssize_t key_bytes = read(wire::kMonitorKeyFd, key.data(), key.size());
  // It is root's by its name; the open descriptor is what the monitor has of it.
  const bool head_is_open = (fcntl(wire::kMonitorHeadFd, F_GETFL) & O_ACCMODE) == O_RDWR;
  const bool sealed = write(wire::kMonitorSettingsFd, "x", 1) < 0 && errno == EPERM;
  int listening = 0;
  socklen_t size = sizeof listening;
  getsockopt(wire::kMonitorControlFd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
  std::fprintf(stderr,
               "monitor: uid=%u key=%zd head=%d sealed=%d control=%d missing=0x%x trial=%u listener=%s\n",
               getuid(), key_bytes, head_is_open ? 1 : 0, sealed ? 1 : 0, listening, settings.missing_allowed,
               settings.trial, settings.listeners[0].data());
}

int until_told_to_stop() {
  while (true) {
    const Told told = listen_to_launcher();
    if (told.event.kind == LauncherEventKind::kEnded)
      std::fprintf(stderr, "monitor: ended role=%u status=%d\n", told.event.role, told.event.wait_status);
    if (told.event.kind == LauncherEventKind::kStop) return 0;
  }
}

}  // namespace

int main() {
  wire::MonitorSettings settings{};
  if (read(wire::kMonitorSettingsFd, &settings, sizeof settings) != sizeof settings) return 10;
  report(settings);
  if (settings.database_embedded != 0) {
    const std::string working = settings.database.data();
    try_database(working, "working");
    std::string owner = working;
    owner.replace(owner.find("mcpbox_monitor"), std::strlen("mcpbox_monitor"), "mcpbox_owner");
    try_database(owner, "owner");
    std::string superuser = working;
    superuser.replace(superuser.find("mcpbox_monitor"), std::strlen("mcpbox_monitor"), "postgres");
    try_database(superuser, "superuser");
  }
  const Told gateway = spawn_and_report(protocol::Role::kNetLocal, 1);
  const Told zygote = spawn_and_report(protocol::Role::kZygote, 2);
  look_and_report(gateway.pidfd, 21);
  look_and_report(base::Fd(dup(wire::kMonitorSettingsFd)), 22);
  std::fprintf(stderr, "monitor: gateway pid=%d\n", gateway.event.pid);
  say_alive(20);
  const Told refused = spawn_and_report(protocol::Role::kMonitor, 3);

  switch (static_cast<Scenario>(settings.spares)) {
    case Scenario::kBehaves:
      return until_told_to_stop();
    case Scenario::kChildDies:
      kill(gateway.event.pid, SIGKILL);
      return until_told_to_stop();
    case Scenario::kEnds:
      return 5;
    case Scenario::kTalksNonsense:
      send(wire::kMonitorLauncherFd, "nonsense", 8 + 1, 0);
      return until_told_to_stop();
    case Scenario::kLooksAtNothing: {
      const wire::LauncherRequest request{.kind = wire::LauncherRequestKind::kLook, .role = 0, .serial = 9};
      send(wire::kMonitorLauncherFd, &request, sizeof request, 0);
      return until_told_to_stop();
    }
    case Scenario::kHangs:
      std::fprintf(stderr, "monitor: hanging\n");
      pause();
  }
  return 13;
}
