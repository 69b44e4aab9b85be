// Every statement that writes, and every statement that loads at the start, each with its parameters in
// order. Values always travel beside the text as $1, $2, ...; nothing is ever pasted into SQL.
//
// Every statement that changes a row ends in require_row(): when the row is not there, the whole transaction
// fails as kConflict, so that the chain never records a change that did not happen.
// Texts must be UTF-8 without NUL: wire::Text<> is; check a wire::Bytes<> (a schema) with is_utf8() first.
// Log texts are bytea: any bytes.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// --- Load, once, at the start ----------------------------------------------------------------------------

//   rows     all servers, ordered by name
//   columns  id uuid | name | description | status | created_by or null | default_timeout_ms
inline constexpr Sql kLoadServers{"load_servers", R"sql(
    SELECT id, name, description, status, created_by, default_timeout_ms FROM servers ORDER BY name)sql"};

// The columns of a tool's content, here and below, are content_params() and take_content() of tools.h, in
// this order:
//   kind text | name text | description text | code text | input_schema text | output_schema text |
//   annotations text | icons text | uri_template text | headers text | timeout_ms integer (0: the server's) |
//   parameters text | own_input_schema boolean | own_output_schema boolean | enabled boolean | digest bytes

//   rows     all tools, ordered by server and name
//   columns  id uuid | server uuid | content | version | approval_status | created_by or null |
//            publish_notes or null | rejection_reason or null
inline constexpr Sql kLoadTools{"load_tools", R"sql(
    SELECT id, server_id, kind, name, description, code, input_schema, output_schema, annotations, icons, uri_template,
           headers, timeout_ms, parameters, own_input_schema, own_output_schema, enabled, digest,
           current_version, approval_status, created_by, publish_notes, rejection_reason
      FROM tools ORDER BY server_id, name)sql"};

//   rows     the latest approval row of each tool and digest, whatever its state; seals are for the caller to
//   check columns  id uuid | tool uuid | digest bytes | state approved/rejected/revoked | decided_by | reason
//   or null |
//            audit_seq | at_ms | seal bytes
inline constexpr Sql kLoadApprovals{"load_approvals", R"sql(
    SELECT DISTINCT ON (tool_id, digest) id, tool_id, digest, state, decided_by, reason, audit_seq, at_ms, seal,
           capabilities
      FROM approvals ORDER BY tool_id, digest, audit_seq DESC)sql"};

// The chain's last word on each digest of each tool: a sealed row with a smaller audit_seq is a replayed one.
//   $1 up to this record
//   columns  subject uuid | digest bytes | sequence of the last decision
inline constexpr Sql kLastToolDecisions{"last_tool_decisions", R"sql(
    SELECT subject, digest, max(sequence)
      FROM (SELECT subject, digest, sequence FROM audit
             WHERE kind = 3 AND action IN ('approve', 'reject', 'revoke') AND sequence <= $1
             UNION ALL SELECT subject, digest, sequence FROM audit_kept_tool_decisions) known
     GROUP BY subject, digest)sql"};

// One version of a tool.
//   $1 tool uuid | $2 version integer
//   columns  content
inline constexpr Sql kLoadVersion{"load_version", R"sql(
    SELECT kind, name, description, code, input_schema, output_schema, annotations, icons, uri_template,
           headers, timeout_ms, parameters, own_input_schema, own_output_schema, enabled, digest
      FROM tool_versions WHERE tool_id = $1 AND version = $2)sql"};

// The latest version of a tool with this digest.
//   $1 tool uuid | $2 digest bytes
//   columns  content | digest | version
inline constexpr Sql kLoadVersionOf{"load_version_of", R"sql(
    SELECT kind, name, description, code, input_schema, output_schema, annotations, icons, uri_template,
           headers, timeout_ms, parameters, own_input_schema, own_output_schema, enabled, digest,
           version
      FROM tool_versions WHERE tool_id = $1 AND digest = $2 ORDER BY version DESC LIMIT 1)sql"};

