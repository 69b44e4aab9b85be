// Runs in mcpboxctl, with the rights of whoever asks: what cannot be seen is said, not guessed.
#include "admin/ctl/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/layers_text.h"
#include "admin/ctl/output.h"
#include "admin/ctl/status_text.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string contents(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// An instance of `make run` keeps its configuration in its folder, an installation in /etc.
std::string config_beside(const std::string& folder) {
  std::string own = folder + "/mcpbox.conf";
  return ::access(own.c_str(), F_OK) == 0 ? own : "/etc/mcpbox/mcpbox.conf";
}

Finding process_finding(const protocol::Status& status, const protocol::ProcessStatus& process) {
  if (!process.serving)
    return {Health::kProblem,
            process.role + " is not serving, after " + std::to_string(process.restarts) + " restarts",
            "its last words are in the log"};
  if (const policy::Layers bad = unexcused(status, process); bad != 0)
    return {Health::kProblem, process.role + " runs without " + names_of(bad),
            "stop it; find out in the log why they could not be had"};
  return {Health::kGood,
          process.role + " serves with " + std::to_string(count_of(process.layers)) + " layers on", ""};
}

Findings attack_jail(Connection& monitor, const Options& options, const protocol::Status& status) {
  if (!status.may_decide)
    return {{Health::kNote, "the jail was not attacked: only root may order that", "sudo mcpboxctl doctor"}};
  protocol::SelfAttack order{.long_corpus = options.long_attack};
  const Answer<protocol::AttackReport> report = monitor.ask(order);
  if (report) return look_at_attack(*report);
  return {{Health::kProblem, "the jail was not attacked: " + report.error().text, "look into the log"}};
}

Findings look_at_daemon(const Options& options) {
  const std::string path = socket_path(options);
  Answer<Connection> monitor = Connection::open(path);
  if (!monitor)
    return {{Health::kProblem, monitor.error().text, "start MCPbox, or name its state folder with --state"}};
  Findings findings = {{Health::kGood, "the monitor answers at " + path, ""}};
  protocol::GetStatus question;
  const Answer<protocol::Status> status = monitor->ask(question);
  if (!status) {
    findings.push_back({Health::kProblem, "no status: " + status.error().text, "look into the log"});
    return findings;
  }
  append(findings, look_at_status(*status));
  append(findings, look_at_listeners(*status, contents("/proc/net/tcp") + contents("/proc/net/tcp6")));
  append(findings, attack_jail(*monitor, options, *status));
  return findings;
}

std::string_view mark_of(Health health) {
  if (health == Health::kProblem) return "PROBLEM  ";
  return health == Health::kNote ? "note     " : "ok       ";
}

std::string findings_text(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out.append(mark_of(finding.health)).append(base::visible(finding.what)).append("\n");
    if (!finding.fix.empty()) out.append("           -> ").append(base::visible(finding.fix)).append("\n");
  }
  const auto problems = std::ranges::count(findings, Health::kProblem, &Finding::health);
  return out + (problems == 0 ? "Nothing is wrong.\n" : std::to_string(problems) + " to put right.\n");
}

Json findings_json(const Findings& findings) {
  constexpr std::string_view kNames[] = {"ok", "note", "problem"};
  Json list(json_array());
  for (const Finding& finding : findings)
    json_array_append_new(list.get(), Object()
                                          .text("health", kNames[static_cast<unsigned>(finding.health)])
                                          .text("what", finding.what)
                                          .text("fix", finding.fix)
                                          .take()
                                          .release());
  return Object().member("findings", std::move(list)).take();
}

}  // namespace

Findings look_at_status(const protocol::Status& status) {
  Findings findings;
  if (status.trial)
    findings.push_back({Health::kNote, "isolation is trial: given up are " + names_of(status.missing_allowed),
                        "an installation by root has every layer"});
  if (status.database_up)
    findings.push_back({Health::kGood, "the database answers: " + status.database, ""});
  else
    findings.push_back(
        {Health::kProblem, "the database does not answer: " + status.database, "look into the log"});
  for (const protocol::ProcessStatus& process : status.processes)
    findings.push_back(process_finding(status, process));
  if (status.frozen)
    findings.push_back({Health::kNote, "calls are frozen: " + status.freeze_reason, "mcpboxctl thaw"});
  for (const auto& warning : status.warnings) findings.push_back({Health::kNote, warning, ""});
  return findings;
}

Findings look_at_attack(const protocol::AttackReport& report) {
  if (report.holes == 0)
    return {{Health::kGood,
             std::to_string(report.attempts) + " attempts to leave the jail of a call, none succeeded", ""}};
  Findings findings;
  for (const protocol::Hole& hole : report.first)
    findings.push_back(
        {Health::kProblem,
         "the jail has a hole: " + hole.name + " (expected " + hole.expected + ", found " + hole.found + ")",
         "mcpboxctl freeze, and find out what changed: the kernel, or this program"});
  if (report.holes > report.first.size())
    findings.push_back({Health::kProblem,
                        std::to_string(report.holes - report.first.size()) + " more holes in the jail",
                        "they go with the first ones"});
  return findings;
}

Exit doctor(const Options& options) {
  Findings findings = look_at_kernel();
  const std::string folder = state_folder(options);
  const std::string config = config_beside(folder);
  append(findings, look_at_machine());
  append(findings, look_at_state(folder, config));
  append(findings, look_at_people("", config));
  append(findings, look_at_units(""));
  append(findings, look_at_daemon(options));
  print(options.json ? json_text(findings_json(findings).get()) : findings_text(findings));
  const bool sick = std::ranges::count(findings, Health::kProblem, &Finding::health) > 0;
  return sick ? Exit::kUnhealthy : Exit::kOk;
}

}  // namespace mcpbox::ctl
