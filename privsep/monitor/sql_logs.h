// Reads of the execution log: pages with filters, and statistics.  As sql_reads.h: one row of one JSON text.
// Counts stop at a bound, so that no question costs more because the log is long: `capped` says that there
// is more than `total`.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// ReadLogs: newest first.  Names as they were at the time of the call.  What is null does not restrict.
//   $1 caller text | $2 "srv__tool" text | $3 size | $4 page | $5 server name text | $6 end text, or "failed"
//   | $7 words to search for text | $8 since ms | $9 until ms | $10 where counting stops integer
//   {logs[]{id,tool,success,end,duration_ms,queue_ms,peak_memory_bytes,egress_requests,egress_denied,error,
//    input_args,result,stdout,executed_by,uid,client,is_test,digest,version,created_at},
//    total,capped,page,page_size,pages}
inline constexpr Sql kLogs{"logs", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT * FROM executions
       WHERE ($1::text IS NULL OR caller = $1::text)
         AND ($2::text IS NULL OR published_name = $2::text)
         AND ($5::text IS NULL OR server_name = $5::text)
         AND ($6::text IS NULL OR $6::text <> 'failed' OR NOT success)
         AND ($6::text IS NULL OR $6::text = 'failed' OR end_kind = $6::text)
         AND ($7::text IS NULL OR words @@ websearch_to_tsquery('pg_catalog.simple', $7::text))
         AND ($8::bigint IS NULL OR started_at_ms >= $8::bigint)
         AND ($9::bigint IS NULL OR started_at_ms < $9::bigint)),
    counted AS (SELECT count(*) AS found FROM (SELECT 1 FROM chosen LIMIT $10::bigint + 1) bounded),
    n AS (SELECT least(found, $10::bigint) AS total, found > $10::bigint AS capped FROM counted)
    SELECT json_build_object('logs', coalesce((
             SELECT json_agg(json_build_object(
                      'id', e.call_id, 'tool', e.server_name || '__' || e.tool_name, 'success', e.success,
                      'end', e.end_kind, 'duration_ms', e.duration_ms, 'queue_ms', e.queue_ms,
                      'peak_memory_bytes', e.peak_memory_bytes, 'egress_requests', e.egress_requests,
                      'egress_denied', e.egress_denied,
                      'error', log_text(e.error, 160000 / $3::int),
                      'input_args', log_text(e.arguments, 160000 / $3::int),
                      'result', log_text(e.result, 160000 / $3::int),
                      'stdout', log_text(e.output, 160000 / $3::int),
                      'executed_by', e.caller, 'uid', e.caller_uid, 'client', e.client, 'is_test', e.is_test,
                      'digest', encode(e.digest, 'hex'), 'version', e.version, 'created_at', iso_ms(e.started_at_ms))
                      ORDER BY e.started_at_ms DESC, e.call_id)
               FROM (SELECT * FROM chosen ORDER BY started_at_ms DESC, call_id
                      LIMIT $3::int OFFSET ($4::bigint - 1) * $3::int) e), '[]'),
           'total', n.total, 'capped', n.capped, 'page', $4::bigint, 'page_size', $3::int,
           'pages', (n.total + $3::int - 1) / $3::int)::text
      FROM n)sql"};

// ReadStats: the newest calls of a period, tests left out, at most as many as counting goes.
//   $1 since ms | $2 hours of the period integer | $3 where counting stops integer
//   {total_executions,successful,failed,avg_duration_ms,avg_queue_ms,period_executions,period_hours,capped,
//    unique_tools,unique_users,by_end{},top_tools[<=5]{tool_name,server_name,invocations,failed,avg_duration_ms},
//    over_time[]{timestamp,calls,errors},recent_errors[<=10]{id,timestamp,server_name,tool_name,end,message}}
inline constexpr Sql kStats{"stats", R"sql(
    WITH step AS (SELECT CASE WHEN $2::int <= 6 THEN 600000 WHEN $2::int <= 48 THEN 3600000 ELSE 86400000 END AS ms),
    recent AS (
      SELECT success, duration_ms, queue_ms, server_name, tool_name, caller, end_kind, started_at_ms
        FROM executions WHERE started_at_ms >= $1::bigint AND NOT is_test
       ORDER BY started_at_ms DESC LIMIT $3::bigint + 1),
    cells AS MATERIALIZED (
      SELECT server_name, tool_name, caller, end_kind, started_at_ms / step.ms * step.ms AS at, count(*) AS calls,
             count(*) FILTER (WHERE NOT success) AS failed, sum(duration_ms) AS ms, sum(queue_ms) AS queue_ms
        FROM recent, step GROUP BY 1, 2, 3, 4, 5),
    tools AS (
      SELECT server_name, tool_name, sum(calls)::bigint AS calls, sum(failed)::bigint AS failed, sum(ms) AS ms
        FROM cells GROUP BY server_name, tool_name),
    n AS (
      SELECT coalesce(sum(calls), 0)::bigint AS found, coalesce(sum(failed), 0)::bigint AS failed, sum(ms) AS ms,
             sum(queue_ms) AS queue_ms FROM cells),
    buckets AS (SELECT at, sum(calls)::bigint AS calls, sum(failed)::bigint AS errors FROM cells GROUP BY at)
    SELECT json_build_object(
             'total_executions', least(n.found, $3::bigint), 'successful', n.found - n.failed, 'failed', n.failed,
             'avg_duration_ms', coalesce(round(n.ms / nullif(n.found, 0)), 0),
             'avg_queue_ms', coalesce(round(n.queue_ms / nullif(n.found, 0)), 0),
             'period_executions', least(n.found, $3::bigint), 'period_hours', $2::int,
             'capped', n.found > $3::bigint, 'unique_tools', (SELECT count(*) FROM tools),
             'unique_users', (SELECT count(DISTINCT caller) FROM cells),
             'by_end', (SELECT coalesce(json_object_agg(end_kind, calls), '{}')
                          FROM (SELECT end_kind, sum(calls)::bigint AS calls FROM cells GROUP BY end_kind) ends),
             'top_tools', (SELECT coalesce(json_agg(json_build_object(
                                    'tool_name', tool_name, 'server_name', server_name, 'invocations', calls,
                                    'failed', failed, 'avg_duration_ms', round(ms / calls)) ORDER BY calls DESC), '[]')
                             FROM (SELECT * FROM tools ORDER BY calls DESC, server_name, tool_name LIMIT 5) top),
             'over_time', (SELECT coalesce(json_agg(json_build_object('timestamp', iso_ms(at), 'calls', calls,
                                                                     'errors', errors) ORDER BY at), '[]')
                             FROM (SELECT * FROM buckets ORDER BY at DESC LIMIT 400) shown),
             'recent_errors', (SELECT coalesce(json_agg(json_build_object(
                                        'id', e.call_id, 'timestamp', iso_ms(e.started_at_ms),
                                        'server_name', e.server_name, 'tool_name', e.tool_name, 'end', e.end_kind,
                                        'message', log_text(e.error, 200)) ORDER BY e.started_at_ms DESC), '[]')
                                 FROM (SELECT * FROM executions WHERE NOT success AND NOT is_test
                                          AND started_at_ms >= $1::bigint
                                        ORDER BY started_at_ms DESC LIMIT 10) e))::text
      FROM n)sql"};

}  // namespace mcpbox::monitor::sql
