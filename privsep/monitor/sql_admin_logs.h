// Reads of the logs for the web UI.  As sql_logs.h: one row of one JSON text, and counts stop at a bound, so
// that no question costs more because a log is long; `capped` says that there is more than `total`.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// kExecutions: newest first, long texts cut at 2,000 characters.  A part of a name is looked for among the
// names that there are (the first part reads one row of the index for each), and each name's newest rows in
// its own.
//   $1 text in srv__tool | $2 server uuid or null | $3 tool uuid or null | $4 '', success, failed or test |
//   $5 caller text | $6 words to search for text, or null | $7 size | $8 page | $9 where counting stops
//   integer
inline constexpr Sql kApiExecutions{"api_executions", R"sql(
    WITH RECURSIVE every_name AS (
      (SELECT published_name FROM executions WHERE $1::text <> '' ORDER BY published_name LIMIT 1)
      UNION ALL
      SELECT (SELECT e.published_name FROM executions e WHERE e.published_name > n.published_name
               ORDER BY e.published_name LIMIT 1)
        FROM every_name n WHERE n.published_name IS NOT NULL),
    names AS MATERIALIZED (
      SELECT published_name FROM every_name WHERE strpos(lower(published_name), lower($1::text)) > 0),
    chosen AS NOT MATERIALIZED (
      SELECT * FROM executions
       WHERE ($2::uuid IS NULL OR server_id = $2::uuid) AND ($3::uuid IS NULL OR tool_id = $3::uuid)
         AND ($4::text <> 'success' OR success) AND ($4::text <> 'failed' OR NOT success)
         AND ($4::text <> 'test' OR is_test) AND ($5::text = '' OR caller = $5::text)
         AND ($6::text IS NULL OR words @@ websearch_to_tsquery('pg_catalog.simple', $6::text))),
    counted AS (
      SELECT count(*) AS found
        FROM (SELECT 1 FROM chosen WHERE $1::text = '' OR published_name = ANY (ARRAY(SELECT published_name FROM names))
               LIMIT $9::bigint + 1) bounded),
    n AS (SELECT least(found, $9::bigint) AS total, found > $9::bigint AS capped FROM counted),
    shown AS (
      (SELECT call_id FROM chosen WHERE $1::text = '' ORDER BY started_at_ms DESC, call_id
        LIMIT $7::int OFFSET ($8::bigint - 1) * $7::int)
      UNION ALL
      (SELECT k.call_id
         FROM names CROSS JOIN LATERAL (
              SELECT call_id, started_at_ms FROM chosen WHERE chosen.published_name = names.published_name
               ORDER BY started_at_ms DESC, call_id LIMIT $8::bigint * $7::int) k
        WHERE $1::text <> '' ORDER BY k.started_at_ms DESC, k.call_id LIMIT $7::int OFFSET ($8::bigint - 1) * $7::int))
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'id', e.call_id, 'tool_id', e.tool_id, 'server_id', e.server_id,
                      'server_name', e.server_name, 'tool_name', e.tool_name, 'success', e.success,
                      'end', e.end_kind, 'duration_ms', e.duration_ms, 'queue_ms', e.queue_ms,
                      'peak_memory_bytes', e.peak_memory_bytes, 'egress_requests', e.egress_requests,
                      'egress_denied', e.egress_denied, 'error', log_text(e.error, 2000),
                      'is_test', e.is_test, 'executed_by', e.caller, 'client', e.client, 'version', e.version,
                      'created_at', iso_ms(e.started_at_ms)) ORDER BY e.started_at_ms DESC, e.call_id)
               FROM executions e WHERE e.call_id = ANY (ARRAY(SELECT call_id FROM shown))), '[]'),
           'total', n.total, 'capped', n.capped, 'page', $8::bigint, 'page_size', $7::int,
           'pages', (n.total + $7::int - 1) / $7::int)::text
      FROM n)sql"};

// kExecution: one call's whole story, with its records in the chain.  $1 call uuid
inline constexpr Sql kApiExecution{"api_execution", R"sql(
    SELECT json_build_object(
             'id', e.call_id, 'tool_id', e.tool_id, 'server_id', e.server_id, 'server_name', e.server_name,
             'tool_name', e.tool_name, 'digest', encode(e.digest, 'hex'), 'version', e.version,
             'executed_by', e.caller, 'uid', e.caller_uid, 'client', e.client, 'duration_ms', e.duration_ms,
             'queue_ms', e.queue_ms, 'peak_memory_bytes', e.peak_memory_bytes,
             'egress_requests', e.egress_requests, 'egress_denied', e.egress_denied, 'success', e.success,
             'end', e.end_kind, 'is_test', e.is_test, 'created_at', iso_ms(e.started_at_ms),
             'input_args', log_text(e.arguments, 100000), 'result', log_text(e.result, 100000),
             'stdout', log_text(e.output, 100000), 'error', log_text(e.error, 100000),
             'audit', coalesce((
               SELECT json_agg(json_build_object('sequence', a.sequence, 'at', iso_ms(a.at_ms), 'kind', a.kind,
                                                 'actor', log_text(a.actor, 200), 'action', a.action,
                                                 'hash', encode(a.hash, 'hex')) ORDER BY a.sequence)
                 FROM audit a WHERE a.call = e.call_id), '[]'))::text
      FROM executions e WHERE e.call_id = $1)sql"};

