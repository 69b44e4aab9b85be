// Runs in mcpboxctl.  Everything in a ToolDetail but id, numbers and digest was written by the tool's author,
// often a language model that was told to get this approved.
#include "admin/ctl/tool_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "admin/ctl/analysis_text.h"
#include "admin/ctl/columns.h"
#include "admin/review/changes.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;
using review::lines_of;

std::string fact(std::string_view label, std::string_view value) {
  constexpr std::size_t kLabelColumns = 13;
  return std::string(label) + std::string(kLabelColumns - label.size(), ' ') + std::string(value) + "\n";
}

std::string marked(std::string_view text, std::string_view mark) {
  std::string out;
  for (const std::string_view line : lines_of(text)) out.append(mark).append(visible(line)).append("\n");
  return out.empty() ? std::string(mark) + "(empty)\n" : out;
}

std::string numbered(std::string_view code) {
  std::string out;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(code)) {
    std::array<char, 32> mark{};
    std::snprintf(mark.data(), mark.size(), "%6zu | ", ++number);
    out.append(mark.data()).append(visible(line, base::Keep::kNewlines)).append("\n");
  }
  return out;
}

// Said in our words before the code, because an escape is easy to overlook on page seven.
std::string cautions(std::string_view code) {
  std::string out;
  if (visible(code, base::Keep::kNewlines) != code)
    out += "  CAUTION: the code contains control or invisible characters, shown as \\x.. or \\u{..}\n";
  if (std::ranges::any_of(code, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }))
    out += "  CAUTION: the code contains characters other than ASCII: look-alike letters are possible\n";
  std::size_t longest = 0;
  for (const std::string_view line : lines_of(code)) longest = std::max(longest, display_width(line));
  if (longest > 160) out += "  CAUTION: the longest line has " + std::to_string(longest) + " columns\n";
  return out;
}

// Indented where it is JSON; as it came, and said so, where it is not.
std::string schema_text(std::string_view schema) {
  const Json json = parse_json(schema);
  if (!json) return "  CAUTION: this is not JSON\n" + marked(schema, "  | ");
  char* raw = json_dumps(json.get(), JSON_INDENT(2) | JSON_ENCODE_ANY);
  if (raw == nullptr) PANIC("out of memory for JSON");
  const std::string pretty = raw;
  std::free(raw);  // NOLINT(cppcoreguidelines-no-malloc): jansson's own allocator
  return marked(pretty, "  | ");
}

std::string reach_text(const protocol::ToolDetail& tool) {
  const std::size_t lines = lines_of(tool.capabilities).size();
  if (lines == 0) return "nothing but its arguments: no network, no files, no secrets";
  return "its arguments, and " + std::to_string(lines) + " that are listed below";
}

// A line each, with + and - for what the last approval did not find and found.
std::string capabilities_text(const protocol::ToolDetail& tool) {
  const std::string_view before = tool.capabilities_before ? *tool.capabilities_before : tool.capabilities;
  const auto [added, removed] = review::changes(lines_of(before), lines_of(tool.capabilities));
  std::string out;
  for (const std::string_view line : lines_of(tool.capabilities))
    out += (std::ranges::find(added, line) == added.end() ? "    " : "  + ") + visible(line) + "\n";
  for (const std::string_view line : removed) out += "  - " + visible(line) + "\n";
  return out.empty() ? "  (nothing)\n" : out;
}

std::string heading_text(const protocol::ToolDetail& tool) {
  std::string state = std::string(name_of(tool.approval)) + ", version " + std::to_string(tool.version) +
                      (tool.enabled ? "" : ", disabled");
  std::string out = fact("Tool", visible(published_name(tool))) + fact("State", state) +
                    fact("Kind", kind_text(tool.kind)) + fact("Written by", visible(tool.created_by)) +
                    fact("Time limit", std::to_string(tool.effective_timeout_ms) + " ms" +
                                           (tool.timeout_ms == 0 ? ", its server's default" : "")) +
                    fact("May reach", reach_text(tool));
  if (!tool.rejection.empty()) out += "Rejected before, because\n" + marked(tool.rejection, "  | ");
  return out;
}

// JSON that an author gave beside the code; nothing when there is none.
std::string json_section(std::string_view title, std::string_view json) {
  return json.empty() ? std::string() : "\n" + std::string(title) + "\n" + schema_text(json);
}

std::string digest_text(const wire::Digest& digest) {
  const std::string hex = hex_of(digest);
  std::string out = "  ";
  for (std::size_t at = 0; at < hex.size(); at += 8) out.append(hex.substr(at, 8)).append(" ");
  out.back() = '\n';
  return out;
}

}  // namespace

