// A stand-in for a daemon: started by jail::spawn(), enters the jail of the kind it is told, reports on its
// link (3) how that went, and waits there until it is told to end.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "tests/privsep/jail/omit.h"
#include "tests/privsep/jail/probe_report.h"

namespace mcpbox {
namespace {

std::uint32_t number(const char* text) {
  std::uint32_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

jail::Jail jail_named(std::string_view kind, policy::Layers missing_allowed, std::span<const int> keep,
                      std::span<const char* const> shown) {
  if (kind == "monitor") return jail::jail_for_monitor(missing_allowed, keep, 0);
  if (kind == "gateway") return jail::jail_for_gateway(missing_allowed, keep);
  if (kind == "admin") return jail::jail_for_admin(missing_allowed, keep);
  if (kind == "zygote") return jail::jail_for_zygote(missing_allowed, keep);
  if (kind == "egress") return jail::jail_for_egress(missing_allowed, keep);
  if (kind == "dialer") return jail::jail_for_dialer(missing_allowed, keep, shown);
  return jail::jail_for_password(missing_allowed, keep);
}

int run(std::string_view kind, policy::Layers missing_allowed, uid_t own_uid, std::string_view forms) {
  constexpr std::array kKeep = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, test::kProbeLink};
  const std::vector<const char*> shown = jail::name_service_paths();
  jail::Jail mine = jail_named(kind, missing_allowed, kKeep, shown);
  mine.own_uid = own_uid;
  const base::Result<policy::Layers> on =
      forms == "least" ? jail::enter(mine, jail::kLeastOffers) : jail::enter(mine);

  test::ProbeReport report = {};
  report.entered = on.has_value() ? 1 : 0;
  if (on) report.layers = *on;
  if (!on) report.sys_errno = on.error().sys_errno;
  if (!on) std::strncpy(report.error.data(), on.error().text, report.error.size() - 1);
  if (::write(test::kProbeLink, &report, sizeof report) != sizeof report) return 1;
  char byte = 0;
  if (::read(test::kProbeLink, &byte, 1) < 0) return 1;
  if (byte != test::kTryForbidden) return 0;
  return ::syscall(SYS_getcwd, &byte, 1) < 0 ? errno : 0;
}

}  // namespace
}  // namespace mcpbox

// probe KIND MISSING_ALLOWED OWN_UID FORMS OMITTED
int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const std::string_view kind = std::string_view(argv[1]) == "monitor"   ? "monitor"
                                : std::string_view(argv[1]) == "gateway" ? "gateway"
                                : std::string_view(argv[1]) == "admin"   ? "admin"
                                : std::string_view(argv[1]) == "zygote"  ? "zygote"
                                : std::string_view(argv[1]) == "egress"  ? "egress"
                                : std::string_view(argv[1]) == "dialer"  ? "dialer"
                                                                         : "password";
  const std::uint32_t missing_allowed = mcpbox::number(argv[2]);
  const std::uint32_t own_uid = mcpbox::number(argv[3]);
  const std::string_view forms = std::string_view(argv[4]) == "least" ? "least" : "offered";
  if (!mcpbox::test::omit(argv[5])) return 2;
  mcpbox::jail::set_title(argc, argv, "mcpbox: [probe]");
  ::_exit(mcpbox::run(kind, missing_allowed, own_uid, forms));
}
