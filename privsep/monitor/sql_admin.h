// The reads of the admin API: as in sql_reads.h, each answers with one row of one text column, the JSON body
// itself.  Pages are {items[],total,page,page_size,pages}; size and page are their last two parameters.
// A text parameter that is empty filters nothing.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// kServers: newest first.
//   $1 text in the name or description | $2 size | $3 page
inline constexpr Sql kApiServers{"api_servers", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT * FROM servers WHERE strpos(lower(name || ' ' || description), lower($1::text)) > 0)
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'id', s.id, 'name', s.name, 'description', s.description, 'status', s.status,
                      'tool_count', (SELECT count(*) FROM tools t WHERE t.server_id = s.id),
                      'pending_count', (SELECT count(*) FROM tools t WHERE t.server_id = s.id
                                           AND t.approval_status = 'pending_review'),
                      'created_by', s.created_by, 'created_at', iso(s.created_at)) ORDER BY s.created_at DESC, s.id)
               FROM (SELECT * FROM chosen ORDER BY created_at DESC, id
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) s), '[]'),
           'total', n.total, 'page', $3::bigint, 'page_size', $2::int, 'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM (SELECT count(*) AS total FROM chosen) n)sql"};

// kTools: of one server, oldest first.
//   $1 server uuid | $2 size | $3 page
inline constexpr Sql kApiTools{"api_tools", R"sql(
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'id', t.id, 'server_id', t.server_id, 'name', t.name, 'description', t.description,
                      'enabled', t.enabled, 'approval_status', t.approval_status,
                      'current_version', t.current_version, 'timeout_ms', t.timeout_ms, 'created_by', t.created_by,
                      'created_at', iso(t.created_at), 'updated_at', iso(t.updated_at)) ORDER BY t.created_at, t.id)
               FROM (SELECT * FROM tools WHERE server_id = s.id ORDER BY created_at, id
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) t), '[]'),
           'total', n.total, 'page', $3::bigint, 'page_size', $2::int, 'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM servers s, LATERAL (SELECT count(*) AS total FROM tools WHERE server_id = s.id) n WHERE s.id = $1)sql"};

// kTool.  $1 tool uuid
inline constexpr Sql kApiTool{"api_tool", R"sql(
    SELECT json_build_object(
             'id', t.id, 'server_id', t.server_id, 'server_name', s.name, 'name', t.name,
             'published_name', s.name || '__' || t.name, 'description', t.description, 'enabled', t.enabled,
             'timeout_ms', t.timeout_ms, 'python_code', t.code, 'input_schema', t.input_schema,
             'current_version', t.current_version, 'digest', encode(t.digest, 'hex'),
             'approval_status', t.approval_status, 'approval_requested_at', iso(t.approval_requested_at),
             'approved_at', iso(t.approved_at), 'approved_by', t.approved_by,
             'rejection_reason', t.rejection_reason, 'publish_notes', t.publish_notes, 'created_by', t.created_by,
             'created_at', iso(t.created_at), 'updated_at', iso(t.updated_at))::text
      FROM tools t JOIN servers s ON s.id = t.server_id WHERE t.id = $1)sql"};

// kVersions: newest first.  `approval` is the latest row about this digest: approved, rejected, revoked or
// null.
//   $1 tool uuid | $2 size | $3 page
inline constexpr Sql kApiVersions{"api_versions", R"sql(
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'version_number', v.version, 'change_summary', v.change_summary,
                      'change_source', v.change_source, 'author', v.author, 'digest', encode(v.digest, 'hex'),
                      'approval', (SELECT a.state FROM approvals a WHERE a.tool_id = t.id AND a.digest = v.digest
                                    ORDER BY a.audit_seq DESC LIMIT 1),
                      'created_at', iso(v.created_at)) ORDER BY v.version DESC)
               FROM (SELECT * FROM tool_versions WHERE tool_id = t.id ORDER BY version DESC
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) v), '[]'),
           'total', n.total, 'page', $3::bigint, 'page_size', $2::int, 'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM tools t, LATERAL (SELECT count(*) AS total FROM tool_versions WHERE tool_id = t.id) n WHERE t.id = $1)sql"};

