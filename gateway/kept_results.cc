// Runs in the gateways.  Trusts nothing: a URI is a client's.
#include "gateway/kept_results.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "policy/limits.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {

namespace limits = policy::limits;

std::string KeptResults::keep(const std::string& who, std::vector<std::string> parts, std::size_t number) {
  Kept kept{.id = http::text_of(http::random_id()), .who = who, .first = number};
  for (const std::string& part : parts) kept.bytes += part.size();
  kept.parts = std::move(parts);
  kept.until_ms = clock_.steady_ms() + limits::kKeptResultMs;
  make_room(who, kept.bytes);
  bytes_ += kept.bytes;
  std::string uri = std::string(kPrefix) + kept.id + "/" + std::to_string(number);
  all_.push_back(std::move(kept));
  return uri;
}

std::optional<std::string> KeptResults::read(const std::string& who, std::string_view uri) {
  if (!is_ours(uri)) return std::nullopt;
  uri.remove_prefix(kPrefix.size());
  const std::size_t slash = std::min(uri.find('/'), uri.size());
  const std::string_view id = uri.substr(0, slash);
  const std::string_view digits = uri.substr(std::min(slash + 1, uri.size()));
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const auto found = std::ranges::find(all_, id, &Kept::id);
  if (found == all_.end() || found->who != who || clock_.steady_ms() >= found->until_ms) return std::nullopt;
  if (number < found->first || number - found->first >= found->parts.size()) return std::nullopt;
  const std::size_t at = number - found->first;
  const std::size_t last = found->first + found->parts.size() - 1;
  if (number == last) return found->parts[at];
  return found->parts[at] + "\n[MCPbox: this was part " + std::to_string(number) + " of " +
         std::to_string(last) + ". It goes on at " + std::string(kPrefix) + found->id + "/" +
         std::to_string(number + 1) + "]";
}

void KeptResults::forget(std::list<Kept>::iterator one) {
  bytes_ -= one->bytes;
  all_.erase(one);
}

void KeptResults::make_room(const std::string& who, std::size_t bytes) {
  const std::int64_t now = clock_.steady_ms();
  while (!all_.empty() && (all_.front().until_ms <= now || all_.size() >= limits::kKeptResults ||
                           bytes_ + bytes > limits::kKeptResultsBytes))
    forget(all_.begin());
  const auto of_caller = [&who](const Kept& one) { return one.who == who; };
  while (static_cast<std::size_t>(std::ranges::count_if(all_, of_caller)) >= limits::kKeptResultsPerCaller)
    forget(std::ranges::find_if(all_, of_caller));
}

}  // namespace mcpbox::gateway
