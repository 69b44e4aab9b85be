// Run by the launcher (root).  Everything here comes from the table and the checked configuration; nothing
// from a message but which row is meant.
#include "privsep/launcher/members.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>

#include "policy/oom_order.h"
#include "privsep/wire/reserve.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::launcher {
namespace {

using base::Result;
using jail::DescriptorMove;

using Words = std::vector<std::string>;

std::vector<const char*> pointers(const Words& words) {
  std::vector<const char*> all;
  for (const std::string& word : words) all.push_back(word.c_str());
  all.push_back(nullptr);
  return all;
}

// What the row says, less what the configuration gave up.
struct RowPlan {
  std::string path;
  Words words;
  Identity identity;
  std::uint64_t namespaces;
  int oom_score_adj;
};

RowPlan plan_for(const SpawnRow& row, const Holdings& all) {
  std::array<char, 16> mask{};
  std::snprintf(mask.data(), mask.size(), "0x%x", all.config.missing);
  const auto index = static_cast<std::size_t>(&row - spawn_table().data());
  return {.path = all.view.bin + "/" + row.binary,
          .words = {row.title, "--role", std::string(protocol::name_of(row.role)), "--allow-missing",
                    mask.data()},
          .identity = all.cast.rows[index],
          .namespaces = jail::namespaces_for(row.layers & ~all.config.missing),
          .oom_score_adj = row.oom_score_adj};
}

Result<Linked> start(const RowPlan& plan, int type, std::vector<DescriptorMove> moves, Power power) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return base::fail_errno("no socket pair");
  base::Fd ours(ends[0]);
  const base::Fd theirs(ends[1]);
  moves.push_back({theirs.get(), wire::kChildLinkFd});
  const std::vector<const char*> argv = pointers(plan.words);
  Result<jail::Spawned> child = jail::spawn({.path = plan.path.c_str(),
                                             .argv = argv.data(),
                                             .uid = plan.identity.uid,
                                             .gid = plan.identity.gid,
                                             .namespaces = plan.namespaces,
                                             .descriptors = moves,
                                             .keep_cap_kill = power == Power::kKillOnly && geteuid() == 0,
                                             .oom_score_adj = plan.oom_score_adj});
  if (!child) return std::unexpected(child.error());
  return Linked{std::move(*child), std::move(ours)};
}

// What the admin process must know before anybody can ask it something.
void add_admin_words(Words& words, const Holdings& all) {
  const auto add = [&words](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  add("--ui", all.config.ui.empty() ? all.view.bin + "/../../share/mcpbox/ui" : all.config.ui);
  if (!all.config.admin_url.empty()) add("--url", all.config.admin_url);
  for (const std::string& proxy : all.config.admin_proxies) add("--proxy", proxy);
  for (const std::string& origin : all.config.cors_origins) add("--cors", origin);
}

const OpenListeners& listeners_of(const SpawnRow& row, const Holdings& all) {
  if (row.listeners == Listeners::kAdmin) return all.admin_listeners;
  return row.listeners == Listeners::kTunnel ? all.tunnel_listeners : all.listeners;
}

static_assert(wire::kMonitorLauncherFd == wire::kChildLinkFd);

}  // namespace

Result<Linked> start_monitor(const Holdings& all) {
  const SpawnRow& row = spawn_table().front();
  const std::vector<base::Fd> none;
  const Outcome<base::Fd> groups = CallGroups::pack(all.call_groups ? all.call_groups->slots() : none);
  if (!groups) return base::fail_errno("the control groups cannot be handed over");
  std::vector<DescriptorMove> moves = {
      {all.settings.get(), wire::kMonitorSettingsFd}, {all.key.get(), wire::kMonitorKeyFd},
      {all.control.get(), wire::kMonitorControlFd},   {all.head.get(), wire::kMonitorHeadFd},
      {all.reserve.get(), wire::kMonitorReserveFd},   {groups->get(), wire::kMonitorGroupsFd}};
  return start(plan_for(row, all), SOCK_SEQPACKET, std::move(moves), row.power);
}

Result<Linked> start_row(const SpawnRow& row, const Holdings& all) {
  RowPlan plan = plan_for(row, all);
  std::vector<DescriptorMove> moves;
  if (row.listeners != Listeners::kNone) {
    for (const base::Fd& listener : listeners_of(row, all).sockets)
      moves.push_back({listener.get(), wire::kFirstListenerFd + static_cast<int>(moves.size())});
    if (row.listeners == Listeners::kMcp)
      moves.push_back({all.mcp.get(), wire::kFirstListenerFd + static_cast<int>(moves.size())});
    plan.words.emplace_back("--listeners");
    plan.words.push_back(std::to_string(moves.size()));
  }
  if (row.role == protocol::Role::kAdmin) add_admin_words(plan.words, all);
  return start(plan, SOCK_STREAM, std::move(moves), row.power);
}

Outcome<CallGroups> make_call_groups(const Holdings& all) {
  const SpawnRow* const zygote = find_row(set_of(protocol::Role::kZygote));
  const auto index = static_cast<std::size_t>(zygote - spawn_table().data());
  return CallGroups::make_here(all.cast.rows[index], all.config.calls_memory_mb);
}

Result<jail::Spawned> start_migrate(const Holdings& all, MigrateWork work) {
  Words words = {"mcpbox-migrate", "--database", all.migrate_conninfo, "--working-role", all.working_role};
  if (work == MigrateWork::kMaintenance) words.emplace_back("--maintain");
  // The environment is closed to other users; a command line is not.
  Words environment;
  if (!all.migrate_password.empty()) environment.push_back("PGPASSWORD=" + all.migrate_password);
  const std::vector<const char*> argv = pointers(words);
  const std::vector<const char*> variables = pointers(environment);
  const std::string path = all.view.bin + "/mcpbox-migrate";
  return jail::spawn({.path = path.c_str(),
                      .argv = argv.data(),
                      .environment = variables.data(),
                      .uid = all.cast.migrate.identity.uid,
                      .gid = all.cast.migrate.identity.gid,
                      .oom_score_adj = policy::kOomMigrate});
}

}  // namespace mcpbox::launcher