// kVersion: everything of one version; or the version that was last approved, when $2 is 0.
//   $1 tool uuid | $2 version integer
inline constexpr Sql kApiVersion{"api_version", R"sql(
    SELECT json_build_object(
             'tool_id', v.tool_id, 'version_number', v.version, 'kind', v.kind, 'name', v.name,
             'description', v.description, 'python_code', v.code, 'input_schema', v.input_schema,
             'output_schema', v.output_schema, 'annotations', v.annotations, 'icons', v.icons,
             'headers', v.headers, 'uri_template', v.uri_template, 'timeout_ms', v.timeout_ms,
             'enabled', v.enabled, 'digest', encode(v.digest, 'hex'), 'change_summary', v.change_summary,
             'change_source', v.change_source, 'author', v.author, 'created_at', iso(v.created_at))::text
      FROM tool_versions v
     WHERE v.tool_id = $1 AND ($2::int = 0 OR v.version = $2::int)
       AND ($2::int <> 0 OR v.digest = (
             SELECT latest.digest FROM (SELECT DISTINCT ON (digest) digest, state, audit_seq FROM approvals
                                         WHERE tool_id = $1 ORDER BY digest, audit_seq DESC) latest
              WHERE latest.state = 'approved' ORDER BY latest.audit_seq DESC LIMIT 1))
     ORDER BY v.version DESC LIMIT 1)sql"};

// kReviews: tools by where they stand in review, longest waiting first.
//   $1 approval_status text, or all | $2 text in tool, description or server | $3 size | $4 page
inline constexpr Sql kApiReviews{"api_reviews", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT t.*, s.name AS server_name FROM tools t JOIN servers s ON s.id = t.server_id
       WHERE ($1::text = 'all' OR t.approval_status = $1::text)
         AND strpos(lower(s.name || ' ' || t.name || ' ' || t.description), lower($2::text)) > 0)
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'id', t.id, 'server_id', t.server_id, 'server_name', t.server_name, 'name', t.name,
                      'published_name', t.server_name || '__' || t.name, 'description', left(t.description, 500),
                      'created_by', t.created_by, 'publish_notes', t.publish_notes,
                      'approval_status', t.approval_status, 'digest', encode(t.digest, 'hex'),
                      'approval_requested_at', iso(t.approval_requested_at), 'approved_at', iso(t.approved_at),
                      'approved_by', t.approved_by, 'rejection_reason', t.rejection_reason,
                      'current_version', t.current_version) ORDER BY t.approval_requested_at NULLS LAST, t.id)
               FROM (SELECT * FROM chosen ORDER BY approval_requested_at NULLS LAST, id
                      LIMIT $3::int OFFSET ($4::bigint - 1) * $3::int) t), '[]'),
           'total', n.total, 'page', $4::bigint, 'page_size', $3::int, 'pages', (n.total + $3::int - 1) / $3::int)::text
      FROM (SELECT count(*) AS total FROM chosen) n)sql"};

// kReviewStats: "recently" is seven days.
inline constexpr Sql kApiReviewStats{"api_review_stats", R"sql(
    SELECT json_build_object(
             'pending_tools', count(*) FILTER (WHERE approval_status = 'pending_review'),
             'approved_tools', count(*) FILTER (WHERE approval_status = 'approved'),
             'rejected_tools', count(*) FILTER (WHERE approval_status = 'rejected'),
             'draft_tools', count(*) FILTER (WHERE approval_status = 'draft'),
             'recently_approved', (SELECT count(*) FROM approvals WHERE state = 'approved'
                                      AND at_ms > extract(epoch FROM now() - interval '7 days') * 1000),
             'recently_rejected', (SELECT count(*) FROM approvals WHERE state = 'rejected'
                                      AND at_ms > extract(epoch FROM now() - interval '7 days') * 1000))::text
      FROM tools)sql"};

// kExecutions: newest first, long texts cut at 2,000 characters.
//   $1 text in srv__tool | $2 server or tool uuid, or null | $3 '', success, failed or test |
//   $4 caller text | $5 size | $6 page
inline constexpr Sql kApiExecutions{"api_executions", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT * FROM executions
       WHERE strpos(lower(server_name || '__' || tool_name), lower($1::text)) > 0
         AND ($2::uuid IS NULL OR server_id = $2::uuid OR tool_id = $2::uuid)
         AND ($3::text = '' OR ($3::text = 'success' AND success) OR ($3::text = 'failed' AND NOT success)
              OR ($3::text = 'test' AND is_test))
         AND ($4::text = '' OR caller = $4::text))
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'id', e.call_id, 'tool_id', e.tool_id, 'server_id', e.server_id,
                      'server_name', e.server_name, 'tool_name', e.tool_name, 'success', e.success,
                      'end', e.end_kind, 'duration_ms', e.duration_ms, 'queue_ms', e.queue_ms,
                      'peak_memory_bytes', e.peak_memory_bytes, 'error', log_text(e.error, 2000),
                      'is_test', e.is_test, 'executed_by', e.caller, 'client', e.client, 'version', e.version,
                      'created_at', iso_ms(e.started_at_ms)) ORDER BY e.started_at_ms DESC, e.call_id)
               FROM (SELECT * FROM chosen ORDER BY started_at_ms DESC, call_id
                      LIMIT $5::int OFFSET ($6::bigint - 1) * $5::int) e), '[]'),
           'total', n.total, 'page', $6::bigint, 'page_size', $5::int, 'pages', (n.total + $5::int - 1) / $5::int)::text
      FROM (SELECT count(*) AS total FROM chosen) n)sql"};

