// Runs in the monitor.  Names only: no value of a secret, nothing that is not in the reviewer's other lists.
#include "privsep/monitor/capabilities.h"

#include <algorithm>
#include <vector>

#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace {

namespace limits = policy::limits;

std::string line_of(const StoredSecret& secret) {
  const protocol::SecretBinding& bound = secret.binding;
  std::string line = "secret " + secret.key;
  if (!secret.has_value()) return line + ", without a value";
  if (secret.exposed()) return line + ", exposed to the code";
  line += ", sealed for " + std::string(bound.host) + ":" + std::to_string(bound.port) + ", " +
          std::string(policy::row_of(bound.place).name);
  if (!bound.name.empty()) line += " " + std::string(bound.name);
  if (!bound.form.empty()) line += ": " + std::string(bound.form);
  return line;
}

}  // namespace

std::string capabilities_of(const Monitor& m, const Tool& tool) {
  std::vector<std::string> lines;
  if (m.policy.all_public()) lines.emplace_back("host any public one, any port");
  for (const Grant* grant : m.grants.hosts_of(tool.server))
    lines.push_back(text_of(*grant) + (grant->private_too ? ", also at a private address" : ""));
  for (const std::string& module : m.grants.modules()) lines.push_back("module " + module);
  for (const StoredSecret* secret : m.secrets.of_server(tool.server)) lines.push_back(line_of(*secret));
  std::ranges::sort(lines);
  std::string text;
  constexpr std::size_t kLastLine = 64;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (text.size() + lines[i].size() + 1 + kLastLine > limits::kCapabilityBytes)
      return text + "and " + std::to_string(lines.size() - i) + " more\n";
    text += lines[i] + "\n";
  }
  return text;
}

wire::Digest digest_of_capabilities(std::string_view capabilities) {
  return digest_of({"mcpbox-capabilities-v1", capabilities});
}

const Approved* last_approval(const Tool& tool) {
  if (approved_as_it_is(tool)) return &tool.approved.at(digest_of_tool(tool));
  const Approved* last = nullptr;
  for (const auto& [digest, approved] : tool.approved)
    if (last == nullptr || approved.sequence > last->sequence) last = &approved;
  return last;
}

}  // namespace mcpbox::monitor
