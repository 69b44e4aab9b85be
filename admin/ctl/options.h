// The command line of mcpboxctl, taken apart.  Options may stand anywhere; `--` ends them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::ctl {

struct Options {
  std::optional<std::string> socket;                                 // --socket PATH
  std::optional<std::string> state;                                  // --state DIR
  bool json = false;                                                 // --json
  bool long_attack = false;                                          // --long
  std::optional<std::string> reason;                                 // --reason TEXT
  std::optional<std::string> digest;                                 // --digest HEX, 64 digits
  bool all = false;                                                  // --all
  bool yes = false;                                                  // --yes
  bool private_too = false;                                          // --private
  bool exposed = false;                                              // --exposed
  std::uint16_t port = 0;                                            // --port N; 0: not given
  std::optional<std::string> host, place, name, form, method, path;  // --host ... (form: --template)
  std::optional<std::string> description, notes, code;               // --description, --notes, --code FILE
  std::optional<std::uint32_t> timeout_ms;                           // --timeout MILLISECONDS
  std::uint32_t page = 1;                                            // --page N, from 1
  std::uint32_t hours = 24;                                          // --hours N
  std::optional<std::string> key;                                    // --key HEX
  std::optional<std::string> known;                                  // --known RECORD:HASH
  std::string server, end, caller, search;                           // filters of the log
  std::int64_t since_ms = 0, until_ms = 0;                           // --since, --until
  std::vector<std::string> words;                                    // the command and what it is about
  bool print_only = false;                                           // --print
};

// arguments: without the program's name.  The error is a sentence for people.
[[nodiscard]] std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

// Where the control socket is: --socket, else in --state, else ./run/control.sock where that exists, else the
// installed service's.
[[nodiscard]] std::string socket_path(const Options& options);

// It is the installed service's, because nothing says another.
[[nodiscard]] bool is_service(const Options& options);

// The state folder: --state, else the folder of the control socket.
[[nodiscard]] std::string state_folder(const Options& options);

}  // namespace mcpbox::ctl
