// What is new and what is gone between two reviews of a tool, for mcpboxctl and the admin process alike.
// Reads what a compile child said about a source text, and lines that the monitor made; trusts neither to be
// printable.
#pragma once

#include <jansson.h>

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::review {

// Something that a source text names: "host" "api.example.com", "secret", "module", "output" (a kind of
// output beside text and values).
struct Use {
  std::string what;
  std::string name;
  auto operator<=>(const Use&) const = default;
};

// Sorted, each once.  analysis: the object of executor/runtime/analysis.py; anything else uses nothing.
[[nodiscard]] std::vector<Use> uses_in(const json_t* analysis);

// Views of `text`.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

template <class T>
struct Changes {
  std::vector<T> added;
  std::vector<T> removed;
  [[nodiscard]] bool none() const { return added.empty() && removed.empty(); }
};

// In sorted order.
[[nodiscard]] Changes<Use> changes(std::vector<Use> before, std::vector<Use> now);
[[nodiscard]] Changes<std::string_view> changes(std::vector<std::string_view> before,
                                                std::vector<std::string_view> now);

}  // namespace mcpbox::review
