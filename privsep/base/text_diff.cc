// Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: the greedy form, with the trace kept.
#include "privsep/base/text_diff.h"

#include <algorithm>
#include <vector>

namespace mcpbox::base {
namespace {

constexpr int kMostEdits = 1'000;
constexpr std::size_t kAround = 3;

using Lines = std::vector<std::string_view>;  // each with its line feed

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

struct Edit {
  char sign;  // ' ', '-' or '+'
  std::string_view line;
};

// How far each diagonal of each round reached.
class Trace {
 public:
  Trace(const Lines& a, const Lines& b) : a_(a), b_(b) {}

  // The edits from a to b; nothing when they are too many.
  std::vector<Edit> edits() {
    std::vector<int> reach(2 * kMostEdits + 3, 0);
    for (int d = 0; d <= kMostEdits; ++d) {
      for (int k = -d; k <= d; k += 2)
        if (advance(reach, d, k)) return path(d, k);
      rounds_.emplace_back(reach.begin() + middle(-d), reach.begin() + middle(d) + 1);
    }
    return {};
  }

 private:
  static int middle(int k) { return kMostEdits + 1 + k; }
  [[nodiscard]] bool down(const std::vector<int>& reach, int d, int k) const {
    return k == -d || (k != d && reach[at(k - 1)] < reach[at(k + 1)]);
  }
  static std::size_t at(int k) { return static_cast<std::size_t>(middle(k)); }

  // Goes as far as it can on diagonal k; true at the end of both texts.
  bool advance(std::vector<int>& reach, int d, int k) const {
    int x = down(reach, d, k) ? reach[at(k + 1)] : reach[at(k - 1)] + 1;
    int y = x - k;
    while (x < static_cast<int>(a_.size()) && y < static_cast<int>(b_.size()) && y >= 0 &&
           a_[static_cast<std::size_t>(x)] == b_[static_cast<std::size_t>(y)])
      ++x, ++y;
    reach[at(k)] = x;
    return x >= static_cast<int>(a_.size()) && y >= static_cast<int>(b_.size());
  }

  // Where round d had come to on diagonal k.
  [[nodiscard]] int reached(int d, int k) const {
    const int place = k + d;
    return rounds_[static_cast<std::size_t>(d)][static_cast<std::size_t>(place)];
  }

  [[nodiscard]] std::vector<Edit> path(int d, int k) const {
    std::vector<Edit> edits;
    auto x = static_cast<int>(a_.size());
    auto y = static_cast<int>(b_.size());
    for (; d > 0; --d) {
      const int rounds = d - 1;
      const bool inserted =
          k == -d || (k != d && (k - 1 < -rounds ? -1 : reached(rounds, k - 1)) < reached_or(rounds, k + 1));
      const int from = inserted ? k + 1 : k - 1;
      const int start = reached(rounds, from);
      while (x > (inserted ? start : start + 1))
        --x, --y, edits.push_back({' ', a_[static_cast<std::size_t>(x)]});
      if (inserted)
        --y, edits.push_back({'+', b_[static_cast<std::size_t>(y)]});
      else
        --x, edits.push_back({'-', a_[static_cast<std::size_t>(x)]});
      k = from;
    }
    while (x > 0) --x, edits.push_back({' ', a_[static_cast<std::size_t>(x)]});
    std::ranges::reverse(edits);
    return edits;
  }
  [[nodiscard]] int reached_or(int d, int k) const { return k > d ? -1 : reached(d, k); }

  const Lines& a_;
  const Lines& b_;
  std::vector<std::vector<int>> rounds_;
};

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
  std::vector<Edit> edits = Trace(a, b).edits();
  if (!edits.empty()) return edits;
  for (const std::string_view line : a) edits.push_back({'-', line});
  for (const std::string_view line : b) edits.push_back({'+', line});
  return edits;
}

std::string shown(const Edit& edit) {
  std::string out = edit.sign + std::string(edit.line);
  if (!edit.line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
  return out;
}

std::string range_of(std::size_t first, std::size_t count) {
  return std::to_string(count == 0 ? first : first + 1) + (count == 1 ? "" : "," + std::to_string(count));
}

// From edit `begin` on, the end of the hunk: where more than twice kAround unchanged lines follow a change.
std::size_t hunk_end(const std::vector<Edit>& edits, std::size_t begin) {
  std::size_t last = begin;
  for (std::size_t i = begin; i < edits.size() && i - last <= 2 * kAround; ++i)
    if (edits[i].sign != ' ') last = i;
  return std::min(last + kAround + 1, edits.size());
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  if (before == after) return {};
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  const std::vector<Edit> edits = edits_of(a, b);
  std::string out;
  std::size_t old_line = 0;
  std::size_t new_line = 0;
  const auto pass = [&](const Edit& edit) {
    old_line += edit.sign != '+' ? 1 : 0;
    new_line += edit.sign != '-' ? 1 : 0;
  };
  for (std::size_t i = 0; i < edits.size();) {
    const auto changed = std::find_if(edits.begin() + static_cast<std::ptrdiff_t>(i), edits.end(),
                                      [](const Edit& edit) { return edit.sign != ' '; });
    if (changed == edits.end()) break;
    const auto first = static_cast<std::size_t>(changed - edits.begin());
    const std::size_t begin = std::max(i, first - std::min(first, kAround));
    const std::size_t end = hunk_end(edits, first);
    for (; i < begin; ++i) pass(edits[i]);
    const std::size_t old_begin = old_line;
    const std::size_t new_begin = new_line;
    std::string body;
    for (; i < end; ++i) {
      body += shown(edits[i]);
      pass(edits[i]);
    }
    out += "@@ -" + range_of(old_begin, old_line - old_begin) + " +" +
           range_of(new_begin, new_line - new_begin) + " @@\n" + body;
  }
  return out;
}

}  // namespace mcpbox::base
