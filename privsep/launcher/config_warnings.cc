// Run by the launcher (root).  What a checked configuration gives up, as sentences for the log of each start.
#include "privsep/launcher/config.h"

namespace mcpbox::launcher {
namespace {

// Another machine's: nobody is between this one and itself.
bool is_plain_http(std::string_view url) {
  return url.starts_with("http://") && !url.starts_with("http://127.") &&
         !url.starts_with("http://localhost") && !url.starts_with("http://[::1]");
}

}  // namespace

std::vector<std::string> warnings_of(const Config& config) {
  std::vector<std::string> all;
  const auto warn = [&all](std::string sentence) { all.push_back(std::move(sentence)); };
  if (config.isolation == Isolation::kTrial) warn("isolation is trial: layers are given up by name");
  if (config.database && config.database->remote)
    warn(config.database->encrypted ? "the database is on another machine: who answers there is not verified"
                                    : "the database is on another machine, without encryption");
  if (is_plain_http(config.admin_url)) warn("`admin-url` is http: sessions cross the network readable");
  for (const std::string& origin : config.cors_origins)
    if (is_plain_http(origin)) warn("`cors-origin` " + origin + " is http: whoever is between can be it");
  if (config.allow_users.empty()) warn("no `allow-user`: nobody may use the MCP endpoint");
  return all;
}

}  // namespace mcpbox::launcher
