// Runs in mcpboxctl.  The analysis was made by a process that read hostile code: nothing in it is trusted to
// be true, complete or printable.
#include "admin/ctl/analysis_text.h"

#include <vector>

#include "admin/ctl/json.h"
#include "admin/review/changes.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

std::string cell(const json_t* row, const char* key) { return visible(cell_of(row, key)); }

std::string findings_text(const json_t* findings) {
  std::string out;
  std::size_t index = 0;
  const json_t* row = nullptr;
  json_array_foreach(findings, index, row) {
    const std::string line = cell(row, "line");
    out += "  ! " + cell(row, "severity") + (line == "0" ? "" : ", line " + line) + ": " + cell(row, "text") +
           " (" + cell(row, "rule") + ")\n";
  }
  return out.empty() ? "  (nothing found)\n" : out;
}

// "Secrets      API_KEY (line 3), TOKEN (line 9)"
std::string names_text(const char* label, const json_t* rows, const char* key) {
  std::string out;
  std::size_t index = 0;
  const json_t* row = nullptr;
  json_array_foreach(rows, index, row) {
    const std::string status = cell(row, "status");
    out += (out.empty() ? "" : ", ") + cell(row, key) + " (line " + cell(row, "line") +
           (status.empty() || status == "allowed" ? "" : ", " + status) + ")";
  }
  return std::string("  ") + label + (out.empty() ? "none" : out) + "\n";
}

void add_marked(std::string& out, const std::vector<review::Use>& uses, std::string_view mark) {
  for (const review::Use& use : uses)
    out.append("  ").append(mark).append(" " + use.what + " ").append(base::visible(use.name)).append("\n");
}

}  // namespace

std::string analysis_difference(std::string_view before, std::string_view now) {
  const Json old = parse_json(before);
  const Json current = parse_json(now);
  if (!json_is_object(old.get()) || !json_is_object(current.get())) return {};
  const auto [added, removed] = review::changes(review::uses_in(old.get()), review::uses_in(current.get()));
  std::string out;
  add_marked(out, added, "+");
  add_marked(out, removed, "-");
  return out.empty() ? out : "what the code uses\n" + out;
}

std::string analysis_text(std::string_view analysis) {
  const Json json = parse_json(analysis);
  if (!json_is_object(json.get()))
    return "  CAUTION: the code could not be analysed: read it with more care\n";
  return findings_text(json_object_get(json.get(), "findings")) +
         names_text("Secrets  ", json_object_get(json.get(), "secrets"), "key") +
         names_text("Hosts    ", json_object_get(json.get(), "hosts"), "host") +
         names_text("Modules  ", json_object_get(json.get(), "modules"), "name") +
         names_text("Output   ", json_object_get(json.get(), "outputs"), "kind");
}

}  // namespace mcpbox::ctl
