// Runs in the monitor: what a reviewer is shown.  The digests, the state and what the tool may reach are the
// monitor's own; the old version is a row, shown only when its fields have the digest that was approved.
#include "privsep/monitor/review.h"

#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "privsep/monitor/capabilities.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/tools.h"

namespace mcpbox::monitor {

namespace {

using base::Why;

// Made for this reader: whoever writes to the database cannot hide a finding.  Empty when it cannot be made.
loop::Task<std::string> analysis_of(Monitor& m, const Tool& tool) {
  p::Compile source = source_of(tool);
  const base::Result<std::shared_ptr<const protocol::Compiled>> compiled =
      co_await loop::attempt(m.compiler.compile(std::move(source), tool.server));
  co_return compiled ? std::string((*compiled)->report.analysis) : std::string();
}

loop::Task<> add_version_before(Monitor& m, p::ToolDetail& detail, wire::Digest approved) {
  constexpr std::size_t kVersionColumn = 16;
  Statement version{.sql = &sql::kLoadVersionOf, .params = {Param::uuid(detail.id), Param::digest(approved)}};
  const Rows found = co_await m.store.query(std::move(version));
  if (found.rows.empty()) co_return loop::Nothing{};
  Tool before;
  take_content(before, found.rows.front(), 0);
  if (!Keys::same(digest_of_tool(before), approved)) co_return loop::Nothing{};
  const std::string number = found.rows.front().at(kVersionColumn).value_or("");
  std::from_chars(number.data(), number.data() + number.size(), detail.version_before);
  detail.approved_before = before;
  detail.digest_before = approved;
  detail.analysis_before = co_await analysis_of(m, before);
  co_return loop::Nothing{};
}

loop::Task<> add_rows(Monitor& m, p::ToolDetail& detail, std::optional<wire::Digest> before) {
  if (before) {
    const loop::Nothing added = co_await add_version_before(m, detail, *before);
    static_cast<void>(added);
  }
  Statement last{.sql = &sql::kLastDraftRun,
                 .params = {Param::uuid(detail.id), Param::digest(detail.digest)}};
  const Rows run = co_await m.store.query(std::move(last));
  if (!run.rows.empty()) detail.last_draft_run = run.rows.front().at(0).value_or("").substr(0, 256);
  co_return loop::Nothing{};
}

void add_own(const Monitor& m, const Tool& tool, p::ToolDetail& detail) {
  const auto server = m.catalogue.servers().find(tool.server);
  p::take_fields(detail, tool, p::kEveryField);
  detail.id = tool.id;
  if (server != m.catalogue.servers().end()) detail.server = std::string_view(server->second.name);
  detail.effective_timeout_ms = m.catalogue.timeout_ms_of(tool);
  detail.version = tool.version;
  detail.enabled = tool.enabled;
  detail.approval = state_of(tool);
  detail.digest = digest_of_tool(tool);
  detail.created_by = std::string_view(tool.created_by);
  detail.notes = std::string_view(tool.notes);
  detail.rejection = std::string_view(tool.rejection);
  const std::string capabilities = capabilities_of(m, tool);
  detail.capabilities = std::string_view(capabilities);
  detail.capabilities_digest = digest_of_capabilities(capabilities);
  if (const Approved* last = last_approval(tool)) {
    detail.capabilities_before.emplace(last->capabilities);
    detail.approved_by = std::string_view(last->by);
    detail.approved_at_ms = last->at_ms;
  }
}

}  // namespace

loop::Task<protocol::ToolDetail> detail_of(Monitor& m, wire::Id id) {
  const Tool* tool = m.catalogue.find_tool(id);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no such tool: use SERVER__TOOL");
  p::ToolDetail detail;
  add_own(m, *tool, detail);
  const std::optional<wire::Digest> before = approved_before(*tool);
  detail.analysis = co_await analysis_of(m, *tool);
  // Without the database there are none, and nothing can be decided either.
  const base::Result<loop::Nothing> aided = co_await loop::attempt(add_rows(m, detail, before));
  static_cast<void>(aided);
  co_return detail;
}

Statement review_request_row(const protocol::ToolDetail& known, const std::string& by,
                             const std::string& notes, std::int64_t at_ms, std::uint64_t sequence) {
  Param base = Param::null();
  if (known.approved_before) base = Param::digest(known.digest_before);
  Param before = Param::null();
  if (known.capabilities_before) before = Param::text(*known.capabilities_before);
  return {.sql = &sql::kInsertReviewRequest,
          .params = {Param::uuid(known.id), Param::integer(static_cast<std::int64_t>(sequence)),
                     Param::digest(known.digest), base, Param::text(by), Param::integer(at_ms),
                     Param::text(notes), Param::text(known.capabilities), before, Param::raw(known.analysis),
                     Param::text(known.last_draft_run)}};
}

}  // namespace mcpbox::monitor
