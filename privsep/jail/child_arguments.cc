// Run by every child, first thing.  Trusts nobody who starts it by hand.
#include "privsep/jail/child_arguments.h"

#include <charconv>
#include <span>

namespace mcpbox::jail {
namespace {

constexpr const char* kUsage = "this program is started by mcpbox-launcher: --role NAME --allow-missing MASK";

template <class Number>
bool parse(std::string_view text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

base::Result<ChildArguments> child_arguments(int argc, char** argv, std::string_view role) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const std::unexpected refused = base::fail(base::Why::kInvalid, kUsage);
  ChildArguments arguments;
  if (words.size() < 5 || std::string_view(words[1]) != "--role" || words[2] != role ||
      std::string_view(words[3]) != "--allow-missing")
    return refused;
  std::string_view mask = words[4];
  if (mask.starts_with("0x")) mask.remove_prefix(2);
  if (!parse(mask, arguments.allow_missing, 16)) return refused;
  std::span<char*> rest = words.subspan(5);
  if (rest.size() >= 2 && std::string_view(rest[0]) == "--listeners") {
    if (!parse(std::string_view(rest[1]), arguments.listeners, 10)) return refused;
    rest = rest.subspan(2);
  }
  if (!rest.empty() && role != "admin") return refused;
  arguments.rest.assign(rest.begin(), rest.end());
  return arguments;
}

}  // namespace mcpbox::jail