// kExecution: one call's whole story, with its records in the chain.  $1 call uuid
inline constexpr Sql kApiExecution{"api_execution", R"sql(
    SELECT json_build_object(
             'id', e.call_id, 'tool_id', e.tool_id, 'server_id', e.server_id, 'server_name', e.server_name,
             'tool_name', e.tool_name, 'digest', encode(e.digest, 'hex'), 'version', e.version,
             'executed_by', e.caller, 'uid', e.caller_uid, 'client', e.client, 'duration_ms', e.duration_ms,
             'queue_ms', e.queue_ms, 'peak_memory_bytes', e.peak_memory_bytes, 'success', e.success,
             'end', e.end_kind, 'is_test', e.is_test, 'created_at', iso_ms(e.started_at_ms),
             'input_args', log_text(e.arguments, 100000), 'result', log_text(e.result, 100000),
             'stdout', log_text(e.output, 100000), 'error', log_text(e.error, 100000),
             'audit', coalesce((
               SELECT json_agg(json_build_object('sequence', a.sequence, 'at', iso_ms(a.at_ms), 'kind', a.kind,
                                                 'actor', log_text(a.actor, 200), 'action', a.action,
                                                 'hash', encode(a.hash, 'hex')) ORDER BY a.sequence)
                 FROM audit a WHERE a.kind IN (1, 2, 7) AND a.call = e.call_id), '[]'))::text
      FROM executions e WHERE e.call_id = $1)sql"};

// kExecutionStats.  $1 hours integer
inline constexpr Sql kApiExecutionStats{"api_execution_stats", R"sql(
    SELECT json_build_object(
             'total_executions', count(*), 'successful', count(*) FILTER (WHERE success),
             'failed', count(*) FILTER (WHERE NOT success), 'avg_duration_ms', coalesce(round(avg(duration_ms)), 0),
             'period_hours', $1::int, 'unique_tools', count(DISTINCT tool_id),
             'unique_users', count(DISTINCT caller))::text
      FROM executions
     WHERE NOT is_test AND started_at_ms > extract(epoch FROM now() - $1::int * interval '1 hour') * 1000)sql"};

// kAudit: the chain, newest first.
//   $1 action text | $2 subject or call uuid, or null | $3 size | $4 page
inline constexpr Sql kApiAudit{"api_audit", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT * FROM audit WHERE ($1::text = '' OR action = $1::text)
         AND ($2::uuid IS NULL OR subject = $2::uuid OR call = $2::uuid))
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'sequence', a.sequence, 'at', iso_ms(a.at_ms),
                      'kind', (ARRAY['call_intent', 'call_outcome', 'decision', 'configuration', 'authentication',
                                     'child_ending', 'lifecycle'])[a.kind],
                      'actor', log_text(a.actor, 200), 'action', a.action,
                      'subject', nullif(a.subject, '00000000-0000-0000-0000-000000000000'),
                      'call', nullif(a.call, '00000000-0000-0000-0000-000000000000'), 'number', a.number,
                      'digest', nullif(encode(a.digest, 'hex'), repeat('0', 64)),
                      'hash', encode(a.hash, 'hex')) ORDER BY a.sequence DESC)
               FROM (SELECT * FROM chosen ORDER BY sequence DESC
                      LIMIT $3::int OFFSET ($4::bigint - 1) * $3::int) a), '[]'),
           'total', n.total, 'page', $4::bigint, 'page_size', $3::int, 'pages', (n.total + $3::int - 1) / $3::int)::text
      FROM (SELECT count(*) AS total FROM chosen) n)sql"};

