// The MCP clients whose configuration mcpboxctl knows how to write.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/ctl/json.h"

namespace mcpbox::ctl {

struct ClientKind {
  std::string_view name;  // as `client add` takes it
  std::string_view title;
  std::string_view file;      // of its configuration: below the home folder, or the one for configurations
  bool below_config = false;  // $XDG_CONFIG_HOME, by default ~/.config
  std::string_view section = "mcpServers";
  bool typed = false;  // its entries say "type": "stdio"
};
[[nodiscard]] std::span<const ClientKind> client_kinds();
[[nodiscard]] const ClientKind* find_client(std::string_view name);

// How the client is to start the bridge.
struct Launch {
  std::string command;
  std::vector<std::string> arguments;
};
[[nodiscard]] Json entry_for(const ClientKind& kind, const Launch& launch);
// Only our entry, in its section, as a person would write it; ends with a newline.
[[nodiscard]] std::string section_text(const ClientKind& kind, const std::string& name, const Launch& launch);

enum class Merged : unsigned char { kAdded, kReplaced, kSame };
// Puts the entry among what is there and changes nothing else.
//   text      of the file; empty when there is none
//   replace   an entry of this name that says something else is replaced; else that is an error
//   errors    sentences for people: where the JSON is malformed, what is in the way
struct Merge {
  Merged what = Merged::kAdded;
  std::string text;
};
[[nodiscard]] std::expected<Merge, std::string> merge_entry(const ClientKind& kind, std::string_view text,
                                                            const std::string& name, const Launch& launch,
                                                            bool replace);

// Writes the file whole or not at all, with the rights that it had (0600 when it is new), and keeps what was
// there as FILE.before-mcpbox.  Links are followed.  The error is a sentence.
[[nodiscard]] std::expected<void, std::string> replace_file(const std::string& path, std::string_view text);
// Nothing when there is none; the error is a sentence.
[[nodiscard]] std::expected<std::string, std::string> file_text(const std::string& path);

}  // namespace mcpbox::ctl
