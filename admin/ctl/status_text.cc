// Runs in mcpboxctl.  Texts of the answer (freeze reason, database, warnings) may hold outside text.
#include "admin/ctl/status_text.h"

#include <algorithm>

#include "admin/ctl/columns.h"
#include "admin/ctl/layers_text.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

std::string line(std::string_view label, std::string_view value) {
  constexpr std::size_t kLabelColumns = 12;
  return std::string(label) + std::string(kLabelColumns - label.size(), ' ') + base::visible(value) + "\n";
}

std::string count(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + std::string(noun);
}

std::string isolation_text(const protocol::Status& status) {
  if (!status.trial) return line("Isolation", "full");
  return line("Isolation", "TRIAL. This installation runs without layers that MCPbox is built on:") +
         consequences_of(status.missing_allowed, "              ") +
         "            Do not run tools here that you would not run yourself.\n";
}

std::string_view rights_text(const protocol::Status& status) {
  if (status.may_decide) return "may decide";
  if (status.needs_password) return "may decide with an admin's password";
  return "may look, not decide";
}

std::string admin_text(const protocol::Status& status) {
  std::string text;
  for (const auto& listener : status.admin_listeners)
    text.append(text.empty() ? "http://" : ", http://").append(listener);
  return text.empty() ? "off (`admin-listen` in mcpbox.conf)" : text;
}

std::string listeners_text(const protocol::Status& status) {
  std::string text;
  for (const auto& listener : status.listeners) text.append(text.empty() ? "" : ", ").append(listener);
  return text.empty() ? "nowhere" : text;
}

std::string processes_text(const protocol::Status& status, std::size_t width) {
  Columns table({"PROCESS", "PID", "STATE", "RESTARTS", "LAYERS ON", "MISSING"});
  for (const protocol::ProcessStatus& process : status.processes) {
    const policy::Layers bad = unexcused(status, process);
    const policy::Layers given_up = process.missing & status.missing_allowed;
    std::string missing = bad != 0 ? "MUST BE ON: " + names_of(bad) : "";
    if (given_up != 0)
      missing.append(missing.empty() ? "" : "; ").append("given up: ").append(names_of(given_up));
    table.row({process.role, std::to_string(process.pid), process.serving ? "serving" : "DOWN",
               std::to_string(process.restarts), std::to_string(count_of(process.layers)),
               missing.empty() ? "-" : missing});
  }
  return table.text(width);
}

std::string_view name_of(protocol::ZygoteLife life) {
  switch (life) {
    case protocol::ZygoteLife::kStarts:
      return "starts";
    case protocol::ZygoteLife::kForks:
      return "forks";
    case protocol::ZygoteLife::kRetired:
      return "retired";
  }
  return "unknown";
}

std::string zygotes_text(const protocol::Status& status, std::size_t width) {
  Columns table({"ZYGOTE", "PID", "STATE", "IDLE", "IN USE", "FORKED"});
  for (const protocol::ZygoteStatus& zygote : status.zygotes)
    table.row({zygote.flavour, std::to_string(zygote.pid), std::string(name_of(zygote.life)),
               std::to_string(zygote.idle), std::to_string(zygote.in_use), std::to_string(zygote.forked)});
  return table.text(width);
}

std::string turns_text(const protocol::Status& status) {
  return count(status.cpu_slots_used, " of ") + count(status.cpu_slots, " CPU slots and ") +
         count(status.calls_memory_used_bytes / policy::limits::kMiB, " of ") +
         count(status.calls_memory_bytes / policy::limits::kMiB, " MB for calls taken, ") +
         count(status.calls_queued, " waiting");
}

std::string layers_text(const protocol::Status& status) {
  std::string text;
  for (const protocol::ProcessStatus& process : status.processes)
    text.append("  ")
        .append(base::visible(process.role))
        .append(": ")
        .append(names_of(process.layers))
        .append("\n");
  policy::Layers bad = 0;
  for (const protocol::ProcessStatus& process : status.processes) bad |= unexcused(status, process);
  if (bad != 0) text += "\nMissing, and not given up by the configuration\n" + consequences_of(bad, "  ");
  return text;
}

// What any process has is to be had here: keys are the monitor's alone, and groups are the calls'.
std::string forms_text(const protocol::Status& status) {
  policy::Layers on = 0;
  for (const protocol::ProcessStatus& process : status.processes) on |= process.layers;
  const std::string missing = missing_forms_of(on, "  ");
  return "\nBetter forms that are on\n  " + names_of_forms(on) + "\n" +
         (missing.empty() ? "" : "\nBetter forms that this machine does not offer\n" + missing);
}

