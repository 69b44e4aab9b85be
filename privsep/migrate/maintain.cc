// Run beside the monitor, as the database's owner, when the monitor asks.  Nothing is asked in words: what
// may go stands in the chain (the last record `audit_prune`) and in the settings.  Whoever could write those
// to the database could delete the rows themselves; what nobody there can do is to make a pruned log verify.
#include "privsep/migrate/migrate.h"

namespace mcpbox::migrate {
namespace {

// Segments are partitions, named after their first record; the last one is open.
//  - A checkpoint of purpose 3 within the open one is where the monitor sealed it: what came later moves on.
//  - A closed one goes when its last record is not behind the number that the chain has.
constexpr const char* kSegments = R"sql(
DO $$
DECLARE
  part record;
  current text;
  beginning bigint;
  seal bigint;
  pruned bigint;
BEGIN
  SELECT c.relname, substring(c.relname FROM '^audit_from_([0-9]+)$')::bigint INTO STRICT current, beginning
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = 'audit'::regclass AND pg_catalog.pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)';
  SELECT number INTO pruned FROM audit WHERE kind = 3 AND action = 'audit_prune' ORDER BY sequence DESC LIMIT 1;
  IF NOT EXISTS (SELECT FROM audit_checkpoints WHERE purpose = 3 AND sequence >= beginning)
     AND NOT EXISTS (SELECT FROM audit WHERE sequence <= pruned) THEN
    RETURN;  -- the usual case: nobody waits for us
  END IF;
  LOCK TABLE audit IN ACCESS EXCLUSIVE MODE;

  FOR seal IN SELECT sequence FROM audit_checkpoints
               WHERE purpose = 3 AND sequence >= beginning AND sequence <= (SELECT max(sequence) FROM audit)
               ORDER BY sequence LOOP
    EXECUTE format('ALTER TABLE audit DETACH PARTITION %I', current);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', 'audit_from_' || seal + 1, current);
    EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE sequence > %s', 'audit_from_' || seal + 1, current, seal);
    EXECUTE format('DELETE FROM %I WHERE sequence > %s', current, seal);
    EXECUTE format('ALTER TABLE audit ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', current, beginning, seal + 1);
    EXECUTE format('ALTER TABLE audit ATTACH PARTITION %I FOR VALUES FROM (%s) TO (MAXVALUE)',
                   'audit_from_' || seal + 1, seal + 1);
    current := 'audit_from_' || seal + 1;
    beginning := seal + 1;
  END LOOP;

  FOR part IN SELECT * FROM (
                SELECT relname, lead(first) OVER (ORDER BY first) - 1 AS last
                  FROM (SELECT c.relname, substring(c.relname FROM '^audit_from_([0-9]+)$')::bigint AS first
                          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
                         WHERE i.inhparent = 'audit'::regclass) names) ends
               WHERE last <= pruned LOOP
    EXECUTE format('INSERT INTO audit_kept_decisions AS kept (subject, action, sequence)
                    SELECT subject, action, max(sequence) FROM %I WHERE kind IN (3, 4) GROUP BY subject, action
                        ON CONFLICT (subject, action) DO UPDATE SET sequence = greatest(kept.sequence, excluded.sequence)',
                   part.relname);
    EXECUTE format('INSERT INTO audit_kept_tool_decisions AS kept (subject, digest, sequence)
                    SELECT subject, digest, max(sequence) FROM %I
                     WHERE kind = 3 AND action IN (''approve'', ''reject'', ''revoke'') GROUP BY subject, digest
                        ON CONFLICT (subject, digest) DO UPDATE SET sequence = greatest(kept.sequence, excluded.sequence)',
                   part.relname);
    EXECUTE format('DROP TABLE %I', part.relname);
  END LOOP;
END $$)sql";

// The youngest moment whose texts may go: by age, by the last pruning, by size (estimated: an index is as
// large as what it indexes).
constexpr const char* kTextsBefore = R"sql(
    WITH bounds AS (
      SELECT coalesce((SELECT value::bigint FROM settings WHERE key = 'log_retention_days' AND value ~ '^[1-9][0-9]{0,3}$'), 30)
               * 86400000 AS keep_ms,
             coalesce((SELECT value::bigint FROM settings WHERE key = 'log_retention_mb' AND value ~ '^[1-9][0-9]{0,6}$'), 1024)
               * 1048576 AS most)
    SELECT greatest(
             (extract(epoch FROM now()) * 1000)::bigint - keep_ms,
             (SELECT substring(convert_from(payload, 'UTF8') FROM 'before ([0-9]{1,15})')::bigint FROM audit
               WHERE kind = 3 AND action = 'audit_prune' ORDER BY sequence DESC LIMIT 1),
             CASE WHEN pg_total_relation_size('executions') > most THEN (
               SELECT started_at_ms FROM (
                 SELECT started_at_ms, sum(1000 + 2 * (coalesce(octet_length(arguments), 0) + coalesce(octet_length(result), 0)
                                             + coalesce(octet_length(output), 0) + coalesce(octet_length(error), 0)))
                                         OVER (ORDER BY started_at_ms DESC) AS bytes FROM executions) ages
                WHERE bytes > most ORDER BY started_at_ms DESC LIMIT 1) END)
      FROM bounds)sql";

// In pieces, so that the monitor's own rows never wait long.
constexpr const char* kDropTexts = R"sql(
    WITH old AS (SELECT call_id FROM executions WHERE started_at_ms < $1::bigint ORDER BY started_at_ms LIMIT 5000),
         gone AS (DELETE FROM executions e USING old WHERE e.call_id = old.call_id RETURNING 1)
    SELECT count(*) FROM gone)sql";

}  // namespace

bool Migration::maintain() {
  int last = 0;
  if (!connect() || !prepare_session() || !check_applied(last)) return false;
  if (!run_script(kSegments)) return complain("segments of the audit log could not be closed or dropped");
  return drop_texts();
}

bool Migration::drop_texts() {
  const Result before = ask(kTextsBefore);
  if (!before || PQntuples(before.get()) != 1) return false;
  const std::string moment = PQgetvalue(before.get(), 0, 0);
  for (;;) {
    const Result gone = ask(kDropTexts, {moment.c_str()});
    if (!gone) return false;
    if (std::string_view(PQgetvalue(gone.get(), 0, 0)) == "0") return true;
  }
}

}  // namespace mcpbox::migrate
