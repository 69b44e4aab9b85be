// The statements on grants and secrets; as in sql.h, values travel beside the text.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

//   columns  id uuid | kind | state | server uuid or null | tool uuid or null | name | port | methods | path
//   |
//            private_too t/f | from_admin t/f | justification | requested_by | requested_at_ms | decided_by |
//            reason | decided_at_ms | audit_seq | seal bytes
inline constexpr Sql kLoadGrants{"load_grants", R"sql(
    SELECT id, kind, state, server_id, tool_id, name, port, methods, path, private_too, from_admin, justification,
           requested_by, requested_at_ms, decided_by, reason, decided_at_ms, audit_seq, seal
      FROM grants ORDER BY requested_at_ms, id)sql"};

// A new row, or the state that a row has from now on.
//   $1 to $19  as the columns of kLoadGrants
inline constexpr Sql kPutGrant{"put_grant", R"sql(
    INSERT INTO grants (id, kind, state, server_id, tool_id, name, port, methods, path, private_too, from_admin,
                        justification, requested_by, requested_at_ms, decided_by, reason, decided_at_ms, audit_seq, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, private_too = excluded.private_too,
           decided_by = excluded.decided_by, reason = excluded.reason, decided_at_ms = excluded.decided_at_ms,
           audit_seq = excluded.audit_seq, seal = excluded.seal)sql"};

//   $1 id uuid
inline constexpr Sql kDeleteGrant{"delete_grant", R"sql(
    WITH gone AS (DELETE FROM grants WHERE id = $1 RETURNING 1) SELECT require_row(count(*)) FROM gone)sql"};

//   columns  id uuid | server uuid | key | description | mode | host | port | place | place_name | form |
//            value bytes or null | created_by | set_by | set_at_ms | audit_seq | seal bytes
inline constexpr Sql kLoadSecrets{"load_secrets", R"sql(
    SELECT id, server_id, key, description, mode, host, port, place, place_name, form, value, created_by, set_by,
           set_at_ms, audit_seq, seal
      FROM secrets ORDER BY server_id, key)sql"};

// A new row, or a new value with its binding.  kConflict: the key is taken by another row.
//   $1 to $16  as the columns of kLoadSecrets
inline constexpr Sql kPutSecret{"put_secret", R"sql(
    INSERT INTO secrets (id, server_id, key, description, mode, host, port, place, place_name, form, value,
                         created_by, set_by, set_at_ms, audit_seq, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, host = excluded.host, port = excluded.port,
           place = excluded.place, place_name = excluded.place_name, form = excluded.form, value = excluded.value,
           set_by = excluded.set_by, set_at_ms = excluded.set_at_ms, audit_seq = excluded.audit_seq,
           seal = excluded.seal)sql"};

//   $1 id uuid
inline constexpr Sql kDeleteSecret{"delete_secret", R"sql(
    WITH gone AS (DELETE FROM secrets WHERE id = $1 RETURNING 1) SELECT require_row(count(*)) FROM gone)sql"};

}  // namespace mcpbox::monitor::sql