// kAudit: the chain, newest first.  It has no gaps: all of it is counted from its two ends.  What is shown is
// read in the order of an index by each branch alone: of their union, a million numbers would be sorted.
//   $1 action text | $2 subject or call uuid, or null | $3 size | $4 page | $5 where counting stops integer
inline constexpr Sql kApiAudit{"api_audit", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT sequence FROM audit WHERE $2::uuid IS NULL AND ($1::text = '' OR action = $1::text)
      UNION ALL
      SELECT sequence FROM audit WHERE subject = $2::uuid AND ($1::text = '' OR action = $1::text)
      UNION ALL
      SELECT sequence FROM audit WHERE call = $2::uuid AND subject <> $2::uuid AND ($1::text = '' OR action = $1::text)),
    counted AS (
      SELECT CASE WHEN $2::uuid IS NULL AND $1::text = ''
                  THEN (SELECT coalesce(max(sequence) - min(sequence) + 1, 0) FROM audit)
                  ELSE (SELECT count(*) FROM (SELECT 1 FROM chosen LIMIT $5::bigint + 1) bounded) END AS found),
    n AS (SELECT least(found, $5::bigint) AS total, found > $5::bigint AS capped FROM counted),
    shown AS (
      SELECT sequence FROM (
        (SELECT sequence FROM audit WHERE $2::uuid IS NULL AND ($1::text = '' OR action = $1::text)
          ORDER BY sequence DESC LIMIT $4::bigint * $3::int)
        UNION ALL
        (SELECT sequence FROM audit WHERE subject = $2::uuid AND ($1::text = '' OR action = $1::text)
          ORDER BY sequence DESC LIMIT $4::bigint * $3::int)
        UNION ALL
        (SELECT sequence FROM audit
          WHERE call = $2::uuid AND subject <> $2::uuid AND ($1::text = '' OR action = $1::text)
          ORDER BY sequence DESC LIMIT $4::bigint * $3::int)) nearest
       ORDER BY sequence DESC LIMIT $3::int OFFSET ($4::bigint - 1) * $3::int)
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'sequence', a.sequence, 'at', iso_ms(a.at_ms),
                      'kind', (ARRAY['call_intent', 'call_outcome', 'decision', 'configuration', 'authentication',
                                     'child_ending', 'lifecycle', 'secret_read', 'refusal'])[a.kind],
                      'actor', log_text(a.actor, 200), 'action', a.action,
                      'subject', nullif(a.subject, '00000000-0000-0000-0000-000000000000'),
                      'call', nullif(a.call, '00000000-0000-0000-0000-000000000000'), 'number', a.number,
                      'digest', nullif(encode(a.digest, 'hex'), repeat('0', 64)),
                      'hash', encode(a.hash, 'hex')) ORDER BY a.sequence DESC)
               FROM audit a WHERE a.sequence = ANY (ARRAY(SELECT sequence FROM shown))), '[]'),
           'total', n.total, 'capped', n.capped, 'page', $4::bigint, 'page_size', $3::int,
           'pages', (n.total + $3::int - 1) / $3::int)::text
      FROM n)sql"};

