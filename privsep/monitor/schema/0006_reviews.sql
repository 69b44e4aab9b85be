-- Who asked for the review, and the latest word on each digest of a tool.
ALTER TABLE tools ADD COLUMN approval_requested_by text;
CREATE INDEX approvals_of_digest ON approvals (tool_id, digest, audit_seq DESC);
CREATE INDEX tool_versions_of_digest ON tool_versions (tool_id, digest, version DESC);