std::string warnings_text(const protocol::Status& status) {
  std::string text;
  for (const auto& warning : status.warnings) text.append("  ").append(base::visible(warning)).append("\n");
  return text.empty() ? "" : "\nWarnings\n" + text;
}

Json processes_json(const protocol::Status& status) {
  Json list(json_array());
  for (const protocol::ProcessStatus& process : status.processes) {
    Json one = Object()
                   .text("role", process.role)
                   .number("pid", static_cast<std::uint64_t>(process.pid))
                   .flag("serving", process.serving)
                   .number("restarts", process.restarts)
                   .member("layers", json_of_layers(process.layers))
                   .member("better_forms", json_of_forms(process.layers))
                   .member("missing", json_of_layers(process.missing))
                   .member("missing_unexcused", json_of_layers(unexcused(status, process)))
                   .take();
    json_array_append_new(list.get(), one.release());
  }
  return list;
}

Json zygotes_json(const protocol::Status& status) {
  Json list(json_array());
  for (const protocol::ZygoteStatus& zygote : status.zygotes) {
    Json one = Object()
                   .text("flavour", zygote.flavour)
                   .number("pid", static_cast<std::uint64_t>(zygote.pid))
                   .text("state", name_of(zygote.life))
                   .number("idle", zygote.idle)
                   .number("in_use", zygote.in_use)
                   .number("forked", zygote.forked)
                   .take();
    json_array_append_new(list.get(), one.release());
  }
  return list;
}

template <class Texts>
Json json_of_texts(const Texts& texts) {
  Json list(json_array());
  for (const auto& text : texts) json_array_append_new(list.get(), json_of(text).release());
  return list;
}

}  // namespace

bool is_healthy(const protocol::Status& status) {
  return status.database_up &&
         std::ranges::all_of(status.processes, [&](const protocol::ProcessStatus& process) {
           return process.serving && unexcused(status, process) == 0;
         });
}

std::string status_text(const protocol::Status& status, std::size_t width) {
  const std::string frozen = "YES, no call is accepted: " + std::string(status.freeze_reason);
  return line("MCPbox", status.version) + isolation_text(status) +
         line("Database", (status.database_up ? "up, " : "DOWN, ") + std::string(status.database)) +
         line("Audit", count(status.audit_records, " records")) +
         line("Calls",
              count(status.calls_in_flight, " in flight, ") + count(status.spares_ready, " spares ready")) +
         line("Load", turns_text(status)) +
         line("Tools", count(status.tools_published, " published, ") +
                           count(status.tools_pending, " waiting for review, ") +
                           count(status.servers_running, " servers running")) +
         line("Frozen", status.frozen ? frozen : "no") + line("Listening", listeners_text(status)) +
         line("Admin", admin_text(status)) + line("Jail", status.self_attack) +
         line("You", rights_text(status)) + "\n" + processes_text(status, width) + "\n" +
         zygotes_text(status, width) + "\nLayers that are on\n" + layers_text(status) + forms_text(status) +
         warnings_text(status);
}

Json status_json(const protocol::Status& status) {
  return Object()
      .text("version", status.version)
      .flag("healthy", is_healthy(status))
      .text("isolation", status.trial ? "trial" : "full")
      .member("missing_allowed", json_of_layers(status.missing_allowed))
      .flag("frozen", status.frozen)
      .text("freeze_reason", status.freeze_reason)
      .flag("database_up", status.database_up)
      .text("database", status.database)
      .number("audit_records", status.audit_records)
      .number("calls_in_flight", status.calls_in_flight)
      .number("calls_queued", status.calls_queued)
      .number("cpu_slots", status.cpu_slots)
      .number("cpu_slots_used", status.cpu_slots_used)
      .number("calls_memory_bytes", status.calls_memory_bytes)
      .number("calls_memory_used_bytes", status.calls_memory_used_bytes)
      .number("spares_ready", status.spares_ready)
      .number("servers_running", status.servers_running)
      .number("tools_published", status.tools_published)
      .number("tools_pending", status.tools_pending)
      .member("listeners", json_of_texts(status.listeners))
      .member("admin_listeners", json_of_texts(status.admin_listeners))
      .member("processes", processes_json(status))
      .member("zygotes", zygotes_json(status))
      .member("warnings", json_of_texts(status.warnings))
      .flag("may_decide", status.may_decide)
      .flag("needs_password", status.needs_password)
      .text("self_attack", status.self_attack)
      .take();
}

}  // namespace mcpbox::ctl
