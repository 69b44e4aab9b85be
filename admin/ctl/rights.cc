// Runs in mcpboxctl.  Who may decide is the monitor's decision; this file only carries the proof to it.
#include "admin/ctl/rights.h"

#include <unistd.h>

#include <utility>

#include "admin/ctl/output.h"
#include "admin/ctl/terminal.h"

namespace mcpbox::ctl {
namespace {

constexpr std::size_t kAdminNameBytes = 64;

Exit not_permitted(std::string_view reason) {
  complain(reason);
  return Exit::kNotPermitted;
}

std::optional<Exit> unlock(Connection& monitor) {
  if (monitor.daemon_uid() != 0)
    return not_permitted("the control socket was not made by root, so no password is sent to it");
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) return not_permitted("deciding wants an admin's password: " + terminal.error());
  const std::expected<std::string, std::string> admin = terminal->ask("Admin name: ", kAdminNameBytes);
  if (!admin) return not_permitted(admin.error());
  std::expected<std::string, std::string> password =
      terminal->ask_secret("Password: ", policy::limits::kPasswordBytes);
  if (!password) return not_permitted(password.error());

  protocol::Unlock proof{.admin = *admin, .password = *password};
  wipe(*password);
  const Answer<protocol::Done> unlocked = monitor.ask(proof);
  wipe(proof.password);
  if (unlocked) return std::nullopt;
  const Exit exit = report(unlocked.error());
  return exit == Exit::kRefused ? Exit::kNotPermitted : exit;
}

}  // namespace

std::optional<Exit> become_decider(Connection& monitor) {
  protocol::GetStatus question;
  const Answer<protocol::Status> status = monitor.ask(question);
  if (!status) return report(status.error());
  if (status->may_decide) {
    if (status->trial && ::geteuid() != 0)
      complain(
          "this is a trial: any program that runs as this user, a language model's shell included, can "
          "decide "
          "as you do now. There is no wall; an installation by root has one.");
    return std::nullopt;
  }
  if (status->needs_password) return unlock(monitor);
  return not_permitted(
      "this user may not decide: use sudo, or let root add you to the group mcpbox-admin and give an "
      "admin a password with `mcpboxctl admin set-password NAME`");
}

std::expected<Connection, Exit> open_to_decide(const Options& options) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return std::unexpected(report(monitor.error()));
  if (const std::optional<Exit> no = become_decider(*monitor)) return std::unexpected(*no);
  return std::move(*monitor);
}

}  // namespace mcpbox::ctl
