// Runs in mcpboxctl: what tools may reach.  A decision names the row as it was shown, and says which approved
// tools it reaches before it is taken.
#include <unistd.h>

#include <charconv>
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/grant_text.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using protocol::GrantKind;
using protocol::GrantVerdict;

Exit usage(std::string_view text) {
  complain(text);
  return Exit::kUsage;
}

Exit list(const Options& options, std::optional<GrantKind> kind, const std::string& server) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::ReviewGrants question{.server = server};
  question.search = options.search;
  question.filter.kind = kind;
  if (!options.all) question.filter.state = protocol::GrantState::kPending;
  question.filter.page = options.page;
  const Answer<protocol::GrantPage> page = monitor->ask(question);
  if (!page) return report(page.error());
  print(options.json ? json_text(grants_json(*page).get())
                     : grants_text(*page, options.page, output_width()));
  return Exit::kOk;
}

Answer<protocol::GrantDetail> look(Connection& monitor, const wire::Id& id) {
  protocol::ShowGrant question{.grant = id};
  return monitor.ask(question);
}

// A person's yes, typed at the terminal after what it means was shown.
std::optional<Exit> agreed(const Options& options, const protocol::GrantDetail& detail) {
  if (options.yes && ::geteuid() == 0) return std::nullopt;
  if (options.yes) {
    complain("--yes approves without a question and is for root's scripts only");
    return Exit::kNotPermitted;
  }
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) {
    complain("approving: " + terminal.error());
    return Exit::kNotPermitted;
  }
  print(grant_text(detail));
  const bool private_too = options.private_too;
  const std::expected<std::string, std::string> typed = terminal->ask(
      std::string("\nApprove exactly this") + (private_too ? ", private addresses included" : "") +
          "? Type yes (anything else: no): ",
      8);
  if (typed && *typed == "yes") return std::nullopt;
  complain("nothing was approved");
  return Exit::kRefused;
}

struct Verb {
  std::string_view word;
  GrantVerdict verdict;
  std::string_view done;
};
constexpr Verb kVerbs[] = {{"approve", GrantVerdict::kApprove, "Approved"},
                           {"reject", GrantVerdict::kReject, "Rejected"},
                           {"revoke", GrantVerdict::kRevoke, "Revoked"},
                           {"delete", GrantVerdict::kDelete, "Deleted"}};

Exit decide(const Options& options, GrantKind kind, const Verb& verb) {
  const std::optional<wire::Id> id = uuid_from(options.words[2]);
  if (!id) return usage("an id is a UUID, as `mcpboxctl requests` shows it");
  if (verb.verdict == GrantVerdict::kReject && options.reason.value_or("").empty())
    return usage("a rejection wants --reason TEXT; the author sees it");
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::GrantDetail> detail = look(*monitor, *id);
  if (!detail) return report(detail.error());
  if (detail->grant.kind != kind)
    return usage("this id belongs to a " + std::string(name_of(detail->grant.kind)));
  if (verb.verdict == GrantVerdict::kApprove)
    if (const std::optional<Exit> no = agreed(options, *detail)) return *no;
  protocol::DecideGrant decision{.grant = *id, .sequence = detail->grant.sequence, .verdict = verb.verdict};
  decision.private_too = options.private_too;
  decision.reason = options.reason.value_or("");
  const Answer<protocol::GrantInfo> decided = monitor->ask(decision);
  if (!decided) return report(decided.error());
  print(options.json ? json_text(grant_json(*decided).get())
                     : std::string(verb.done) + " " + base::visible(subject_of(*decided)) + "\n");
  return Exit::kOk;
}

Exit added(const Options& options, const Answer<protocol::GrantDetail>& detail) {
  if (!detail) return report(detail.error());
  print(options.json ? json_text(grant_json(detail->grant).get()) : "Approved:\n" + grant_text(*detail));
  return Exit::kOk;
}

std::optional<policy::Methods> methods_from(std::string_view names) {
  policy::Methods methods = 0;
  while (!names.empty()) {
    const std::size_t end = names.find(',');
    const std::optional<policy::Methods> method = policy::method_of(names.substr(0, end));
    if (!method) return std::nullopt;
    methods = static_cast<policy::Methods>(methods | *method);
    if (end == std::string_view::npos) break;
    names.remove_prefix(end + 1);
  }
  return methods;
}

Exit add_host(const Options& options) {
  if (options.words.size() != 4)
    return usage("use: mcpboxctl network add SERVER HOST [--port N] [--private]");
  const std::optional<policy::Methods> methods = methods_from(options.method.value_or(""));
  if (!methods) return usage("--method wants names such as GET,HEAD");
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AddHost order{.server = options.words[2], .host = options.words[3], .port = options.port};
  order.methods = *methods;
  order.path = options.path.value_or("");
  order.private_too = options.private_too;
  order.justification = options.reason.value_or("");
  return added(options, monitor->ask(order));
}

Exit add_module(const Options& options) {
  if (options.words.size() != 3) return usage("use: mcpboxctl module add MODULE");
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AddModule order{.module = options.words[2], .justification = options.reason.value_or("")};
  return added(options, monitor->ask(order));
}

Exit manage(const Options& options, GrantKind kind) {
  const std::string& verb = options.words[1];
  if (verb == "list") return list(options, kind, options.words.size() > 2 ? options.words[2] : "");
  if (verb == "denied" && kind == GrantKind::kHost) return denied(options);
  if (verb == "add") return kind == GrantKind::kHost ? add_host(options) : add_module(options);
  for (const Verb& row : kVerbs)
    if (row.word == verb && options.words.size() == 3) return decide(options, kind, row);
  return usage("use: mcpboxctl " + options.words[0] + " list|add|approve|reject|revoke|delete|denied ...");
}

}  // namespace

Exit requests(const Options& options) {
  if (options.words.size() == 1) return list(options, std::nullopt, "");
  const std::optional<wire::Id> id = uuid_from(options.words[1]);
  if (!id) return list(options, std::nullopt, options.words[1]);
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::GrantDetail> detail = look(*monitor, *id);
  if (!detail) return report(detail.error());
  print(options.json ? json_text(grant_json(detail->grant).get()) : grant_text(*detail));
  return Exit::kOk;
}

Exit network(const Options& options) { return manage(options, GrantKind::kHost); }
Exit module(const Options& options) { return manage(options, GrantKind::kModule); }

}  // namespace mcpbox::ctl
