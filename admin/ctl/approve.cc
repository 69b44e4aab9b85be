// Runs in mcpboxctl.  The one place where a person's yes becomes a decision: it binds the digest of what was
// shown, so that code which changes between the look and the yes is refused by the monitor.
#include <unistd.h>

#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/terminal.h"
#include "admin/ctl/tool_text.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr std::size_t kDigitsTyped = 8;

// Says why not, or nothing when the person has typed the digits of what they saw.
std::optional<Exit> reviewed(const protocol::ToolDetail& tool) {
  std::expected<Terminal, std::string> terminal = Terminal::open();
  if (!terminal) {
    complain("approving: " + terminal.error());
    return Exit::kNotPermitted;
  }
  page(tool_text(tool));
  const std::string prompt =
      "\nTo approve exactly this, type the first eight digits of its digest (anything else: no): ";
  const std::expected<std::string, std::string> typed = terminal->ask(prompt, hex_of(tool.digest).size());
  if (typed && *typed == hex_of(tool.digest).substr(0, kDigitsTyped)) return std::nullopt;
  complain("these are not the digits; nothing was approved");
  return Exit::kRefused;
}

// The tool is another one than was shown: says in which fields.
void tell_what_changed(Connection& monitor, const protocol::ToolDetail& shown) {
  const Answer<protocol::ToolDetail> now = find_tool(monitor, published_name(shown));
  const std::string fields = now ? protocol::names_of(protocol::differences(shown, *now)) : "";
  if (now && now->digest == shown.digest && now->capabilities_digest == shown.capabilities_digest) return;
  if (now && now->digest == shown.digest)
    return complain(
        "what the tool may reach has changed since it was shown; look at it again: mcpboxctl show " +
        base::visible(published_name(shown)));
  complain("the tool has changed since it was shown" + (fields.empty() ? "" : ", in " + fields) +
           "; look at it again: mcpboxctl show " + base::visible(published_name(shown)));
}

Exit decided(const Options& options, Connection& monitor, const protocol::ToolDetail& tool,
             const Answer<protocol::ToolSaved>& saved, std::string_view what) {
  if (!saved && saved.error().why == base::Why::kConflict) tell_what_changed(monitor, tool);
  if (!saved) return report(saved.error());
  const std::string hex = hex_of(saved->digest);
  if (options.json)
    print(json_text(Object()
                        .text("tool", published_name(tool))
                        .text("state", name_of(saved->approval))
                        .number("version", saved->version)
                        .text("digest", hex)
                        .take()
                        .get()));
  else
    print(std::string(what) + " " + base::visible(published_name(tool)) + ", version " +
          std::to_string(saved->version) + ", digest " + hex.substr(0, kDigitsTyped) + "\n");
  return Exit::kOk;
}

}  // namespace

Exit approve(const Options& options) {
  if (options.digest && ::geteuid() != 0) {
    complain("--digest approves without review and is for root's scripts only; without it you are asked");
    return Exit::kNotPermitted;
  }
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[1]);
  if (!tool) return report(tool.error());
  if (!options.digest)
    if (const std::optional<Exit> no = reviewed(*tool)) return *no;
  protocol::Approve yes{.tool = tool->id,
                        .digest = options.digest ? digest_from(*options.digest) : tool->digest};
  if (!options.digest) yes.seen.emplace(tool->capabilities_digest);
  return decided(options, *monitor, *tool, monitor->ask(yes), "Approved");
}

Exit revoke(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[1]);
  if (!tool) return report(tool.error());
  protocol::Revoke back{.tool = tool->id,
                        .digest = options.digest ? digest_from(*options.digest) : tool->digest,
                        .reason = options.reason.value_or("")};
  return decided(options, *monitor, *tool, monitor->ask(back), "Revoked");
}

Exit reject(const Options& options) {
  if (!options.reason || options.reason->empty()) {
    complain("use: mcpboxctl reject TOOL --reason TEXT; the author sees the reason");
    return Exit::kUsage;
  }
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[1]);
  if (!tool) return report(tool.error());
  protocol::Reject no{.tool = tool->id,
                      .digest = options.digest ? digest_from(*options.digest) : tool->digest,
                      .reason = *options.reason};
  return decided(options, *monitor, *tool, monitor->ask(no), "Rejected");
}

}  // namespace mcpbox::ctl