std::string tool_text(const protocol::ToolDetail& tool) {
  const std::size_t code_lines = lines_of(tool.code).size();
  std::string out = heading_text(tool);
  out += "\nDescription, which clients and their language models read\n" + marked(tool.description, "  | ");
  if (!tool.uri_template.empty()) out += "\nURI\n" + marked(tool.uri_template, "  | ");
  out += "\nInput schema\n" + schema_text(tool.input_schema);
  out += json_section("Output schema: what clients are promised", tool.output_schema);
  out += json_section("Annotations: what clients are told of it, unchecked", tool.annotations);
  out += json_section("Icons, which clients may fetch", tool.icons);
  out += json_section("Arguments that also travel as HTTP headers, where proxies see them", tool.headers);
  out += "\nCode, " + std::to_string(code_lines) + " lines, " + std::to_string(tool.code.size()) +
         " bytes\n" + cautions(tool.code) + numbered(tool.code);
  out +=
      "\nWhat the code uses, and what to look at. An aid: it finds neither everything nor only mistakes\n" +
      analysis_text(tool.analysis);
  out += std::string("\nHosts, modules and secrets that an approval gives it") +
         (tool.capabilities_before ? "; + and -: not so when it was approved last" : "") + "\n" +
         capabilities_text(tool);
  if (tool.approved_before)
    out += "\nWhat changed since it was approved last\n" + difference_text(*tool.approved_before, tool) +
           analysis_difference(tool.analysis_before, tool.analysis);
  if (!tool.last_draft_run.empty())
    out += "\nThe last draft run of exactly this: " + visible(tool.last_draft_run) + "\n";
  if (!tool.notes.empty())
    out += "\nThe author's notes. Nobody has checked them, and an approval does not cover them\n" +
           marked(tool.notes, "  ? ");
  return out + "\nDigest of all of the above but the notes and the aids\n" + digest_text(tool.digest);
}

namespace {

// What is JSON as that, and else as the text it is; null for nothing.
Json json_or_text(std::string_view text) {
  if (text.empty()) return Json(json_null());
  Json json = parse_json(text);
  return json ? std::move(json) : json_of(text);
}

Json json_of_lines(const std::vector<std::string_view>& lines) {
  Json list(json_array());
  for (const std::string_view line : lines) json_array_append_new(list.get(), json_of(line).release());
  return list;
}

Json json_of_uses(const std::vector<review::Use>& uses) {
  Json list(json_array());
  for (const review::Use& use : uses)
    json_array_append_new(list.get(), Object().text("use", use.what).text("name", use.name).take().release());
  return list;
}

// Null where there is nothing to compare with.
Json capability_changes(const protocol::ToolDetail& tool) {
  if (!tool.capabilities_before) return Json(json_null());
  const auto [added, removed] =
      review::changes(lines_of(*tool.capabilities_before), lines_of(tool.capabilities));
  return Object().member("added", json_of_lines(added)).member("removed", json_of_lines(removed)).take();
}

Json code_changes(const protocol::ToolDetail& tool, const json_t* analysis) {
  const Json before = parse_json(tool.analysis_before);
  if (!json_is_object(before.get()) || !json_is_object(analysis)) return Json(json_null());
  const auto [added, removed] = review::changes(review::uses_in(before.get()), review::uses_in(analysis));
  return Object().member("added", json_of_uses(added)).member("removed", json_of_uses(removed)).take();
}

}  // namespace

Json tool_json(const protocol::ToolDetail& tool) {
  Json analysis = parse_json(tool.analysis);
  Json code = code_changes(tool, analysis.get());
  return Object()
      .text("tool", published_name(tool))
      .text("kind", kind_text(tool.kind))
      .text("state", name_of(tool.approval))
      .number("version", tool.version)
      .flag("enabled", tool.enabled)
      .text("created_by", tool.created_by)
      .number("timeout_ms", tool.effective_timeout_ms)
      .flag("timeout_inherited", tool.timeout_ms == 0)
      .text("description", tool.description)
      .member("input_schema", json_or_text(tool.input_schema))
      .member("output_schema", json_or_text(tool.output_schema))
      .member("annotations", json_or_text(tool.annotations))
      .member("icons", json_or_text(tool.icons))
      .member("headers", json_or_text(tool.headers))
      .text("uri_template", tool.uri_template)
      .text("code", tool.code)
      .member("analysis", analysis ? std::move(analysis) : Json(json_null()))
      .member("capabilities", json_of_lines(lines_of(tool.capabilities)))
      .member("capability_changes", capability_changes(tool))
      .member("code_changes", std::move(code))
      .text("changes", tool.approved_before ? difference_text(*tool.approved_before, tool) : "")
      .text("last_draft_run", tool.last_draft_run)
      .text("notes", tool.notes)
      .text("rejection", tool.rejection)
      .text("digest", hex_of(tool.digest))
      .take();
}

std::string_view name_of(protocol::Approval approval) {
  switch (approval) {
    case protocol::Approval::kDraft:
      return "draft";
    case protocol::Approval::kPendingReview:
      return "waiting for review";
    case protocol::Approval::kApproved:
      return "approved";
    case protocol::Approval::kRejected:
      return "rejected";
  }
  return "unknown";
}

std::string published_name(const protocol::ToolDetail& tool) { return tool.server + "__" + tool.name; }

std::string hex_of(const wire::Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

wire::Digest digest_from(std::string_view hex64) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  wire::Digest digest{};
  for (std::size_t i = 0; i < digest.size() && 2 * i + 1 < hex64.size(); ++i)
    digest[i] = static_cast<unsigned char>(kDigits.find(hex64[2 * i]) << 4 | kDigits.find(hex64[2 * i + 1]));
  return digest;
}

}  // namespace mcpbox::ctl
