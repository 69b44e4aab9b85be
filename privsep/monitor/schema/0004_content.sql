-- The rest of what an author sets: kinds beside tools, promises about results, how clients show it, arguments that
-- travel as HTTP headers; and the time limit that a server's tools inherit.  JSON is text here, never parsed, so
-- never able to fail a statement; '' is none.
ALTER TABLE servers
  ADD COLUMN default_timeout_ms integer NOT NULL DEFAULT 30000 CHECK (default_timeout_ms BETWEEN 1000 AND 300000);

ALTER TABLE tools
  ADD COLUMN kind text NOT NULL DEFAULT 'tool' CHECK (kind IN ('tool', 'prompt', 'resource', 'resource_template')),
  ADD COLUMN output_schema text NOT NULL DEFAULT '',
  ADD COLUMN annotations text NOT NULL DEFAULT '',
  ADD COLUMN icons text NOT NULL DEFAULT '',
  ADD COLUMN uri_template text NOT NULL DEFAULT '',
  ADD COLUMN headers text NOT NULL DEFAULT '',
  ADD COLUMN own_input_schema boolean NOT NULL DEFAULT false,
  ADD COLUMN own_output_schema boolean NOT NULL DEFAULT false;

ALTER TABLE tool_versions
  ADD COLUMN kind text NOT NULL DEFAULT 'tool',
  ADD COLUMN output_schema text NOT NULL DEFAULT '',
  ADD COLUMN annotations text NOT NULL DEFAULT '',
  ADD COLUMN icons text NOT NULL DEFAULT '',
  ADD COLUMN uri_template text NOT NULL DEFAULT '',
  ADD COLUMN headers text NOT NULL DEFAULT '',
  ADD COLUMN own_input_schema boolean NOT NULL DEFAULT false,
  ADD COLUMN own_output_schema boolean NOT NULL DEFAULT false;
