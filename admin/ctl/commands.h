// Everything that mcpboxctl can be told to do.
#pragma once

#include <span>
#include <string_view>

#include "admin/ctl/exit.h"
#include "admin/ctl/options.h"

namespace mcpbox::ctl {

struct Command {
  std::string_view name;
  std::string_view arguments;  // as help shows them
  std::size_t least;           // words after the name
  std::size_t most;
  std::string_view does;
  Exit (*run)(const Options&);
};

Exit status(const Options& options);
Exit pending(const Options& options);
Exit show(const Options& options);
Exit explain(const Options& options);
Exit denied(const Options& options);  // `network denied`
Exit approve(const Options& options);
Exit reject(const Options& options);
Exit revoke(const Options& options);
Exit rollback(const Options& options);
Exit versions(const Options& options);
Exit diff(const Options& options);
Exit servers(const Options& options);
Exit server(const Options& options);
Exit tools(const Options& options);
Exit tool(const Options& options);
Exit remove(const Options& options);
Exit logs(const Options& options);
Exit stats(const Options& options);
Exit activity(const Options& options);
Exit audit(const Options& options);
Exit key(const Options& options);
Exit metrics(const Options& options);
Exit freeze(const Options& options);
Exit thaw(const Options& options);
Exit setup_code(const Options& options);
Exit requests(const Options& options);
Exit network(const Options& options);
Exit module(const Options& options);
Exit secret(const Options& options);
Exit settings(const Options& options);
Exit profile(const Options& options);
Exit remote(const Options& options);
Exit client(const Options& options);
Exit stdio(const Options& options);
Exit doctor(const Options& options);
Exit backup(const Options& options);
Exit admin(const Options& options);
Exit help(const Options& options);
Exit version(const Options& options);

[[nodiscard]] std::span<const Command> commands();

// Runs the command that options.words names.  A command that is not known, or has too few or too many words,
// is Exit::kUsage.
[[nodiscard]] Exit run(const Options& options);

}  // namespace mcpbox::ctl