// kDashboard: numbers of a period and their course in $2 steps; every step is there, empty ones too.
//   $1 seconds integer | $2 steps integer | $3 where counting stops integer
inline constexpr Sql kApiDashboard{"api_dashboard", R"sql(
    WITH span AS (SELECT (extract(epoch FROM now()) * 1000)::bigint AS until,
                         $1::bigint * 1000 / $2::int AS step),
         calls AS MATERIALIZED (
           SELECT server_name, tool_name, success, duration_ms,
                  least($2::int - 1, greatest(0, $2::int - 1 - (until - started_at_ms) / step)) AS slot
             FROM (SELECT server_name, tool_name, success, duration_ms, started_at_ms, until, step FROM executions, span
                    WHERE NOT is_test AND started_at_ms > (SELECT until - $1::bigint * 1000 FROM span)
                    ORDER BY started_at_ms DESC LIMIT $3::bigint + 1) newest),
         slots AS (SELECT slot, count(*) AS calls, count(*) FILTER (WHERE NOT success) AS errors FROM calls GROUP BY slot),
         course AS (
           SELECT i, iso_ms(span.until - ($2::int - i) * span.step) AS at, coalesce(calls, 0) AS calls,
                  coalesce(errors, 0) AS errors
             FROM span CROSS JOIN generate_series(0, $2::int - 1) i LEFT JOIN slots ON slot = i)
    SELECT json_build_object(
             'stats', (SELECT json_build_object(
                'total_servers', (SELECT count(*) FROM servers),
                'active_servers', (SELECT count(*) FROM servers WHERE status = 'running'),
                'total_tools', (SELECT count(*) FROM tools),
                'enabled_tools', (SELECT count(*) FROM tools WHERE enabled),
                'pending_tools', (SELECT count(*) FROM tools WHERE approval_status = 'pending_review'),
                'total_requests', least(count(*), $3::bigint), 'capped', count(*) > $3::bigint,
                'total_errors', count(*) FILTER (WHERE NOT success),
                'error_rate', CASE WHEN count(*) = 0 THEN 0
                                   ELSE round(count(*) FILTER (WHERE NOT success) * 1.0 / count(*), 4) END,
                'avg_response_time_ms', coalesce(round(avg(duration_ms)), 0),
                'p95_response_time_ms', coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms), 0))
                FROM calls),
             'requests_over_time', (SELECT json_agg(json_build_object('timestamp', at, 'value', calls) ORDER BY i) FROM course),
             'errors_over_time', (SELECT json_agg(json_build_object('timestamp', at, 'value', errors) ORDER BY i) FROM course),
             'top_tools', coalesce((SELECT json_agg(json_build_object(
                  'tool_id', (SELECT e.tool_id FROM executions e
                               WHERE e.published_name = t.server_name || '__' || t.tool_name
                               ORDER BY e.started_at_ms DESC LIMIT 1),
                  'server_name', server_name, 'tool_name', tool_name, 'invocations', invocations,
                  'avg_duration_ms', avg_duration_ms, 'errors', errors) ORDER BY invocations DESC, tool_name)
                FROM (SELECT server_name, tool_name, count(*) AS invocations, round(avg(duration_ms)) AS avg_duration_ms,
                             count(*) FILTER (WHERE NOT success) AS errors
                        FROM calls GROUP BY server_name, tool_name ORDER BY count(*) DESC, tool_name LIMIT 5) t), '[]'),
             'recent_errors', coalesce((SELECT json_agg(json_build_object(
                  'timestamp', iso_ms(started_at_ms), 'server_name', server_name, 'tool_name', tool_name,
                  'tool_id', tool_id, 'message', log_text(error, 200)) ORDER BY started_at_ms DESC)
                FROM (SELECT * FROM executions WHERE NOT success AND NOT is_test
                         AND started_at_ms > (SELECT until - $1::bigint * 1000 FROM span)
                       ORDER BY started_at_ms DESC LIMIT 10) r), '[]'))::text)sql"};

// kAudit with a number: records from this sequence on, oldest first; `last` is the last one there is so far.
//   $1 sequence integer, -1: the newest $2 | $2 size
inline constexpr Sql kApiActivity{"api_activity", R"sql(
    WITH begin AS (SELECT CASE WHEN $1::bigint < 0 THEN coalesce(max(sequence), 0) - $2::int ELSE $1::bigint - 1 END AS after
                     FROM audit),
         news AS (SELECT a.* FROM audit a WHERE a.sequence > (SELECT after FROM begin) ORDER BY a.sequence LIMIT $2::int)
    SELECT json_build_object('items', coalesce(json_agg(json_build_object(
             'sequence', n.sequence, 'at', iso_ms(n.at_ms),
             'kind', coalesce((ARRAY['call_intent', 'call_outcome', 'decision', 'configuration', 'authentication',
                                     'child_ending', 'lifecycle', 'secret_read', 'refusal'])[n.kind], 'other'),
             'actor', log_text(n.actor, 200), 'action', n.action,
             'subject', nullif(n.subject, '00000000-0000-0000-0000-000000000000'),
             'call', nullif(n.call, '00000000-0000-0000-0000-000000000000'), 'number', n.number,
             'tool', s.name || '__' || t.name) ORDER BY n.sequence), '[]'),
           'last', coalesce(max(n.sequence), (SELECT greatest(after, 0) FROM begin)))::text
      FROM news n LEFT JOIN tools t ON t.id = n.subject LEFT JOIN servers s ON s.id = t.server_id)sql"};

}  // namespace mcpbox::monitor::sql
