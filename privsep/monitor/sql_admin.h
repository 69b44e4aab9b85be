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

// kVersion: everything of one version.
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
     WHERE v.tool_id = $1 AND v.version = $2)sql"};

// kReviews: tools by where they stand in review, longest waiting first.
//   $1 approval_status text, or all | $2 text in tool, description or server | $3 size | $4 page
inline constexpr Sql kApiReviews{"api_reviews", R"sql(
    WITH chosen AS NOT MATERIALIZED (
      SELECT t.*, s.name AS server_name FROM tools t JOIN servers s ON s.id = t.server_id
       WHERE ($1::text = 'all' OR t.approval_status = $1::text)
         AND strpos(lower(s.name || '__' || t.name || ' ' || t.description), lower($2::text)) > 0)
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

// kReviewRequest: what was known when the tool's review was asked for last.  Lines as lists; what was added
// and removed since the approval before it; null where there was none.  `analysis` is JSON in a string.
//   $1 tool uuid
inline constexpr Sql kApiReviewRequest{"api_review_request", R"sql(
    SELECT json_build_object(
             'digest', encode(digest, 'hex'), 'base_digest', encode(base_digest, 'hex'), 'requested_by', requested_by,
             'requested_at', iso_ms(at_ms), 'notes', notes, 'capabilities', text_lines(capabilities),
             'capabilities_added', text_lines_without(capabilities, capabilities_before),
             'capabilities_removed', text_lines_without(capabilities_before, capabilities),
             'analysis', nullif(log_text(analysis, 300000), ''), 'last_draft_run', nullif(last_draft_run, ''))::text
      FROM review_requests WHERE tool_id = $1 ORDER BY audit_seq DESC LIMIT 1)sql"};

// kAdmins: who may sign in; whether a row counts is for the monitor's memory to say.
//   $1 page size | $2 page
inline constexpr Sql kApiAdmins{"api_admins", R"sql(
    WITH chosen AS (SELECT name, created_at, updated_at FROM admins WHERE password_hash <> '')
    SELECT json_build_object('items', coalesce((SELECT json_agg(json_build_object(
             'username', name, 'created_at', iso(created_at), 'updated_at', iso(updated_at)) ORDER BY name)
               FROM (SELECT * FROM chosen ORDER BY name LIMIT $1::int OFFSET ($2::bigint - 1) * $1::int) shown), '[]'),
           'total', n.total, 'page', $2::bigint, 'page_size', $1::int, 'pages', (n.total + $1::int - 1) / $1::int)::text
      FROM (SELECT count(*) AS total FROM chosen) n)sql"};

}  // namespace mcpbox::monitor::sql
