// The command line of mcpbox-backup, which is that of `mcpboxctl backup`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/backup/container.h"

namespace mcpbox::backup {

inline constexpr std::string_view kDefaultFolder = "/var/backups/mcpbox";

struct Options {
  std::string command;               // create, verify, restore, list, keygen
  std::vector<std::string> words;    // what it is about
  std::string state, config;         // --state DIR, --config FILE
  std::string passphrase_file;       // --passphrase-file FILE
  std::string recipient;             // --recipient KEY: 64 digits, or a file with them
  std::string identity;              // --identity FILE: the secret half
  std::string locks;                 // --locks DIR: what a timer uses
  std::string into;                  // --into STATE
  std::string scratch = "/var/tmp";  // --scratch DIR
  unsigned keep = 0;                 // --keep N; 0: all
  bool drill = false;                // --drill
};

// arguments: without the program's name.  The error is a sentence; with it goes exit status 2.
[[nodiscard]] Outcome<Options> parse_options(std::span<const std::string_view> arguments);

// How the program ends, as mcpboxctl does.
enum class Exit : int { kDone = 0, kRefused = 1, kUsage = 2 };

[[nodiscard]] Outcome<void> create(const Options& options);
[[nodiscard]] Outcome<void> verify(const Options& options);
[[nodiscard]] Outcome<void> restore(const Options& options);
[[nodiscard]] Outcome<void> list(const Options& options);
[[nodiscard]] Outcome<void> keygen(const Options& options);

// One line on standard output, through visible().
void say(std::string_view text);

}  // namespace mcpbox::backup
