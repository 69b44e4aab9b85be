-- The last decision on each digest of each tool, of segments that are gone: without the digest nobody could tell
-- which approval it took back.  What was dropped before this has none.
CREATE TABLE audit_kept_tool_decisions (
  subject  uuid NOT NULL,
  digest   bytea NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (subject, digest)
);
