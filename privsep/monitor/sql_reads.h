// The reads that children pass on unread.  PostgreSQL makes the JSON: every statement here answers with one
// row of one text column, or with no row when what it is about does not exist (kNotFound).
//
// Pages: $size and $page are the last two parameters, both integers, page >= 1; the caller has checked their
// bounds. Every page carries total, page, page_size and pages (0 when there is nothing). Ids are UUID text,
// digests hexadecimal, times ISO 8601 in UTC.  A schema is a JSON *string* (input_schema), because a text
// that does not parse must never fail a read. Sizes: answers fit protocol::JsonText (4 MiB) whatever the rows
// hold.  Long log texts are cut so that a whole page fits, 160,000 characters shared among its entries:
// smaller pages show more of each.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// Query::kListServers: newest first.
//   $1 size | $2 page
//   {servers[]{id,name,description,status,tool_count,created_by,created_at}, total,page,page_size,pages}
inline constexpr Sql kListServers{"list_servers", R"sql(
    SELECT json_build_object('servers', coalesce((
             SELECT json_agg(json_build_object(
                      'id', s.id, 'name', s.name, 'description', s.description, 'status', s.status,
                      'tool_count', (SELECT count(*) FROM tools t WHERE t.server_id = s.id),
                      'created_by', s.created_by, 'created_at', iso(s.created_at)) ORDER BY s.created_at DESC, s.id)
               FROM (SELECT * FROM servers ORDER BY created_at DESC, id
                      LIMIT $1::int OFFSET ($2::bigint - 1) * $1::int) s), '[]'),
           'total', n.total, 'page', $2::bigint, 'page_size', $1::int, 'pages', (n.total + $1::int - 1) / $1::int)::text
      FROM (SELECT count(*) AS total FROM servers) n)sql",
                                  Plan::kKept};

// Query::kGetServer: the server and its tools, oldest first, long descriptions cut at 1,000 characters.
//   $1 server uuid
//   {id,name,description,status,default_timeout_ms,created_by,created_at,updated_at,tools[]{id,kind,name,description,enabled,approval_status},tool_count}
inline constexpr Sql kGetServer{"get_server", R"sql(
    SELECT json_build_object(
             'id', s.id, 'name', s.name, 'description', s.description, 'status', s.status,
             'default_timeout_ms', s.default_timeout_ms, 'created_by', s.created_by,
             'created_at', iso(s.created_at), 'updated_at', iso(s.updated_at),
             'tools', coalesce((
               SELECT json_agg(json_build_object(
                        'id', t.id, 'kind', t.kind, 'name', t.name,
                        'description', left(t.description, 1000) || CASE WHEN length(t.description) > 1000
                                                                         THEN '…' ELSE '' END,
                        'enabled', t.enabled, 'approval_status', t.approval_status) ORDER BY t.created_at, t.id)
                 FROM tools t WHERE t.server_id = s.id), '[]'),
             'tool_count', (SELECT count(*) FROM tools t WHERE t.server_id = s.id))::text
      FROM servers s WHERE s.id = $1)sql",
                                Plan::kKept};

// Query::kListTools: oldest first.
//   $1 server uuid | $2 size | $3 page
//   {server_id,server_name,tools[]{id,kind,name,description,enabled,approval_status},
//   total,page,page_size,pages}
inline constexpr Sql kListTools{"list_tools", R"sql(
    SELECT json_build_object('server_id', s.id, 'server_name', s.name, 'tools', coalesce((
             SELECT json_agg(json_build_object(
                      'id', t.id, 'kind', t.kind, 'name', t.name, 'description', t.description, 'enabled', t.enabled,
                      'approval_status', t.approval_status) ORDER BY t.created_at, t.id)
               FROM (SELECT * FROM tools WHERE server_id = s.id ORDER BY created_at, id
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) t), '[]'),
           'total', n.total, 'page', $3::bigint, 'page_size', $2::int, 'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM servers s, LATERAL (SELECT count(*) AS total FROM tools WHERE server_id = s.id) n WHERE s.id = $1)sql",
                                Plan::kKept};

// Query::kGetTool.
//   $1 tool uuid
//   {id,server_id,server_name,kind,name,description,enabled,timeout_ms (what counts),timeout_inherited,
//    input_schema,output_schema,annotations,icons,headers (strings of JSON, "" for none),uri_template ("" for
//    none), current_version,python_code,digest,approval_status,created_by,created_at,updated_at}
inline constexpr Sql kGetTool{"get_tool", R"sql(
    SELECT json_build_object(
             'id', t.id, 'server_id', t.server_id, 'server_name', s.name, 'kind', t.kind, 'name', t.name,
             'description', t.description, 'enabled', t.enabled,
             'timeout_ms', CASE t.timeout_ms WHEN 0 THEN s.default_timeout_ms ELSE t.timeout_ms END,
             'timeout_inherited', t.timeout_ms = 0,
             'input_schema', t.input_schema, 'output_schema', t.output_schema, 'annotations', t.annotations,
             'icons', t.icons, 'headers', t.headers, 'uri_template', t.uri_template, 'current_version', t.current_version, 'python_code', t.code,
             'digest', encode(t.digest, 'hex'), 'approval_status', t.approval_status, 'created_by', t.created_by,
             'created_at', iso(t.created_at), 'updated_at', iso(t.updated_at))::text
      FROM tools t JOIN servers s ON s.id = t.server_id WHERE t.id = $1)sql",
                              Plan::kKept};

