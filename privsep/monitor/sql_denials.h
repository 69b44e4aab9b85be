// The statements on what tools tried to reach and nobody approved; as in sql.h, values travel beside the
// text.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

// Adds to a row, or makes it; of a tool with $7 of them the one that was tried longest ago goes.
//   $1 tool uuid | $2 server uuid | $3 host | $4 port | $5 how often | $6 when, in milliseconds | $7 most
//   rows
inline constexpr Sql kPutDenial{"put_denial", R"sql(
    WITH gone AS (
      DELETE FROM denials d
       WHERE d.tool_id = $1::uuid
         AND NOT EXISTS (SELECT 1 FROM denials WHERE tool_id = $1::uuid AND host = $3::text AND port = $4::int)
         AND (d.host, d.port) IN (SELECT host, port FROM denials WHERE tool_id = $1::uuid
                                   ORDER BY last_ms DESC, host, port OFFSET $7::bigint - 1))
    INSERT INTO denials (tool_id, server_id, host, port, times, first_ms, last_ms)
    SELECT $1::uuid, $2::uuid, $3::text, $4::int, $5::bigint, $6::bigint, $6::bigint
     WHERE EXISTS (SELECT 1 FROM tools WHERE id = $1::uuid)
        ON CONFLICT (tool_id, host, port) DO UPDATE
       SET times = denials.times + excluded.times, last_ms = excluded.last_ms)sql"};

// AdminQuery::kDenied: the latest first.
//   $1 server uuid or null | $2 size | $3 page | $4 server name or ""
//   {items[]{tool ("srv__tool"),tool_id,server_id,server_name,host,port,times,first_at,last_at,
//    approved (and refused in spite of it: for its address)},
//    total,page,page_size,pages}
inline constexpr Sql kDenied{"denied", R"sql(
    SELECT json_build_object('items', coalesce((
             SELECT json_agg(json_build_object(
                      'tool', p.server_name || '__' || p.tool_name, 'tool_id', p.tool_id, 'server_id', p.server_id,
                      'server_name', p.server_name, 'host', p.host, 'port', p.port, 'times', p.times,
                      'first_at', iso_ms(p.first_ms), 'last_at', iso_ms(p.last_ms),
                      'approved', EXISTS (SELECT 1 FROM grants g
                                           WHERE g.server_id = p.server_id AND g.kind = 'host'
                                             AND g.state = 'approved' AND g.methods = 0 AND g.path = ''
                                             AND (g.port = 0 OR g.port = p.port)
                                             AND (g.name = p.host
                                                  OR (g.name LIKE '*.%'
                                                      AND right(p.host, length(g.name) - 1) = substr(g.name, 2)))))
                      ORDER BY p.last_ms DESC, p.tool_id, p.host, p.port)
               FROM (SELECT d.*, s.name AS server_name, t.name AS tool_name
                       FROM open_denials d JOIN servers s ON s.id = d.server_id JOIN tools t ON t.id = d.tool_id
                      WHERE ($1::uuid IS NULL OR d.server_id = $1::uuid) AND ($4::text = '' OR s.name = $4::text)
                      ORDER BY d.last_ms DESC, d.tool_id, d.host, d.port
                      LIMIT $2::int OFFSET ($3::bigint - 1) * $2::int) p), '[]'),
           'total', n.total, 'page', $3::bigint, 'page_size', $2::int, 'pages', (n.total + $2::int - 1) / $2::int)::text
      FROM (SELECT count(*) AS total FROM open_denials d JOIN servers s ON s.id = d.server_id
             WHERE ($1::uuid IS NULL OR d.server_id = $1::uuid) AND ($4::text = '' OR s.name = $4::text)) n)sql"};

}  // namespace mcpbox::monitor::sql
