// Runs in mcpboxctl, as the person whose client it is.  Trusts no file: it may be anything, and is kept as it
// is where it cannot be understood.
#include "admin/ctl/clients.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "privsep/base/fd.h"

namespace mcpbox::ctl {
namespace {

// clang-format off
constexpr ClientKind kKinds[] = {
    // name            title              file                                      below ~/.config  section       typed
    { "claude-code",    "Claude Code",    ".claude.json",                           false,           "mcpServers", true  },
    { "claude-desktop", "Claude Desktop", "Claude/claude_desktop_config.json",      true,            "mcpServers", false },
    { "cursor",         "Cursor",         ".cursor/mcp.json",                       false,           "mcpServers", false },
    { "vscode",         "VS Code",        "Code/User/mcp.json",                     true,            "servers",    true  },
    { "windsurf",       "Windsurf",       ".codeium/windsurf/mcp_config.json",      false,           "mcpServers", false },
    { "gemini",         "Gemini CLI",     ".gemini/settings.json",                  false,           "mcpServers", false },
    { "lmstudio",       "LM Studio",      ".lmstudio/mcp.json",                     false,           "mcpServers", false },
};
// clang-format on

constexpr std::size_t kFileBytes = 16 * 1024 * 1024;  // beyond: not a configuration
constexpr const char* kBackup = ".before-mcpbox";

using Refused = std::unexpected<std::string>;

Refused refuse(const std::string& what) { return Refused(what + ": " + std::strerror(errno)); }

std::string pretty(const json_t* json) {
  struct FreeText {
    void operator()(char* text) const { std::free(text); }  // NOLINT(cppcoreguidelines-no-malloc): jansson's
  };
  const std::unique_ptr<char, FreeText> text(json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17)));
  return text ? std::string(text.get()) + "\n" : std::string();
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

// A new file beside it, renamed over it: nobody ever sees half of it.
std::expected<void, std::string> put_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string name = path + ".XXXXXX";
  base::Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return refuse("cannot write beside " + path);
  if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), text) ||
      ::rename(name.c_str(), path.c_str()) != 0) {
    const Refused refused = refuse("cannot write " + path);
    ::unlink(name.c_str());
    return refused;
  }
  const base::Fd folder(
      ::open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());
  return {};
}

std::expected<void, std::string> make_folders(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (::mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST)
      return refuse("cannot make the folder " + path.substr(0, slash));
  return {};
}

}  // namespace

std::span<const ClientKind> client_kinds() { return kKinds; }

const ClientKind* find_client(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &ClientKind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

Json entry_for(const ClientKind& kind, const Launch& launch) {
  Json arguments(json_array());
  for (const std::string& argument : launch.arguments)
    json_array_append_new(arguments.get(), json_of(argument).release());
  Object entry;
  if (kind.typed) entry.text("type", "stdio");
  return entry.text("command", launch.command).member("args", std::move(arguments)).take();
}

std::string section_text(const ClientKind& kind, const std::string& name, const Launch& launch) {
  const Json root(json_object());
  json_t* section = json_object();
  json_object_set_new(root.get(), std::string(kind.section).c_str(), section);
  json_object_set_new(section, name.c_str(), entry_for(kind, launch).release());
  return pretty(root.get());
}

std::expected<Merge, std::string> merge_entry(const ClientKind& kind, std::string_view text,
                                              const std::string& name, const Launch& launch, bool replace) {
  json_error_t where{};
  const bool empty = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  const Json root(
      empty ? json_object()
            : json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where));
  if (!root)
    return Refused("its JSON is malformed at line " + std::to_string(where.line) + ", column " +
                   std::to_string(where.column) + " (" + where.text + "): mend it first");
  if (!json_is_object(root.get())) return Refused("it is JSON, but no object: mend it first");
  const std::string key(kind.section);
  json_t* section = json_object_get(root.get(), key.c_str());
  if (section == nullptr) {
    section = json_object();
    json_object_set_new(root.get(), key.c_str(), section);
  }
  if (!json_is_object(section)) return Refused("its `" + key + "` is no object: mend it first");
  Merge merge;
  Json entry = entry_for(kind, launch);
  if (const json_t* there = json_object_get(section, name.c_str())) {
    if (json_equal(there, entry.get()) == 1) return Merge{.what = Merged::kSame, .text = std::string(text)};
    if (!replace)
      return Refused("it has another server called " + name +
                     ": choose another name with --name, or replace it with --yes");
    merge.what = Merged::kReplaced;
  }
  json_object_set_new(section, name.c_str(), entry.release());
  merge.text = pretty(root.get());
  return merge;
}

std::expected<std::string, std::string> file_text(const std::string& path) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::string();
  if (!file) return refuse("cannot open " + path);
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return Refused(path + " is no file");
  if (about.st_uid != ::geteuid())
    return Refused(path + " belongs to another user: run this as the user of the client");
  if (static_cast<std::size_t>(about.st_size) > kFileBytes) return Refused(path + " is larger than 16 MiB");
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("cannot read " + path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

std::expected<void, std::string> replace_file(const std::string& path, std::string_view text) {
  std::array<char, PATH_MAX> real{};
  const bool there = ::realpath(path.c_str(), real.data()) != nullptr;
  const std::string target = there ? std::string(real.data()) : path;
  mode_t mode = 0600;
  if (there) {
    struct stat about{};
    if (::stat(target.c_str(), &about) != 0) return refuse("cannot look at " + target);
    mode = about.st_mode & 07777;
    const std::expected<std::string, std::string> before = file_text(target);
    if (!before) return std::unexpected(before.error());
    const std::expected<void, std::string> kept = put_file(target + kBackup, *before, mode);
    if (!kept) return kept;
  } else if (const std::expected<void, std::string> made = make_folders(path); !made) {
    return made;
  }
  return put_file(target, text, mode);
}

}  // namespace mcpbox::ctl