// Query::kGetToolStatus.
//   $1 tool uuid
//   {tool_id,name,approval_status,current_version,digest,created_by,approval_requested_by,approval_requested_at,approved_at,approved_by,
//    rejection_reason,publish_notes,denied_connections[]{host,port,times,last_at,
//    request (arguments of request_network_access)} (the latest 20),
//    review_request{digest,base_digest,capabilities[],
//    capabilities_added[],capabilities_removed[],last_draft_run} or null: when a review was asked for last}
inline constexpr Sql kGetToolStatus{"get_tool_status", R"sql(
    SELECT json_build_object(
             'tool_id', id, 'name', name, 'approval_status', approval_status, 'current_version', current_version,
             'digest', encode(digest, 'hex'), 'created_by', created_by,
             'approval_requested_by', approval_requested_by, 'approval_requested_at', iso(approval_requested_at), 'approved_at', iso(approved_at),
             'approved_by', approved_by, 'rejection_reason', rejection_reason, 'publish_notes', publish_notes,
             'review_request', (
               SELECT json_build_object('digest', encode(r.digest, 'hex'), 'base_digest', encode(r.base_digest, 'hex'),
                                        'capabilities', text_lines(r.capabilities),
                                        'capabilities_added', text_lines_without(r.capabilities, r.capabilities_before),
                                        'capabilities_removed', text_lines_without(r.capabilities_before, r.capabilities),
                                        'last_draft_run', nullif(r.last_draft_run, ''))
                 FROM review_requests r WHERE r.tool_id = $1 ORDER BY r.audit_seq DESC LIMIT 1),
             'denied_connections', coalesce((
               SELECT json_agg(json_build_object('host', d.host, 'port', d.port, 'times', d.times,
                                                 'last_at', iso_ms(d.last_ms),
                                                 'request', json_build_object('tool_id', $1::uuid, 'host', d.host,
                                                                              'port', d.port)) ORDER BY d.last_ms DESC, d.host, d.port)
                 FROM (SELECT * FROM open_denials WHERE tool_id = $1 ORDER BY last_ms DESC, host, port LIMIT 20) d),
               '[]'))::text
      FROM tools WHERE id = $1)sql",
                                    Plan::kKept};

// Query::kGetToolLogs: calls and tests of one tool, newest first.
//   $1 tool uuid | $2 size | $3 page
//   {tool_id,tool_name,logs[]{id (the
//   call),success,end,duration_ms,error,input_args,result,stdout,executed_by,client,
//    is_test,digest,version,created_at}, total,capped,page,page_size,pages};  error, input_args, result,
//    stdout: text or null.  As sql_logs.h, counting stops: at limits::kCountedRows
inline constexpr Sql kGetToolLogs{"get_tool_logs", R"sql(
    SELECT json_build_object('tool_id', t.id, 'tool_name', t.name, 'logs', coalesce((
             SELECT json_agg(json_build_object(
                      'id', e.call_id, 'success', e.success, 'end', e.end_kind, 'duration_ms', e.duration_ms,
                      'error', log_text(e.error, 160000 / $2::int),
                      'input_args', log_text(e.arguments, 160000 / $2::int),
                      'result', log_text(e.result, 160000 / $2::int),
                      'stdout', log_text(e.output, 160000 / $2::int),
                      'executed_by', e.caller, 'client', e.client, 'is_test', e.is_test,
                      'digest', encode(e.digest, 'hex'), 'version', e.version, 'created_at', iso_ms(e.started_at_ms))
                      ORDER BY e.started_at_ms DESC, e.call_id)
               FROM (SELECT * FROM executions WHERE tool_id = t.id ORDER BY started_at_ms DESC, call_id
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) e), '[]'),
           'total', least(n.found, 100000), 'capped', n.found > 100000, 'page', $3::bigint, 'page_size', $2::int,
           'pages', (least(n.found, 100000) + $2::int - 1) / $2::int)::text
      FROM tools t, LATERAL (SELECT count(*) AS found FROM (
             SELECT 1 FROM executions WHERE tool_id = t.id LIMIT 100001) bounded) n
     WHERE t.id = $1)sql"};

