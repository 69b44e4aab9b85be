// Runs in mcpboxctl.  Cells may hold anything: names, reasons and log text were written by others.
#include "admin/ctl/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kGap = "  ";

struct Range {
  std::uint32_t first, last;
};
// Source: Unicode 15, East Asian Width W and F in blocks, and the blocks of combining marks.
constexpr Range kWide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                           {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
constexpr Range kCombining[] = {
    {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};

std::size_t length_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return std::min(length, text.size() - at);
}

std::size_t width_of(std::string_view character) {
  constexpr unsigned char kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = static_cast<unsigned char>(character[0]) & kLeadBits[character.size()];
  for (const char byte : character.substr(1)) code = (code << 6) | (static_cast<unsigned char>(byte) & 0x3f);
  const auto holds = [code](const Range& range) { return code >= range.first && code <= range.last; };
  if (std::ranges::any_of(kCombining, holds)) return 0;
  return std::ranges::any_of(kWide, holds) ? 2 : 1;
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - display_width(cells[i]), ' ').append(kGap);
  }
  return line;
}

}  // namespace

Columns::Columns(std::vector<std::string_view> headings) {
  rows_.emplace_back(headings.begin(), headings.end());
}

void Columns::row(const std::vector<std::string>& cells) {
  std::vector<std::string> shown(rows_.front().size());
  for (std::size_t i = 0; i < shown.size() && i < cells.size(); ++i) shown[i] = base::visible(cells[i]);
  rows_.push_back(std::move(shown));
}

std::string Columns::text(std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const std::vector<std::string>& cells : rows_)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  std::string out;
  for (const std::vector<std::string>& cells : rows_) {
    const std::string line = line_of(cells, widths);
    out.append(width == 0 ? line : fitted(line, width)).append("\n");
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size(); at += length_at(text, at))
    columns += width_of(text.substr(at, length_at(text, at)));
  return columns;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::size_t columns = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = width_of(text.substr(at, length_at(text, at)));
    if (columns + next + 1 > width) break;
    columns += next;
    at += length_at(text, at);
  }
  return std::string(text.substr(0, at)).append(kEllipsis);
}

std::string time_text(std::int64_t at_ms) {
  const std::time_t at = at_ms / 1000;
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&at, &utc) == nullptr) return "";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace mcpbox::ctl