// How the last draft run of this digest ended.
//   $1 tool uuid | $2 digest bytes
//   columns  a sentence, or no row
inline constexpr Sql kLastDraftRun{"last_draft_run", R"sql(
    SELECT end_kind || ' after ' || duration_ms || ' ms, at ' || iso_ms(started_at_ms)
      FROM executions WHERE tool_id = $1 AND digest = $2 AND is_test ORDER BY started_at_ms DESC LIMIT 1)sql"};

//   columns  name | password_hash | audit_seq | seal bytes
inline constexpr Sql kLoadAdmins{"load_admins",
                                 "SELECT name, password_hash, audit_seq, seal FROM admins ORDER BY name"};

//   columns  key | value | audit_seq | seal bytes
inline constexpr Sql kLoadSettings{"load_settings",
                                   "SELECT key, value, audit_seq, seal FROM settings ORDER BY key"};

// The chain's last word on each subject: a sealed row with a smaller audit_seq is a replayed one.
//   $1 up to this record
//   rows     one per (subject, action) of the kinds kDecision and kConfiguration, ordered by both
//   columns  subject uuid (zero when the record had none) | action | sequence of the last such record
inline constexpr Sql kLastDecisions{"last_decisions", R"sql(
    SELECT subject, action, max(sequence)
      FROM (SELECT subject, action, sequence FROM audit WHERE kind IN (3, 4) AND sequence <= $1
             UNION ALL SELECT subject, action, sequence FROM audit_kept_decisions) known
     GROUP BY subject, action ORDER BY subject, action)sql"};

// Nonces that were admitted since $1 (ms), however many other records were written meanwhile.
//   columns  nonce bytes | when the request was signed, seconds
inline constexpr Sql kSpentNonces{"spent_nonces", R"sql(
    SELECT payload, number FROM audit
     WHERE sequence > (SELECT coalesce(max(sequence), 0) - 500000 FROM audit)
       AND kind = 5 AND action = 'remote_admitted' AND at_ms >= $1
     ORDER BY sequence)sql"};

// --- Servers ---------------------------------------------------------------------------------------------

// A new server, status `imported`.  kConflict: the name is taken.
//   $1 id uuid | $2 name text | $3 description text | $4 created_by text or null
inline constexpr Sql kInsertServer{"insert_server", R"sql(
    INSERT INTO servers (id, name, description, status, created_by) VALUES ($1, $2, $3, 'imported', $4))sql"};

