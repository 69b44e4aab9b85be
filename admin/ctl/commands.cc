// Runs in mcpboxctl.
#include "admin/ctl/commands.h"

#include <algorithm>
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/output.h"
#include "admin/ctl/version.h"

namespace mcpbox::ctl {
namespace {

// clang-format off
constexpr Command kCommands[] = {
    // name        arguments                      least most  does                                                       run
    { "status",    "",                             0,   0,    "what runs, which isolation layers are on, what is missing", status  },
    { "pending",   "[--page N]",                   0,   0,    "tools that wait for review",                              pending },
    { "show",      "TOOL",                         1,   1,    "everything that an approval of the tool would bind",      show    },
    { "explain",   "TOOL",                         1,   1,    "who approved it, what it may reach, when it was used",    explain },
    { "approve",   "TOOL [--digest HEX]",          1,   1,    "review the tool page by page, then approve exactly that", approve },
    { "reject",    "TOOL --reason TEXT [--digest HEX]", 1,   1,    "send it back to its author with a reason",                reject  },
    { "revoke",    "TOOL [--digest HEX] [--reason TEXT]", 1, 1, "take an approval back; kills the tool's calls",           revoke  },
    { "versions",  "TOOL [--page N]",              1,   1,    "every version: who, when, what, whether approved",        versions },
    { "diff",      "TOOL FROM TO",                 3,   3,    "what changed between two versions",                       diff    },
    { "rollback",  "TOOL VERSION",                 2,   2,    "make it again what it was in a version; approved if that is", rollback },
    { "servers",   "[--search TEXT] [--page N]",   0,   0,    "every server: whether it runs, how many tools it has",    servers },
    { "server",    "create|start|stop NAME, or NAME [--name NEW] [--description TEXT] [--timeout MS]", 1, 2, "make, start or stop a server; rename it, describe it, set what its tools inherit", server },
    { "tools",     "[--search TEXT] [--page N]",   0,   0,    "every tool, whatever its state",                          tools   },
    { "tool",      "create|change|enable|disable|submit SERVER__TOOL [--code FILE] [--description TEXT] [--name NEW] [--timeout MS] [--notes TEXT]", 2, 2, "write a tool, switch it, or ask for its review", tool },
    { "delete",    "SERVER|TOOL",                  1,   1,    "delete a tool, or a server with all its tools",           remove  },
    { "logs",      "[TOOL] [FILTERS] [--page N]",  0,   1,    "calls, newest first",                                     logs    },
    { "stats",     "[--hours N]",                  0,   0,    "how many calls, how they ended, which tools",             stats   },
    { "activity",  "",                             0,   0,    "what happens, as it happens; ends with Ctrl-C",           activity },
    { "metrics",   "",                             0,   0,    "numbers for a scraper, as Prometheus text",               metrics },
    { "audit",     "verify [--key HEX] | export FILE | head | show | prune [--until TIME]", 1, 2, "check, take away, read or shorten the audit log", audit },
    { "key",       "rotate",                       1,   1,    "replace the master key while everything runs",            key     },
    { "freeze",    "[--reason TEXT]",              0,   0,    "kill every call and refuse new ones until thaw",          freeze  },
    { "setup-code", "",                            0,   0,    "show the code that makes the first admin of the web UI",  setup_code },
    { "thaw",      "",                             0,   0,    "allow calls again",                                       thaw    },
    { "requests",  "[ID | SERVER] [--all] [--search TEXT]", 0,   1,    "hosts and modules that were asked for; --all: granted too", requests },
    { "network",   "list|add|approve|reject|revoke|delete|denied ...", 1,   3,    "hosts that a server's tools may reach",      network },
    { "module",    "list|add|approve|reject|revoke|delete ...", 1,   2,    "modules that tools may import",              module  },
    { "secret",    "create|set|delete SERVER KEY, list SERVER", 2,   3,    "secrets of a server; a value is typed or root's standard input", secret },
    { "settings",  "[set KEY VALUE]",              0,   3,    "what is decided without a person, and other settings",    settings },
    { "profile",   "strict|balanced|permissive",   1,   1,    "several settings at once",                                profile },
    { "remote",    "[worker URL KEY... | allow ... | off]", 0, 66,  "which Worker is believed, and who may come through it",  remote  },
    { "client",    "add CLIENT [--print] | token create|list|revoke [NAME]", 2, 3, "connect a client on this machine; tokens for clients in containers", client },
    { "stdio",     "[--server NAME]",              0,   0,    "MCP over standard input and output, for clients that start a command", stdio },
    { "backup",    "create|verify|restore|list|keygen ...", 1, 32, "encrypted backups; its options: mcpbox-backup(8)",  backup  },
    { "doctor",    "[--long]",                     0,   0,    "look for what is wrong, attack the own jail, say the fix", doctor  },
    { "admin",     "list | set-password NAME | remove NAME | sessions | end-session ID", 1, 2, "who may sign in, and who is signed in", admin },
    { "help",      "",                             0,   1,    "this text",                                               help    },
    { "version",   "",                             0,   0,    "the version of this build",                               version },
};
// clang-format on

constexpr std::string_view kOptionsText =
    "\n"
    "TOOL is SERVER__TOOL, as clients see it.\n"
    "\n"
    "  --socket PATH   the control socket (default: ./run/control.sock, else /run/mcpbox/control.sock)\n"
    "  --state DIR     the state folder that holds control.sock\n"
    "  --json          JSON for scripts instead of tables for people\n"
    "  --long          doctor: every attempt to leave the jail, not only those of each start\n"
    "  --print         client add: show what would be written, and write nothing\n"
    "  --yes           network, module: approve without a question, only as root; client add: replace an "
    "entry\n"
    "  --private       network: also where the host has a private address; one exact host and port\n"
    "  --port N        network add, secret set: the port (secret: 443 when not given)\n"
    "  --method NAMES  network add: only these HTTP methods, such as GET,HEAD\n"
    "  --path PREFIX   network add: only below this path\n"
    "  --host NAME     secret set: the host that a sealed value may go to\n"
    "  --place PLACE   secret set: header (default), basic, query, path, json or form\n"
    "  --name NAME     secret set: of the header (default Authorization), parameter or field; server: its "
    "new name; client add: of the entry\n"
    "  --template TEXT secret set: the header's value with {} for the secret (default: Bearer {})\n"
    "  --exposed       secret set: the code sees the value\n"
    "  --key HEX       audit verify: the public key that you noted, instead of the one the monitor names\n"
    "  --known RECORD:HASH  audit verify: a record that the log must hold\n"
    "  --hours N       stats: of the last N hours (default: 24)\n"
    "\n"
    "FILTERS of logs: --server NAME, --end ok|failed|timed_out|..., --caller WHO, --search WORDS (quotes "
    "make\n"
    "  a phrase, a minus leaves out), --since TIME, --until TIME (2026-11-30, or with T12:00:00Z, or 90m, "
    "36h, 7d ago)\n"
    "\n"
    "  --code FILE     tool: its Python code; - for standard input\n"
    "  --search TEXT   servers, tools, requests: those that show this text\n"
    "  --digest HEX    approve without review what has this digest; all 64 digits, only as root.\n"
    "                  revoke: this digest, else what the tool is now\n"
    "\n"
    "Exit status\n"
    "  0  done\n"
    "  1  refused: the reason is on standard error\n"
    "  2  the command line makes no sense\n"
    "  3  MCPbox is not running, or cannot be reached\n"
    "  4  no such tool\n"
    "  5  the tool has changed since it was shown: show it again\n"
    "  6  this user may not do that\n"
    "  7  status: something that must be on is not; doctor: a problem was found\n"
    "     (layers that the configuration gives up by name are shown, and are no problem to these two)\n";

}  // namespace

std::span<const Command> commands() { return kCommands; }

Exit run(const Options& options) {
  if (options.words.empty()) {
    complain("say what to do; `mcpboxctl help` lists the commands");
    return Exit::kUsage;
  }
  const std::string& name = options.words.front();
  const auto* found = std::ranges::find(kCommands, name, &Command::name);
  if (found == std::end(kCommands)) {
    complain("there is no command " + name + "; `mcpboxctl help` lists them");
    return Exit::kUsage;
  }
  const std::size_t words = options.words.size() - 1;
  if (words < found->least || words > found->most) {
    complain("use: mcpboxctl " + name + " " + std::string(found->arguments));
    return Exit::kUsage;
  }
  return found->run(options);
}

Exit help(const Options& /*options*/) {
  Columns table({"mcpboxctl [OPTIONS]", "", ""});
  for (const Command& command : kCommands)
    table.row({"  " + std::string(command.name), std::string(command.arguments), std::string(command.does)});
  print(table.text(0));
  print(kOptionsText);
  return Exit::kOk;
}

Exit version(const Options& /*options*/) {
  print("mcpboxctl " + std::string(kVersion) + "\n");
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
