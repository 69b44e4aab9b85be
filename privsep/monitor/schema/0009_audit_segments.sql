-- The chain in segments, each a partition: what retention takes away goes as a whole table, at once, and gives its
-- room back.  A segment is sealed by the monitor (a signed checkpoint of its last record) and closed, dropped and
-- made by mcpbox-migrate: the monitor's role can neither make nor drop one.  Named after their first record.
ALTER TABLE audit RENAME TO audit_from_1;
ALTER INDEX audit_pkey RENAME TO audit_from_1_pkey;
ALTER INDEX audit_calls RENAME TO audit_from_1_calls;
ALTER INDEX audit_lifecycle RENAME TO audit_from_1_lifecycle;
ALTER INDEX audit_decisions RENAME TO audit_from_1_decisions;

CREATE TABLE audit (LIKE audit_from_1 INCLUDING CONSTRAINTS) PARTITION BY RANGE (sequence);
ALTER TABLE audit ADD PRIMARY KEY (sequence);
CREATE INDEX audit_calls ON audit (sequence) INCLUDE (kind, call) WHERE kind IN (1, 2, 7);
CREATE INDEX audit_lifecycle ON audit (action, sequence) WHERE kind = 7;
CREATE INDEX audit_decisions ON audit (subject, action, sequence) WHERE kind IN (3, 4);
-- For the pages of the web UI: newest first, by what was done, to what, and in which call.
CREATE INDEX audit_of_action ON audit (action, sequence);
CREATE INDEX audit_of_subject ON audit (subject, sequence) WHERE subject <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX audit_of_call ON audit (call, sequence) WHERE call <> '00000000-0000-0000-0000-000000000000';
ALTER TABLE audit ATTACH PARTITION audit_from_1 FOR VALUES FROM (MINVALUE) TO (MAXVALUE);

-- The last decision on each subject outlives the segment that it stood in: a row of authority that is older than
-- the chain's last word stays ignored.
CREATE TABLE audit_kept_decisions (
  subject  uuid NOT NULL,
  action   text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (subject, action)
);

-- For retention by age: oldest first, whatever else is in the row.
CREATE INDEX executions_oldest ON executions (started_at_ms);

-- Few calls are tests: their pages should not look at all the others.
CREATE INDEX executions_tests ON executions (started_at_ms DESC, call_id) WHERE is_test;
