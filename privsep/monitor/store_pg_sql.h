// The statements that only the store itself uses: the lock, the chain, calls left open.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

// The decision that segments may be dropped, in the chain.
inline constexpr std::string_view kPruneAction = "audit_prune";

// The record of a new master key: what is sealed after it is sealed with that.
inline constexpr const char* kRotateAction = "rotate_key";

// The row of settings that says which master key is in use, under its seal.
inline constexpr const char* kKeySetting = "master_key";

// A checkpoint as the parameters of kInsertCheckpoint.
[[nodiscard]] Statement checkpoint_row(const audit::Checkpoint& said, const audit::Signed& made);

// The same from a row of (statement, signature); a signature of another length is none.
[[nodiscard]] audit::Signed signed_of(const Rows& rows, std::size_t row);
// What vouches for the keys before ours, the newest first.
[[nodiscard]] loop::Task<std::vector<audit::Signed>> read_vouchers(Store& store);

}  // namespace mcpbox::monitor

namespace mcpbox::monitor::sql {

// The writer's session-level advisory lock: "MCPb", 1.  mcpbox-migrate takes "MCPb", 2.
inline constexpr const char* kLockClass = "1296257122";

inline constexpr Sql kBegin{"begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
inline constexpr Sql kCommit{"commit", "COMMIT"};

//   columns  t when the lock is now ours
inline constexpr Sql kTryLock{"try_lock", "SELECT pg_try_advisory_lock(1296257122, 1)"};

// Who holds it.  A role sees the names of its own sessions, and those of other roles only as null.
//   columns  backend pid | application_name | since
inline constexpr Sql kLockHolder{"lock_holder", R"sql(
    SELECT l.pid, a.application_name, iso(a.backend_start)
      FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1296257122 AND l.objid = 1 AND l.objsubid = 2
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))sql"};

//   columns  t when this role could rewrite the chain | number of the last migration
inline constexpr Sql kCheckRole{"check_role", R"sql(
    SELECT has_table_privilege('audit', 'UPDATE') OR has_table_privilege('audit', 'DELETE')
             OR has_table_privilege('audit', 'TRUNCATE'),
           (SELECT max(number) FROM schema_migrations))sql"};

//   $1 sequence | $2 at_ms | $3 kind | $4 actor bytes | $5 action text | $6 subject uuid | $7 call uuid |
//   $8 digest bytes | $9 number | $10 payload bytes | $11 previous bytes | $12 hash bytes
inline constexpr Sql kInsertAudit{"insert_audit", R"sql(
    INSERT INTO audit (sequence, at_ms, kind, actor, action, subject, call, digest, number, payload, previous, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};

// The end of the chain; columns as the parameters of kInsertAudit.
inline constexpr Sql kAuditLast{"audit_last", R"sql(
    SELECT sequence, at_ms, kind, actor, action, subject, call, digest, number, payload, previous, hash
      FROM audit ORDER BY sequence DESC LIMIT 1)sql"};

// The chain from a record on, in order; columns as the parameters of kInsertAudit.
//   $1 first sequence | $2 how many at most
inline constexpr Sql kAuditFrom{"audit_from", R"sql(
    SELECT sequence, at_ms, kind, actor, action, subject, call, digest, number, payload, previous, hash
      FROM audit WHERE sequence >= $1 ORDER BY sequence LIMIT $2)sql"};

// A signed checkpoint.  A second one of the same record changes nothing.
//   $1 sequence | $2 at_ms | $3 purpose | $4 statement bytes | $5 signature bytes
inline constexpr Sql kInsertCheckpoint{"insert_checkpoint", R"sql(
    INSERT INTO audit_checkpoints (sequence, at_ms, purpose, statement, signature) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (sequence, purpose) DO NOTHING)sql"};

//   $1 first sequence | $2 how many at most
//   columns  statement bytes | signature bytes
inline constexpr Sql kCheckpointsFrom{"checkpoints_from", R"sql(
    SELECT statement, signature FROM audit_checkpoints WHERE sequence >= $1 AND purpose <> 4
     ORDER BY sequence, purpose LIMIT $2)sql"};

// What vouches for earlier keys, the newest first.
//   columns  statement bytes | signature bytes
inline constexpr Sql kVouchers{"vouchers", R"sql(
    SELECT statement, signature FROM audit_checkpoints WHERE purpose = 4 ORDER BY sequence DESC LIMIT 64)sql"};

// Which master key is in use.
//   columns  its name | audit_seq | seal bytes
inline constexpr Sql kKeyInUse{"key_in_use",
                               "SELECT value, audit_seq, seal FROM settings WHERE key = 'master_key'"};

// What retention was last allowed to drop.
//   columns  the last record of it | its hash
inline constexpr Sql kLastPrune{"last_prune", R"sql(
    SELECT number, digest FROM audit WHERE kind = 3 AND action = 'audit_prune' ORDER BY sequence DESC LIMIT 1)sql"};

// The segment that was sealed last.
//   columns  its last record | when it was sealed, ms
inline constexpr Sql kLastSegment{"last_segment", R"sql(
    SELECT sequence, at_ms FROM audit_checkpoints WHERE purpose = 3 ORDER BY sequence DESC LIMIT 1)sql"};

// Sealed segments behind a record, in order.
//   $1 that record
//   columns  statement bytes | signature bytes
inline constexpr Sql kSealedSegments{"sealed_segments", R"sql(
    SELECT statement, signature FROM audit_checkpoints WHERE purpose = 3 AND sequence > $1 ORDER BY sequence)sql"};

// Where the newest segments that together hold no more than so many bytes begin.
//   $1 bytes
//   columns  the first record of them; none when the newest one alone holds more
inline constexpr Sql kFirstWithin{"first_within", R"sql(
    SELECT min(first) FROM (
      SELECT substring(c.relname FROM '^audit_from_([0-9]+)$')::bigint AS first,
             sum(pg_total_relation_size(c.oid)) OVER (ORDER BY substring(c.relname FROM '^audit_from_([0-9]+)$')::bigint DESC)
               AS bytes
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit'::regclass) segments
     WHERE bytes <= $1)sql"};

// Calls with an intent and no outcome since the last time that this was asked and settled; by audit_calls
// only.
//   rows  the intents; columns as the parameters of kInsertAudit
inline constexpr Sql kOpenCalls{"open_calls", R"sql(
    WITH since AS (SELECT coalesce(max(sequence), 0) AS sequence FROM audit
                    WHERE kind = 7 AND action = 'open_calls_settled'),
         recent AS (SELECT sequence, kind, call FROM audit
                     WHERE kind IN (1, 2, 7) AND sequence > (SELECT sequence FROM since)),
         open AS (SELECT sequence FROM recent i WHERE kind = 1
                     AND NOT EXISTS (SELECT 1 FROM recent o WHERE o.kind IN (2, 7) AND o.call = i.call))
    SELECT sequence, at_ms, kind, actor, action, subject, call, digest, number, payload, previous, hash
      FROM open JOIN audit USING (sequence) ORDER BY sequence)sql"};

// The readable row of such a call, from what is still known about it.
//   $1 call uuid | $2 tool uuid | $3 digest bytes | $4 caller text | $5 started_at_ms | $6 now ms
inline constexpr Sql kInsertLostExecution{"insert_lost_execution", R"sql(
    INSERT INTO executions (call_id, tool_id, server_id, server_name, tool_name, digest, version, caller, client,
                            duration_ms, queue_ms, error, is_test, success, end_kind, started_at_ms)
    SELECT $1::uuid, t.id, s.id, s.name, t.name, $3::bytea,
           coalesce((SELECT max(v.version) FROM tool_versions v WHERE v.tool_id = t.id AND v.digest = $3::bytea),
                    t.current_version),
           $4::text, '', greatest($6::bigint - $5::bigint, 0), 0,
           'MCPbox ended while this call was running: whether it had an effect is not known', false, false, 'unknown',
           $5::bigint
      FROM tools t JOIN servers s ON s.id = t.server_id WHERE t.id = $2::uuid
        ON CONFLICT (call_id) DO NOTHING)sql"};

}  // namespace mcpbox::monitor::sql
