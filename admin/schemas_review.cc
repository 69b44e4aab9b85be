// Runs in admin.  Data: the shapes of what a reviewer is told.
//
// Review: everything that an approval of the tool binds (the fields of its content, `digest`), and beside it
//   capabilities        what the tool may reach now, a line each; whoever hands capabilities_digest back with
//                       the approval is refused when a line has changed since it was shown
//   capability_changes  in those lines, since the approval that counts or counted last; null: none yet
//   code_changes        hosts, modules, secrets and kinds of output that the code names, against the
//                       approved code; null: nothing to compare with, or no analysis of one of the two
//   approved            what was approved last (the tool itself while it is approved); null: never
//   requested           what was known when the review was asked for, so that one can see what has changed
//                       since; null: nobody asked.  publish_notes and its notes are the author's: untrusted
#include "admin/schemas.h"

namespace mcpbox::admin {
namespace {

// clang-format off
constexpr Schema kSchemas[] = {
    {"Approved",
     R"({"type":"object","properties":{"kind":{"enum":["tool","prompt","resource","resource_template"]},)"
     R"("name":{"type":"string"},"description":{"type":"string"},"python_code":{"type":"string"},)"
     R"("input_schema":{"type":"string"},"output_schema":{"type":"string"},"annotations":{"type":"string"},)"
     R"("icons":{"type":"string"},"headers":{"type":"string"},"uri_template":{"type":"string"},)"
     R"("timeout_ms":{"type":"integer"},"version_number":{"type":"integer"},"digest":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{64}$"},"approved_by":{"type":"string"},"approved_at":{"type":"string",)"
     R"("format":"date-time"}},"required":["kind","name","description","python_code","input_schema",)"
     R"("output_schema","annotations","icons","headers","uri_template","timeout_ms","version_number",)"
     R"("digest","approved_by","approved_at"]})"},
    {"Use",
     R"({"type":"object","properties":{"use":{"enum":["secret","host","module","output"]},)"
     R"("name":{"type":"string"}},"required":["use","name"]})"},
    {"UseChanges",
     R"({"type":"object","properties":{"added":{"type":"array","items":{"$ref":"#/components/schemas/Use"}},)"
     R"("removed":{"type":"array","items":{"$ref":"#/components/schemas/Use"}}},"required":["added",)"
     R"("removed"]})"},
    {"LineChanges",
     R"({"type":"object","properties":{"added":{"type":"array","items":{"type":"string"}},)"
     R"("removed":{"type":"array","items":{"type":"string"}}},"required":["added","removed"]})"},
    {"ReviewRequest",
     R"({"type":"object","properties":{"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("base_digest":{"anyOf":[{"type":"string","pattern":"^[0-9a-f]{64}$"},{"type":"null"}]},)"
     R"("requested_by":{"type":"string"},"requested_at":{"type":"string","format":"date-time"},)"
     R"("notes":{"type":"string"},"capabilities":{"type":"array","items":{"type":"string"}},)"
     R"("capabilities_added":{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"null"}]},)"
     R"("capabilities_removed":{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"null"}]},)"
     R"("analysis":{"type":["object","null"]},"last_draft_run":{"type":["string","null"]}},)"
     R"("required":["digest","base_digest","requested_by","requested_at","notes","capabilities",)"
     R"("capabilities_added","capabilities_removed","analysis","last_draft_run"]})"},
    {"Review",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},)"
     R"("server_name":{"type":"string"},"published_name":{"type":"string"},"kind":{"enum":["tool","prompt",)"
     R"("resource","resource_template"]},"name":{"type":"string"},"description":{"type":"string"},)"
     R"("python_code":{"type":"string"},"input_schema":{"type":"string"},"output_schema":{"type":"string"},)"
     R"("annotations":{"type":"string"},"icons":{"type":"string"},"headers":{"type":"string"},)"
     R"("uri_template":{"type":"string"},"timeout_ms":{"type":"integer"},)"
     R"("effective_timeout_ms":{"type":"integer"},"current_version":{"type":"integer"},)"
     R"("enabled":{"type":"boolean"},"approval_status":{"enum":["draft","pending_review","approved",)"
     R"("rejected"]},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},"created_by":{"type":"string"},)"
     R"("publish_notes":{"type":"string"},"rejection_reason":{"type":"string"},)"
     R"("last_draft_run":{"type":["string","null"]},"capabilities":{"type":"array",)"
     R"("items":{"type":"string"}},"capabilities_digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("capability_changes":{"anyOf":[{"$ref":"#/components/schemas/LineChanges"},{"type":"null"}]},)"
     R"("code_changes":{"anyOf":[{"$ref":"#/components/schemas/UseChanges"},{"type":"null"}]},)"
     R"("analysis":{"type":["object","null"]},"approved":{"anyOf":[{"$ref":"#/components/schemas/Approved"},)"
     R"({"type":"null"}]},"requested":{"anyOf":[{"$ref":"#/components/schemas/ReviewRequest"},)"
     R"({"type":"null"}]}},"required":["id","server_name","published_name","kind","name","description",)"
     R"("python_code","input_schema","output_schema","annotations","icons","headers","uri_template",)"
     R"("timeout_ms","effective_timeout_ms","current_version","enabled","approval_status","digest",)"
     R"("created_by","publish_notes","rejection_reason","last_draft_run","capabilities",)"
     R"("capabilities_digest","capability_changes","code_changes","analysis","approved","requested"]})"},
};
// clang-format on

}  // namespace

std::span<const Schema> review_schemas() { return kSchemas; }

}  // namespace mcpbox::admin
