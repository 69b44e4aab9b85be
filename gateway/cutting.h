// What is longer than its client takes.  Several clients drop or cut a result over a limit of theirs, without
// a word to the model; so it is cut here, between lines, says so, and links to the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/kept_results.h"

namespace mcpbox::gateway {

// Bytes of text that a client takes in one result; 0: no limit of it is known.
//   client   "name/version", as it introduced itself
[[nodiscard]] std::size_t most_for(std::string_view client);

// The text in pieces of at most `most` bytes: after a line where the last quarter of a piece has one, else
// after a whole character.  Put together again they are the text.
[[nodiscard]] std::vector<std::string> in_parts(std::string_view text, std::size_t most);

struct Cutting {
  std::size_t most = 0;
  bool keep_structured = false;  // the tool declares what is in it, so clients refuse a result without
};

// A CallToolResult (JSON text) that its client takes, or the same when it is short enough: the text of its
// blocks is cut, and what is left out is kept for this caller.
[[nodiscard]] std::string cut_result(std::string_view result, const Cutting& how, const std::string& who,
                                     KeptResults& kept);

}  // namespace mcpbox::gateway
