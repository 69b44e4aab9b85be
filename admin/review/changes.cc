// Runs in admin and in mcpboxctl.  An analysis is a child's, of code that nobody has approved: no shape of it
// is taken for granted.
#include "admin/review/changes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mcpbox::review {

namespace {

struct Listed {
  const char* what;
  const char* list;
  const char* key;
};
constexpr Listed kListed[] = {{"secret", "secrets", "key"},
                              {"host", "hosts", "host"},
                              {"module", "modules", "name"},
                              {"output", "outputs", "kind"}};

template <class T>
void in_order(std::vector<T>& all) {
  std::ranges::sort(all);
  const auto twice = std::ranges::unique(all);
  all.erase(twice.begin(), twice.end());
}

template <class T>
Changes<T> changes_of(std::vector<T> before, std::vector<T> now) {
  in_order(before);
  in_order(now);
  Changes<T> found;
  std::ranges::set_difference(now, before, std::back_inserter(found.added));
  std::ranges::set_difference(before, now, std::back_inserter(found.removed));
  return found;
}

}  // namespace

std::vector<Use> uses_in(const json_t* analysis) {
  std::vector<Use> uses;
  for (const Listed& listed : kListed) {
    std::size_t index = 0;
    const json_t* row = nullptr;
    json_array_foreach(json_object_get(analysis, listed.list), index, row) {
      const json_t* name = json_object_get(row, listed.key);
      if (json_is_string(name))
        uses.push_back(
            {.what = listed.what, .name = std::string(json_string_value(name), json_string_length(name))});
    }
  }
  in_order(uses);
  return uses;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Changes<Use> changes(std::vector<Use> before, std::vector<Use> now) {
  return changes_of(std::move(before), std::move(now));
}

Changes<std::string_view> changes(std::vector<std::string_view> before, std::vector<std::string_view> now) {
  return changes_of(std::move(before), std::move(now));
}

}  // namespace mcpbox::review
