// Runs in the gateways.  The sentence is the one source: what is taken apart here is what it says.
#include "gateway/manage_problem.h"

#include <algorithm>

#include "gateway/methods.h"
#include "privsep/base/visible.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

constexpr std::string_view kOurs = "mcpbox_";
constexpr std::size_t kReceivedBytes = 60;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// Where `word` stands in the text by itself; npos for nowhere.
std::size_t find_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return at;
  }
  return std::string_view::npos;
}

// What is wrong is in the call, or with what the call is about: no other time will do.
bool is_about_arguments(base::Why why) {
  return why == base::Why::kInvalid || why == base::Why::kNotFound || why == base::Why::kConflict;
}

const Argument* id_in(std::span<const Argument> rows) {
  const auto found = std::ranges::find(rows, ArgumentType::kId, &Argument::type);
  return found == rows.end() ? nullptr : &*found;
}

// The argument that the sentence speaks of first.
const Argument* field_in(std::string_view words, std::span<const Argument> rows) {
  const Argument* found = nullptr;
  std::size_t first = std::string_view::npos;
  for (const Argument& row : rows)
    if (const std::size_t at = find_word(words, row.name); at < first) {
      first = at;
      found = &row;
    }
  return found;
}

// "Invalid FIELD: RULE. ADVICE" or "RULE: ADVICE" or "RULE; ADVICE".  A colon within a word, as between host
// and port, is none.
std::string_view rule_in(std::string_view words, std::string_view field) {
  const std::string begin = "Invalid " + std::string(field) + ": ";
  if (words.starts_with(begin)) {
    words.remove_prefix(begin.size());
    return words.substr(0, words.find(". "));
  }
  return words.substr(0, std::min(words.find(": "), words.find("; ")));
}

}  // namespace

const char* code_of(base::Why why) {
  switch (why) {
    case base::Why::kInvalid:
      return "invalid_argument";
    case base::Why::kRefused:
      return "refused";
    case base::Why::kNotFound:
      return "not_found";
    case base::Why::kConflict:
      return "conflict";
    case base::Why::kBusy:
      return "busy";
    case base::Why::kTimeout:
      return "timeout";
    case base::Why::kCancelled:
      return "cancelled";
    case base::Why::kBroken:
      return "unavailable";
  }
  return "unavailable";
}

std::string tool_named_in(std::string_view text) {
  const std::size_t at = text.find(kOurs);
  if (at == std::string_view::npos) return {};
  std::size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  return std::string(text.substr(at, end - at));
}

Problem problem_of(std::string_view tool, std::span<const Argument> rows, const Arguments& arguments,
                   base::Why why, std::string words, std::string_view named) {
  Problem problem{.code = code_of(why), .next = tool_named_in(words)};
  if (problem.next.empty()) problem.next = tool;
  const Argument* field = field_in(named.empty() ? std::string_view(words) : named, rows);
  if (field == nullptr && is_about_arguments(why)) field = id_in(rows);
  if (field != nullptr) {
    problem.field = field->name;
    if (arguments.has(field->name)) {
      const std::string value = base::visible(compact(arguments.value(field->name)));
      problem.received = value.size() <= kReceivedBytes ? value : fitting(value, kReceivedBytes) + "...";
    }
  }
  problem.rule = rule_in(words, problem.field);
  problem.text = std::move(words);
  return problem;
}

std::string details_of(const Problem& problem) {
  std::string out;
  const auto put = [&out](const char* name, std::string_view value) {
    if (!value.empty()) out += (out.empty() ? "" : ",") + quoted(name) + ":" + quoted(value);
  };
  put("code", problem.code);
  put("field", problem.field);
  put("rule", problem.rule);
  put("received", problem.received);
  put("next", problem.next);
  return "{" + out + "}";
}

std::string problem_result(const Problem& problem) {
  std::string out = error_result("Error: " + sentence(problem.text));
  out.pop_back();
  return out + R"(,"_meta":{"error":)" + details_of(problem) + "}}";
}

}  // namespace mcpbox::gateway