//   $1 id uuid | $2 status text: imported, ready, running, stopped, error
inline constexpr Sql kUpdateServerStatus{"update_server_status", R"sql(
    WITH changed AS (UPDATE servers SET status = $2, updated_at = now() WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

//   $1 id uuid | $2 name text | $3 description text | $4 default_timeout_ms integer.  kConflict: the name is
//   taken.
inline constexpr Sql kUpdateServer{"update_server", R"sql(
    WITH changed AS (UPDATE servers SET name = $2, description = $3, default_timeout_ms = $4, updated_at = now()
                      WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

// With its tools, their versions, approvals and logs.  The chain keeps what happened.
//   $1 id uuid
inline constexpr Sql kDeleteServer{"delete_server", R"sql(
    WITH changed AS (DELETE FROM servers WHERE id = $1 RETURNING 1) SELECT require_row(count(*)) FROM changed)sql"};

// --- Tools -----------------------------------------------------------------------------------------------

// A new tool: version 1, `draft`.  Give kInsertVersion in the same commit.  kConflict: the name is taken.
//   $1 id uuid | $2 server uuid | $3 created_by text or null | $4 to $19 content
inline constexpr Sql kInsertTool{"insert_tool", R"sql(
    INSERT INTO tools (id, server_id, created_by, kind, name, description, code, input_schema, output_schema,
                       annotations, icons, uri_template, headers, timeout_ms, parameters, own_input_schema,
                       own_output_schema, enabled, digest, current_version, approval_status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1, 'draft'))sql"};

// Everything the author set, as it was in one version.
//   $1 tool uuid | $2 version integer | $3 change_summary text (cut at 500 characters) | $4 change_source
//   text: llm, manual, import, rollback | $5 author text or null | $6 to $21 content
inline constexpr Sql kInsertVersion{"insert_version", R"sql(
    INSERT INTO tool_versions (tool_id, version, change_summary, change_source, author, kind, name, description, code,
                               input_schema, output_schema, annotations, icons, uri_template, headers, timeout_ms,
                               parameters, own_input_schema, own_output_schema, enabled, digest)
    VALUES ($1, $2, left($3, 500), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21))sql"};

// The tool as it is from now on; $2 must be the stored version plus one.  Give kInsertVersion in the same
// commit. With another status than `approved`, approved_at and approved_by are cleared; `pending_review`
// restarts the wait.
//   $1 id uuid | $2 new version integer | $3 approval_status text: draft, pending_review, approved, rejected
//   | $4 to $19 content
inline constexpr Sql kUpdateTool{"update_tool", R"sql(
    WITH changed AS (
      UPDATE tools SET current_version = $2, kind = $4, name = $5, description = $6, code = $7, input_schema = $8,
             output_schema = $9, annotations = $10, icons = $11, uri_template = $12, headers = $13,
             timeout_ms = $14, parameters = $15, own_input_schema = $16, own_output_schema = $17, enabled = $18,
             digest = $19, approval_status = $3,
             approved_at = CASE WHEN $3 = 'approved' THEN approved_at END,
             approved_by = CASE WHEN $3 = 'approved' THEN approved_by END,
             approval_requested_at = CASE WHEN $3 = 'pending_review' THEN now() ELSE approval_requested_at END,
             updated_at = now()
       WHERE id = $1 AND current_version = $2 - 1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

// With its versions, approvals and logs.
//   $1 id uuid
inline constexpr Sql kDeleteTool{"delete_tool", R"sql(
    WITH changed AS (DELETE FROM tools WHERE id = $1 RETURNING 1) SELECT require_row(count(*)) FROM changed)sql"};

// Where the tool stands in review, at the transaction's time:
//   pending_review  approval_requested_at = now, approval_requested_by = $3, publish_notes = $5, rejection
//   and approval
//                   cleared
//   approved        approved_at = now, approved_by = $3, rejection cleared
//   rejected        rejection_reason = $4, approval cleared
//   draft           all cleared
//   $1 id uuid | $2 status text | $3 who asked or decided text or null | $4 reason text or null | $5 notes
//   text or null
inline constexpr Sql kSetApprovalState{"set_approval_state", R"sql(
    WITH changed AS (
      UPDATE tools SET approval_status = $2::text,
             approval_requested_at = CASE $2::text WHEN 'pending_review' THEN now() WHEN 'draft' THEN NULL
                                          ELSE approval_requested_at END,
             approval_requested_by = CASE $2::text WHEN 'pending_review' THEN $3::text WHEN 'draft' THEN NULL
                                          ELSE approval_requested_by END,
             publish_notes = CASE $2::text WHEN 'pending_review' THEN $5::text WHEN 'draft' THEN NULL
                                  ELSE publish_notes END,
             approved_at = CASE WHEN $2::text = 'approved' THEN now() END,
             approved_by = CASE WHEN $2::text = 'approved' THEN $3::text END,
             rejection_reason = CASE WHEN $2::text = 'rejected' THEN $4::text END,
             updated_at = now()
       WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

// --- Rows that give authority: sealed by the caller over their fields and the sequence ---------------------

// One decision; never changed afterwards.
//   $1 id uuid | $2 tool uuid | $3 digest bytes | $4 state text: approved, rejected, revoked | $5 decided_by
//   text | $6 reason text or null | $7 audit_seq integer | $8 at_ms integer | $9 seal bytes
inline constexpr Sql kInsertApproval{"insert_approval", R"sql(
    INSERT INTO approvals (id, tool_id, digest, state, decided_by, reason, audit_seq, at_ms, seal, capabilities)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql"};

// What was known when a review was asked for.
//   $1 tool uuid | $2 audit_seq integer | $3 digest bytes | $4 base_digest bytes or null | $5 requested_by
//   text | $6 at_ms integer | $7 notes text | $8 capabilities text | $9 capabilities_before text or null |
//   $10 analysis bytes | $11 last_draft_run text
inline constexpr Sql kInsertReviewRequest{"insert_review_request", R"sql(
    INSERT INTO review_requests (tool_id, audit_seq, digest, base_digest, requested_by, at_ms, notes, capabilities,
                                 capabilities_before, analysis, last_draft_run)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql"};

//   $1 key text | $2 value text | $3 audit_seq integer | $4 seal bytes
inline constexpr Sql kUpsertSetting{"upsert_setting", R"sql(
    INSERT INTO settings (key, value, audit_seq, seal) VALUES ($1, $2, $3, $4)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, audit_seq = excluded.audit_seq, seal = excluded.seal,
           updated_at = now())sql"};

//   $1 name text | $2 password_hash text | $3 audit_seq integer | $4 seal bytes
inline constexpr Sql kUpsertAdmin{"upsert_admin", R"sql(
    INSERT INTO admins (name, password_hash, audit_seq, seal) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, audit_seq = excluded.audit_seq,
           seal = excluded.seal, updated_at = now())sql"};

//   columns  id uuid | token_hash bytes | admin | client | address | created_at_ms | expires_at_ms |
//            audit_seq | seal bytes
inline constexpr Sql kLoadAdminSessions{"load_admin_sessions", R"sql(
    SELECT id, token_hash, admin, client, address, created_at_ms, expires_at_ms, audit_seq, seal
      FROM admin_sessions ORDER BY created_at_ms)sql"};

//   $1 id uuid | $2 token_hash bytes | $3 admin text | $4 client text | $5 address text | $6 created_at_ms
//   integer | $7 expires_at_ms integer | $8 audit_seq integer | $9 seal bytes
inline constexpr Sql kInsertAdminSession{"insert_admin_session", R"sql(
    INSERT INTO admin_sessions (id, token_hash, admin, client, address, created_at_ms, expires_at_ms, audit_seq, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};

//   $1 id uuid
inline constexpr Sql kDeleteAdminSession{"delete_admin_session", R"sql(
    WITH gone AS (DELETE FROM admin_sessions WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM gone)sql"};

//   columns  name | token_hash bytes | created_by | created_at_ms | audit_seq | seal bytes
inline constexpr Sql kLoadClientTokens{"load_client_tokens", R"sql(
    SELECT name, token_hash, created_by, created_at_ms, audit_seq, seal FROM client_tokens ORDER BY name)sql"};

// kConflict: there is one of this name.
//   $1 to $6  as the columns of kLoadClientTokens
inline constexpr Sql kInsertClientToken{"insert_client_token", R"sql(
    INSERT INTO client_tokens (name, token_hash, created_by, created_at_ms, audit_seq, seal)
    VALUES ($1, $2, $3, $4, $5, $6))sql"};

//   $1 name text
inline constexpr Sql kDeleteClientToken{"delete_client_token", R"sql(
    WITH gone AS (DELETE FROM client_tokens WHERE name = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM gone)sql"};

// --- Readable log text: for write_text(), never for commit() -----------------------------------------------

// One call or test, after its end.  A second row for the same call changes nothing.
//   $1 call uuid | $2 tool uuid | $3 server uuid | $4 server_name text | $5 tool_name text | $6 digest bytes
//   | $7 version integer | $8 caller text ("unix:alice") | $9 caller_uid integer or null | $10 client text |
//   $11 duration_ms integer | $12 queue_ms integer | $13 peak_memory_bytes integer or null |
//   $14 arguments bytes or null | $15 result bytes or null | $16 output bytes or null | $17 error bytes or
//   null | $18 is_test boolean | $19 success boolean | $20 end_kind text: ok, tool_error, invalid_arguments,
//   forged, timed_out, out_of_memory, crashed, cancelled, unrecorded, unknown | $21 started_at_ms integer |
//   $22 egress requests made integer | $23 egress requests denied integer
inline constexpr Sql kInsertExecution{"insert_execution", R"sql(
    INSERT INTO executions (call_id, tool_id, server_id, server_name, tool_name, digest, version, caller, caller_uid,
                            client, duration_ms, queue_ms, peak_memory_bytes, arguments, result, output, error,
                            is_test, success, end_kind, started_at_ms, egress_requests, egress_denied)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22, $23)
        ON CONFLICT (call_id) DO NOTHING)sql"};

}  // namespace mcpbox::monitor::sql