// Query::kListVersions: newest first.  `approval` is what the rows say of this digest.
//   $1 tool uuid | $2 size | $3 page
//   {tool_id,tool_name,current_version,total_versions,versions[]{version,change_summary,change_source,author,digest,
//    approval (approved, rejected, revoked or null),created_at}, total,page,page_size,pages}
inline constexpr Sql kListVersions{"list_versions", R"sql(
    SELECT json_build_object(
             'tool_id', t.id, 'tool_name', t.name, 'current_version', t.current_version, 'total_versions', n.total,
             'versions', coalesce((
               SELECT json_agg(json_build_object(
                        'version', v.version, 'change_summary', v.change_summary, 'change_source', v.change_source,
                        'author', v.author, 'digest', encode(v.digest, 'hex'),
                        'approval', (SELECT a.state FROM approvals a WHERE a.tool_id = t.id AND a.digest = v.digest
                                      ORDER BY a.audit_seq DESC LIMIT 1),
                        'created_at', iso(v.created_at)) ORDER BY v.version DESC)
                 FROM (SELECT * FROM tool_versions WHERE tool_id = t.id ORDER BY version DESC
                        LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) v), '[]'),
             'total', n.total, 'page', $3::bigint, 'page_size', $2::int,
             'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM tools t, LATERAL (SELECT count(*) AS total FROM tool_versions WHERE tool_id = t.id) n
     WHERE t.id = $1)sql",
                                   Plan::kKept};

// Query::kGetVersion: one version, whole.
//   $1 tool uuid | $2 version integer
//   {version,kind,name,description,enabled,timeout_ms (0: its
//   server's),input_schema,output_schema,annotations,icons,
//    headers (strings of JSON, "" for
//    none),uri_template,python_code,digest,change_summary,change_source,author, created_at}
inline constexpr Sql kGetVersion{"get_version", R"sql(
    SELECT json_build_object(
             'version', version, 'kind', kind, 'name', name, 'description', description, 'enabled', enabled,
             'timeout_ms', timeout_ms, 'input_schema', input_schema, 'output_schema', output_schema,
             'annotations', annotations, 'icons', icons, 'headers', headers, 'uri_template', uri_template,
             'python_code', code, 'digest', encode(digest, 'hex'), 'change_summary', change_summary,
             'change_source', change_source, 'author', author, 'created_at', iso(created_at))::text
      FROM tool_versions WHERE tool_id = $1 AND version = $2::int)sql",
                                 Plan::kKept};

// Query::kPendingTools: longest waiting first, without what is the reviewer's.
//   $1 size | $2 page
//   {pending_tools[]{id,name,server_name,version,digest,requested_by,requested_at},
//   total,page,page_size,pages}
inline constexpr Sql kPendingTools{"pending_tools", R"sql(
    SELECT json_build_object('pending_tools', coalesce((
             SELECT json_agg(json_build_object(
                      'id', p.id, 'name', p.name, 'server_name', p.server_name, 'version', p.current_version,
                      'digest', encode(p.digest, 'hex'), 'requested_by', p.approval_requested_by,
                      'requested_at', iso(p.approval_requested_at)) ORDER BY p.approval_requested_at, p.id)
               FROM (SELECT t.*, s.name AS server_name FROM tools t JOIN servers s ON s.id = t.server_id
                      WHERE t.approval_status = 'pending_review' ORDER BY t.approval_requested_at, t.id
                      LIMIT $1::int OFFSET ($2::bigint - 1) * $1::int) p), '[]'),
           'total', n.total, 'page', $2::bigint, 'page_size', $1::int, 'pages', (n.total + $1::int - 1) / $1::int)::text
      FROM (SELECT count(*) AS total FROM tools WHERE approval_status = 'pending_review') n)sql"};

