// Runs in mcpboxctl.  Everything here was written by callers: it reaches the terminal through visible().
#include "admin/ctl/grant_text.h"

#include "admin/ctl/columns.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;
using protocol::GrantInfo;
using protocol::GrantKind;

std::string fact(std::string_view label, const std::string& value) {
  constexpr std::size_t kLabelColumns = 13;
  return std::string(label) + std::string(kLabelColumns - label.size(), ' ') +
         (value.empty() ? "-" : visible(value)) + "\n";
}

std::string state_of(const GrantInfo& grant) {
  std::string state(protocol::name_of(grant.state));
  if (grant.kind == GrantKind::kModule && !grant.installed) state += ", not installed";
  if (grant.private_too) state += ", private addresses too";
  return state;
}

std::string asker_of(const GrantInfo& grant) {
  return std::string(grant.requested_by) +
         (grant.from_admin ? " (administrator)" : " (through a language model)");
}

}  // namespace

std::string uuid_text(const wire::Id& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : id) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

std::optional<wire::Id> uuid_from(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  wire::Id id{};
  if (text.size() != 36) return std::nullopt;
  std::size_t digit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (dash) continue;
    const std::size_t value = kDigits.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    id[digit / 2] = static_cast<unsigned char>(std::size_t{id[digit / 2]} * 16 + value);
    ++digit;
  }
  return id;
}

std::string subject_of(const GrantInfo& grant) {
  std::string text = grant.name;
  if (grant.kind == GrantKind::kModule) return text;
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  text += grant.port == 0 ? ", any port" : ":" + std::to_string(grant.port);
  if (grant.methods != 0) text += ", " + policy::methods_text(grant.methods);
  return grant.path.empty() ? text : text + ", below " + grant.path;
}

std::string grants_text(const protocol::GrantPage& page, std::uint32_t number, std::size_t width) {
  Columns table({"ID", "KIND", "WHAT", "STATE", "SERVER", "ASKED BY", "JUSTIFICATION (unchecked)"});
  for (const GrantInfo& grant : page.grants)
    table.row({uuid_text(grant.id), std::string(protocol::name_of(grant.kind)), subject_of(grant),
               state_of(grant), grant.server_name.empty() ? "(all)" : std::string(grant.server_name),
               grant.requested_by, grant.justification});
  if (table.empty()) return "There is nothing.\n";
  return table.text(width) + "page " + std::to_string(number) + ", " + std::to_string(page.total) +
         " in all; look at one with `mcpboxctl requests ID`\n";
}

Json grant_json(const GrantInfo& grant) {
  Object out;
  out.text("id", uuid_text(grant.id)).text("kind", protocol::name_of(grant.kind)).text("name", grant.name);
  if (grant.kind == GrantKind::kHost) {
    out.number("port", grant.port)
        .text("methods", policy::methods_text(grant.methods))
        .text("path", grant.path);
    out.flag("private_too", grant.private_too);
  } else {
    out.flag("installed", grant.installed);
  }
  out.text("state", protocol::name_of(grant.state)).text("server", grant.server_name);
  out.text("tool", grant.tool_name).text("justification", grant.justification);
  out.text("requested_by", grant.requested_by).text("source", grant.from_admin ? "admin" : "llm");
  return out.text("decided_by", grant.decided_by).text("reason", grant.reason).take();
}

Json grants_json(const protocol::GrantPage& page) {
  Json list(json_array());
  for (const GrantInfo& grant : page.grants) json_array_append_new(list.get(), grant_json(grant).release());
  return Object().number("total", page.total).member("requests", std::move(list)).take();
}

std::string grant_text(const protocol::GrantDetail& detail) {
  const GrantInfo& grant = detail.grant;
  const bool host = grant.kind == GrantKind::kHost;
  std::string out = fact(host ? "Host" : "Module", subject_of(grant));
  out += fact("State", state_of(grant));
  out += fact("For", host ? "the server " + grant.server_name : "tools of every server");
  if (!grant.tool_name.empty())
    out += fact("Asked for", "the tool " + grant.server_name + "__" + grant.tool_name);
  out += fact("Asked by", asker_of(grant)) + fact("Because", grant.justification);
  if (!grant.decided_by.empty()) out += fact("Decided by", grant.decided_by);
  if (!grant.reason.empty()) out += fact("  reason", grant.reason);
  out += "\nApproved tools that it reaches: " + std::to_string(detail.reaches_total) + "\n";
  for (const auto& tool : detail.reaches) out += "  " + visible(tool) + "\n";
  if (detail.reaches_total > detail.reaches.size()) out += "  and more\n";
  return out;
}

std::string binding_text(const protocol::SecretBinding& binding) {
  if (binding.mode == protocol::SecretMode::kExposed) return "exposed to the code";
  if (binding.host.empty()) return "sealed, host not said";
  const policy::SecretPlaceRow& row = policy::row_of(binding.place);
  std::string text =
      "sealed, to " + binding.host + ":" + std::to_string(binding.port) + " as " + std::string(row.name);
  if (!binding.name.empty()) text += " " + binding.name;
  return binding.form.empty() ? text : text + ": " + binding.form;
}

std::string secrets_text(const protocol::SecretPage& page, std::size_t width) {
  Columns table({"KEY", "VALUE", "WHERE IT MAY GO", "SET BY", "DESCRIPTION (unchecked)"});
  for (const protocol::SecretInfo& secret : page.secrets)
    table.row({secret.key, secret.has_value ? "set" : "not set",
               (secret.has_value ? "" : "proposed: ") + binding_text(secret.binding), secret.set_by,
               secret.description});
  if (table.empty()) return "The server has no secrets.\n";
  return table.text(width);
}

Json secrets_json(const protocol::SecretPage& page) {
  Json list(json_array());
  for (const protocol::SecretInfo& secret : page.secrets) {
    Object out;
    out.text("key", secret.key).flag("has_value", secret.has_value).text("description", secret.description);
    out.text("mode", protocol::name_of(secret.binding.mode)).text("host", secret.binding.host);
    out.number("port", secret.binding.port).text("place", policy::row_of(secret.binding.place).name);
    out.text("place_name", secret.binding.name).text("template", secret.binding.form);
    out.text("created_by", secret.created_by).text("set_by", secret.set_by);
    json_array_append_new(list.get(), out.take().release());
  }
  return Object()
      .text("server", page.server_name)
      .number("total", page.total)
      .member("secrets", std::move(list))
      .take();
}

}  // namespace mcpbox::ctl
