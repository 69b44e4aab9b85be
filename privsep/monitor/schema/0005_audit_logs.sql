-- Signed checkpoints beside the chain, and what the pages, filters and statistics of the execution log need.

CREATE TABLE audit_checkpoints (
  sequence  bigint NOT NULL,
  at_ms     bigint NOT NULL,
  purpose   smallint NOT NULL,
  statement bytea NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  PRIMARY KEY (sequence, purpose)
);

ALTER TABLE executions ADD COLUMN egress_requests integer NOT NULL DEFAULT 0,
                       ADD COLUMN egress_denied   integer NOT NULL DEFAULT 0;

-- Log bytes as text to search in: what is not UTF-8 as escapes.  IMMUTABLE, for the index.
CREATE FUNCTION log_plain(bytes bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character OR invalid_text_representation THEN
  RETURN encode(bytes, 'escape');
END $$;
CREATE FUNCTION log_words(arguments bytea, result bytea, output bytea, error bytea) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE SET search_path = mcpbox, pg_temp AS $$
BEGIN
  RETURN to_tsvector('pg_catalog.simple', concat_ws(' ', log_plain(arguments), log_plain(result), log_plain(output),
                                                    log_plain(error)));
END $$;

-- Stored: a search for a common word looks at many rows, and a count of one tool's rows at its index only.
ALTER TABLE executions
  ADD COLUMN words tsvector GENERATED ALWAYS AS (log_words(arguments, result, output, error)) STORED,
  ADD COLUMN published_name text NOT NULL GENERATED ALWAYS AS (server_name || '__' || tool_name) STORED;
CREATE INDEX executions_words ON executions USING gin (words);
CREATE INDEX executions_of_published_name ON executions (published_name, started_at_ms DESC, call_id);
CREATE INDEX executions_of_server_name ON executions (server_name, started_at_ms DESC, call_id);
CREATE INDEX executions_of_end ON executions (end_kind, started_at_ms DESC, call_id);
CREATE INDEX executions_failed ON executions (started_at_ms DESC, call_id) WHERE NOT success;
CREATE INDEX executions_stats ON executions (started_at_ms DESC)
  INCLUDE (success, duration_ms, queue_ms, server_name, tool_name, caller, end_kind) WHERE NOT is_test;