// AdminQuery::kPending: what waits for review, longest waiting first.
//   $1 size | $2 page
//   {pending[]{tool ("srv__tool"),id,server_name,name,version,digest,created_by,requested_at,notes},
//    total,page,page_size,pages}
inline constexpr Sql kPending{"pending", R"sql(
    SELECT json_build_object('pending', coalesce((
             SELECT json_agg(json_build_object(
                      'tool', p.server_name || '__' || p.name, 'id', p.id, 'server_name', p.server_name,
                      'name', p.name, 'version', p.current_version, 'digest', encode(p.digest, 'hex'),
                      'created_by', p.created_by, 'requested_at', iso(p.approval_requested_at),
                      'notes', p.publish_notes) ORDER BY p.approval_requested_at, p.id)
               FROM (SELECT t.*, s.name AS server_name FROM tools t JOIN servers s ON s.id = t.server_id
                      WHERE t.approval_status = 'pending_review' ORDER BY t.approval_requested_at, t.id
                      LIMIT $1::int OFFSET ($2::bigint - 1) * $1::int) p), '[]'),
           'total', n.total, 'page', $2::bigint, 'page_size', $1::int, 'pages', (n.total + $1::int - 1) / $1::int)::text
      FROM (SELECT count(*) AS total FROM tools WHERE approval_status = 'pending_review') n)sql"};

// AdminQuery::kExplain: why this tool may run, and what it did.  `decision` is the latest row; whether its
// seal holds is for the monitor's memory to say, not for a row.
//   $1 "srv__tool" text
//   {tool,id,server_name,server_status,name,version,digest,enabled,approval_status,created_by,
//    decision{state,digest,by,reason,at,audit_sequence} or null, approver or null, approved_at or null,
//    hosts[],secrets[],modules[],denied[] ("host:port (times)"), last_used_at or null, last_end or null,
//    calls{total,failed}}
inline constexpr Sql kExplain{"explain", R"sql(
    SELECT json_build_object(
             'tool', s.name || '__' || t.name, 'id', t.id, 'server_name', s.name, 'server_status', s.status,
             'name', t.name, 'version', t.current_version, 'digest', encode(t.digest, 'hex'), 'enabled', t.enabled,
             'approval_status', t.approval_status, 'created_by', t.created_by,
             'decision', (SELECT json_build_object('state', a.state, 'digest', encode(a.digest, 'hex'),
                                                   'by', a.decided_by, 'reason', a.reason, 'at', iso_ms(a.at_ms),
                                                   'audit_sequence', a.audit_seq)
                            FROM approvals a WHERE a.tool_id = t.id ORDER BY a.audit_seq DESC LIMIT 1),
             'approver', t.approved_by, 'approved_at', iso(t.approved_at),
             'denied', coalesce((SELECT json_agg(d.host || ':' || d.port || ' (' || d.times || ')' ORDER BY d.last_ms DESC)
                                   FROM (SELECT * FROM open_denials o WHERE o.tool_id = t.id
                                          ORDER BY last_ms DESC LIMIT 20) d), '[]'),
             'hosts', '[]'::json, 'secrets', '[]'::json, 'modules', '[]'::json,
             'last_used_at', iso_ms(l.started_at_ms), 'last_end', l.end_kind,
             'calls', (SELECT json_build_object('total', count(*), 'failed', count(*) FILTER (WHERE NOT e.success))
                         FROM executions e WHERE e.tool_id = t.id AND NOT e.is_test))::text
      FROM servers s JOIN tools t ON t.server_id = s.id
      LEFT JOIN LATERAL (SELECT e.started_at_ms, e.end_kind FROM executions e
                          WHERE e.tool_id = t.id AND NOT e.is_test
                          ORDER BY e.started_at_ms DESC, e.call_id LIMIT 1) l ON true
     WHERE s.name = split_part($1::text, '__', 1) AND t.name = split_part($1::text, '__', 2)
       AND $1::text = s.name || '__' || t.name)sql"};

}  // namespace mcpbox::monitor::sql
