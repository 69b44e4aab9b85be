-- What a tool could reach when it was approved, as the reviewer saw it; under the row's seal.
ALTER TABLE approvals ADD COLUMN capabilities text;

-- What was known when somebody asked for a review, one row for each time.  It gives no authority: a decision is
-- taken on what the monitor finds when it shows the tool, and this is what it is compared with.
CREATE TABLE review_requests (
  tool_id             uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
  audit_seq           bigint NOT NULL,
  digest              bytea NOT NULL CHECK (octet_length(digest) = 32),
  base_digest         bytea CHECK (octet_length(base_digest) = 32),
  requested_by        text NOT NULL,
  at_ms               bigint NOT NULL,
  notes               text NOT NULL,
  capabilities        text NOT NULL,
  capabilities_before text,
  analysis            bytea NOT NULL,
  last_draft_run      text NOT NULL,
  PRIMARY KEY (tool_id, audit_seq)
);

-- A text as its lines, and those of them that another text does not have.
CREATE FUNCTION text_lines(lines text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT coalesce(string_to_array(nullif(rtrim(lines, E'\n'), ''), E'\n'), '{}') $$;
CREATE FUNCTION text_lines_without(lines text, others text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT coalesce(array_agg(l), '{}') FROM unnest(text_lines(lines)) l
         WHERE l <> ALL (coalesce(text_lines(others), '{}')) $$;