// kDashboard: numbers of a period and their course in $2 steps; every step is there, empty ones too.
//   $1 seconds integer | $2 steps integer
inline constexpr Sql kApiDashboard{"api_dashboard", R"sql(
    WITH span AS (SELECT (extract(epoch FROM now()) * 1000)::bigint AS until,
                         $1::bigint * 1000 / $2::int AS step),
         calls AS MATERIALIZED (
           SELECT e.tool_id, e.server_name, e.tool_name, e.success, e.duration_ms, e.started_at_ms, e.error,
                  least($2::int - 1, greatest(0, $2::int - 1 - (span.until - e.started_at_ms) / span.step)) AS slot
             FROM executions e, span
            WHERE NOT e.is_test AND e.started_at_ms > span.until - $1::bigint * 1000),
         course AS (
           SELECT i, iso_ms(span.until - ($2::int - i) * span.step) AS at, count(c.slot) AS calls,
                  count(c.slot) FILTER (WHERE NOT c.success) AS errors
             FROM span, generate_series(0, $2::int - 1) i LEFT JOIN calls c ON c.slot = i
            GROUP BY i, span.until, span.step)
    SELECT json_build_object(
             'stats', (SELECT json_build_object(
                'total_servers', (SELECT count(*) FROM servers),
                'active_servers', (SELECT count(*) FROM servers WHERE status = 'running'),
                'total_tools', (SELECT count(*) FROM tools),
                'enabled_tools', (SELECT count(*) FROM tools WHERE enabled),
                'pending_tools', (SELECT count(*) FROM tools WHERE approval_status = 'pending_review'),
                'total_requests', count(*), 'total_errors', count(*) FILTER (WHERE NOT success),
                'error_rate', CASE WHEN count(*) = 0 THEN 0
                                   ELSE round(count(*) FILTER (WHERE NOT success) * 1.0 / count(*), 4) END,
                'avg_response_time_ms', coalesce(round(avg(duration_ms)), 0),
                'p95_response_time_ms', coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms), 0))
                FROM calls),
             'requests_over_time', (SELECT json_agg(json_build_object('timestamp', at, 'value', calls) ORDER BY i) FROM course),
             'errors_over_time', (SELECT json_agg(json_build_object('timestamp', at, 'value', errors) ORDER BY i) FROM course),
             'top_tools', coalesce((SELECT json_agg(t ORDER BY t.invocations DESC, t.tool_name) FROM (
                SELECT tool_id, server_name, tool_name, count(*) AS invocations,
                       round(avg(duration_ms)) AS avg_duration_ms, count(*) FILTER (WHERE NOT success) AS errors
                  FROM calls GROUP BY tool_id, server_name, tool_name ORDER BY count(*) DESC LIMIT 5) t), '[]'),
             'recent_errors', coalesce((SELECT json_agg(r) FROM (
                SELECT iso_ms(started_at_ms) AS timestamp, server_name, tool_name, tool_id,
                       log_text(error, 200) AS message
                  FROM calls WHERE NOT success ORDER BY started_at_ms DESC LIMIT 10) r), '[]'))::text)sql"};

// kAudit with a number: records from this sequence on, oldest first; `last` is the last one there is so far.
//   $1 sequence integer, -1: the newest $2 | $2 size
inline constexpr Sql kApiActivity{"api_activity", R"sql(
    WITH begin AS (SELECT CASE WHEN $1::bigint < 0 THEN coalesce(max(sequence), 0) - $2::int ELSE $1::bigint - 1 END AS after
                     FROM audit),
         news AS (SELECT a.* FROM audit a, begin WHERE a.sequence > begin.after ORDER BY a.sequence LIMIT $2::int)
    SELECT json_build_object('items', coalesce(json_agg(json_build_object(
             'sequence', n.sequence, 'at', iso_ms(n.at_ms),
             'kind', coalesce((ARRAY['call_intent', 'call_outcome', 'decision', 'configuration', 'authentication',
                                     'child_ending', 'lifecycle'])[n.kind], 'other'),
             'actor', log_text(n.actor, 200), 'action', n.action,
             'subject', nullif(n.subject, '00000000-0000-0000-0000-000000000000'),
             'call', nullif(n.call, '00000000-0000-0000-0000-000000000000'), 'number', n.number,
             'tool', s.name || '__' || t.name) ORDER BY n.sequence), '[]'),
           'last', coalesce(max(n.sequence), (SELECT greatest(after, 0) FROM begin)))::text
      FROM news n LEFT JOIN tools t ON t.id = n.subject LEFT JOIN servers s ON s.id = t.server_id)sql"};

// kAdmins: who may sign in; whether a row counts is for the monitor's memory to say.
inline constexpr Sql kApiAdmins{"api_admins", R"sql(
    SELECT json_build_object('items', coalesce(json_agg(json_build_object(
             'username', name, 'created_at', iso(created_at), 'updated_at', iso(updated_at)) ORDER BY name), '[]'),
           'total', count(*))::text
      FROM admins WHERE password_hash <> '')sql"};

}  // namespace mcpbox::monitor::sql
