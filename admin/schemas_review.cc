// Runs in admin.  Data: the shapes of what a reviewer is told.
//
// Review: everything that an approval of the tool binds (the fields of its content, `digest`), and beside it:
//   capabilities          what the tool may reach now, a line each; hand capabilities_digest back with the
//                         approval, which is then refused when a line has changed since it was shown
//   capability_changes    in those lines, since the approval that counts or counted last; null: never
//   approved code_changes          hosts, modules, secrets and kinds of output that the code names, against
//   the approved
//                         code; null: nothing to compare with, or no analysis of one of the two
//   approved              what was approved last (the tool itself while it is approved); null: never
//   requested             what was known when the review was asked for, so that one can see what has changed
//                         since; null: nobody asked.  publish_notes are its author's: untrusted text
#include "admin/schemas.h"

namespace mcpbox::admin {
namespace {

// clang-format off
constexpr Schema kSchemas[] = {
    {"Approved",
     R"({"type":"object","properties":{"kind":{"enum":["tool","prompt","resource","resource_template"]},"nam)"
     R"(e":{"type":"string"},"description":{"type":"string"},"python_code":{"type":"string"},"input_schema":)"
     R"({"type":"string"},"output_schema":{"type":"string"},"annotations":{"type":"string"},"icons":{"type":)"
     R"("string"},"headers":{"type":"string"},"uri_template":{"type":"string"},"timeout_ms":{"type":"integer)"
     R"("},"version_number":{"type":"integer"},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},"approv)"
     R"(ed_by":{"type":"string"},"approved_at":{"type":"string","format":"date-time"}},"required":["kind","n)"
     R"(ame","description","python_code","input_schema","output_schema","annotations","icons","headers","uri)"
     R"(_template","timeout_ms","version_number","digest","approved_by","approved_at"]})"},
    {"Use",
     R"({"type":"object","properties":{"use":{"enum":["secret","host","module","output"]},"name":{"type":"st)"
     R"(ring"}},"required":["use","name"]})"},
    {"UseChanges",
     R"({"type":"object","properties":{"added":{"type":"array","items":{"$ref":"#/components/schemas/Use"}},)"
     R"("removed":{"type":"array","items":{"$ref":"#/components/schemas/Use"}}},"required":["added","removed)"
     R"("]})"},
    {"LineChanges",
     R"({"type":"object","properties":{"added":{"type":"array","items":{"type":"string"}},"removed":{"type":)"
     R"("array","items":{"type":"string"}}},"required":["added","removed"]})"},
    {"ReviewRequest",
     R"({"type":"object","properties":{"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},"base_digest":{)"
     R"("anyOf":[{"type":"string","pattern":"^[0-9a-f]{64}$"},{"type":"null"}]},"requested_by":{"type":"stri)"
     R"(ng"},"requested_at":{"type":"string","format":"date-time"},"notes":{"type":"string"},"capabilities":)"
     R"({"type":"array","items":{"type":"string"}},"capabilities_added":{"anyOf":[{"type":"array","items":{")"
     R"(type":"string"}},{"type":"null"}]},"capabilities_removed":{"anyOf":[{"type":"array","items":{"type":)"
     R"("string"}},{"type":"null"}]},"analysis":{"type":["object","null"]},"last_draft_run":{"type":["string)"
     R"(","null"]}},"required":["digest","base_digest","requested_by","requested_at","notes","capabilities",)"
     R"("capabilities_added","capabilities_removed","analysis","last_draft_run"]})"},
    {"Review",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"server_name":{"type":"string")"
     R"(},"published_name":{"type":"string"},"kind":{"enum":["tool","prompt","resource","resource_template"])"
     R"(},"name":{"type":"string"},"description":{"type":"string"},"python_code":{"type":"string"},"input_sc)"
     R"(hema":{"type":"string"},"output_schema":{"type":"string"},"annotations":{"type":"string"},"icons":{")"
     R"(type":"string"},"headers":{"type":"string"},"uri_template":{"type":"string"},"timeout_ms":{"type":"i)"
     R"(nteger"},"effective_timeout_ms":{"type":"integer"},"current_version":{"type":"integer"},"enabled":{")"
     R"(type":"boolean"},"approval_status":{"enum":["draft","pending_review","approved","rejected"]},"digest)"
     R"(":{"type":"string","pattern":"^[0-9a-f]{64}$"},"created_by":{"type":"string"},"publish_notes":{"type)"
     R"(":"string"},"rejection_reason":{"type":"string"},"last_draft_run":{"type":["string","null"]},"capabi)"
     R"(lities":{"type":"array","items":{"type":"string"}},"capabilities_digest":{"type":"string","pattern":)"
     R"("^[0-9a-f]{64}$"},"capability_changes":{"anyOf":[{"$ref":"#/components/schemas/LineChanges"},{"type")"
     R"(:"null"}]},"code_changes":{"anyOf":[{"$ref":"#/components/schemas/UseChanges"},{"type":"null"}]},"an)"
     R"(alysis":{"type":["object","null"]},"approved":{"anyOf":[{"$ref":"#/components/schemas/Approved"},{"t)"
     R"(ype":"null"}]},"requested":{"anyOf":[{"$ref":"#/components/schemas/ReviewRequest"},{"type":"null"}]})"
     R"(},"required":["id","server_name","published_name","kind","name","description","python_code","input_s)"
     R"(chema","output_schema","annotations","icons","headers","uri_template","timeout_ms","effective_timeou)"
     R"(t_ms","current_version","enabled","approval_status","digest","created_by","publish_notes","rejection)"
     R"(_reason","last_draft_run","capabilities","capabilities_digest","capability_changes","code_changes",")"
     R"(analysis","approved","requested"]})"},
};
// clang-format on

}  // namespace

std::span<const Schema> review_schemas() { return kSchemas; }

}  // namespace mcpbox::admin
