// Aligned tables.  Every cell goes through visible() here, so no caller can forget it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::ctl {

class Columns {
 public:
  explicit Columns(std::vector<std::string_view> headings);
  // As many cells as headings.
  void row(const std::vector<std::string>& cells);
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  // One line per row.  width: of the terminal; a longer line loses its end to an ellipsis.  0: nothing is
  // cut.
  [[nodiscard]] std::string text(std::size_t width) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first one are the headings
};

// Columns that a terminal needs for this text: wide characters take two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text);

// `text` where it fits into `width` columns, else its beginning and an ellipsis.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);

// For a cell: "2026-12-01T12:00:00Z" of milliseconds since 1970.
[[nodiscard]] std::string time_text(std::int64_t at_ms);

}  // namespace mcpbox::ctl
