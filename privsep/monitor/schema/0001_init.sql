-- The first schema.  Run by mcpbox-migrate as the owner, inside a transaction, with search_path = mcpbox.
-- What gives authority (approvals, admins, settings) carries a seal that only the monitor can make; what the
-- monitor did stands in audit, which the working role can only add to.

-- Timestamps as every answer shows them: ISO 8601, UTC, milliseconds.
CREATE FUNCTION iso(moment timestamptz) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE
  AS $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
CREATE FUNCTION iso_ms(milliseconds bigint) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE
  AS $$ SELECT to_char(timestamp '1970-01-01' + milliseconds * interval '1 millisecond',
                       'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- A statement that found nothing to change ends the transaction: SQLSTATE P0002, no_data_found.
CREATE FUNCTION require_row(changed bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF changed <> 1 THEN RAISE no_data_found USING MESSAGE = 'the row to change is not there'; END IF;
  RETURN changed;
END $$;

-- Log bytes as text, whatever they are: bytes that are not UTF-8, or contain NUL, come out as \ooo escapes, so a
-- tool cannot make its own log unreadable.  At most `most` characters, with a marker when there were more.
CREATE FUNCTION log_text(bytes bytea, most integer) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  whole text;
BEGIN
  BEGIN
    whole := convert_from(bytes, 'UTF8');
  EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character OR invalid_text_representation THEN
    whole := encode(bytes, 'escape');
  END;
  IF length(whole) <= most THEN RETURN whole; END IF;
  RETURN left(whole, most) || '… (cut: ask for fewer entries per page to see more)';
END $$;

CREATE TABLE servers (
  id          uuid PRIMARY KEY,
  name        text NOT NULL UNIQUE,
  description text NOT NULL,
  status      text NOT NULL CHECK (status IN ('imported', 'ready', 'running', 'stopped', 'error')),
  created_by  text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX servers_newest ON servers (created_at DESC, id);

-- input_schema and parameters are JSON kept as the text that was digested: never parsed here, so never able to
-- fail a statement.
CREATE TABLE tools (
  id                    uuid PRIMARY KEY,
  server_id             uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
  name                  text NOT NULL,
  description           text NOT NULL,
  code                  text NOT NULL,
  input_schema          text NOT NULL,
  parameters            text NOT NULL,
  timeout_ms            integer NOT NULL,
  enabled               boolean NOT NULL,
  digest                bytea NOT NULL CHECK (octet_length(digest) = 32),
  current_version       integer NOT NULL CHECK (current_version >= 1),
  approval_status       text NOT NULL CHECK (approval_status IN ('draft', 'pending_review', 'approved', 'rejected')),
  approval_requested_at timestamptz,
  approved_at           timestamptz,
  approved_by           text,
  rejection_reason      text,
  publish_notes         text,
  created_by            text,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  UNIQUE (server_id, name)
);
CREATE INDEX tools_pending ON tools (approval_requested_at, id) WHERE approval_status = 'pending_review';

CREATE TABLE tool_versions (
  tool_id        uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
  version        integer NOT NULL,
  name           text NOT NULL,
  description    text NOT NULL,
  code           text NOT NULL,
  input_schema   text NOT NULL,
  parameters     text NOT NULL,
  timeout_ms     integer NOT NULL,
  enabled        boolean NOT NULL,
  digest         bytea NOT NULL CHECK (octet_length(digest) = 32),
  change_summary text NOT NULL,
  change_source  text NOT NULL CHECK (change_source IN ('llm', 'manual', 'import', 'rollback')),
  author         text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tool_id, version)
);

-- One row per decision.  at_ms is the monitor's clock, since the seal covers it.
CREATE TABLE approvals (
  id         uuid PRIMARY KEY,
  tool_id    uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
  digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
  state      text NOT NULL CHECK (state IN ('approved', 'rejected', 'revoked')),
  decided_by text NOT NULL,
  reason     text,
  audit_seq  bigint NOT NULL,
  at_ms      bigint NOT NULL,
  seal       bytea NOT NULL
);
CREATE INDEX approvals_latest ON approvals (tool_id, audit_seq DESC);

CREATE TABLE admins (
  name          text PRIMARY KEY,
  password_hash text NOT NULL,
  audit_seq     bigint NOT NULL,
  seal          bytea NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE settings (
  key        text PRIMARY KEY,
  value      text NOT NULL,
  audit_seq  bigint NOT NULL,
  seal       bytea NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- The chain; docs/audit-format.md says what `hash` covers.  No foreign keys: a record outlives what it is about.
CREATE TABLE audit (
  sequence bigint PRIMARY KEY CHECK (sequence >= 1),
  at_ms    bigint NOT NULL,
  kind     smallint NOT NULL,
  actor    bytea NOT NULL,
  action   text NOT NULL,
  subject  uuid NOT NULL,
  call     uuid NOT NULL,
  digest   bytea NOT NULL CHECK (octet_length(digest) = 32),
  number   bigint NOT NULL,
  payload  bytea NOT NULL,
  previous bytea NOT NULL CHECK (octet_length(previous) = 32),
  hash     bytea NOT NULL CHECK (octet_length(hash) = 32)
);
-- In chain order, so that adding to them touches only their last page.
CREATE INDEX audit_calls ON audit (sequence) INCLUDE (kind, call) WHERE kind IN (1, 2, 7);
CREATE INDEX audit_lifecycle ON audit (action, sequence) WHERE kind = 7;
CREATE INDEX audit_decisions ON audit (subject, action, sequence) WHERE kind IN (3, 4);

-- Readable text of calls, beside the chain.  Names are kept as they were; outside bytes are bytea.
CREATE TABLE executions (
  call_id           uuid PRIMARY KEY,
  tool_id           uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
  server_id         uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
  server_name       text NOT NULL,
  tool_name         text NOT NULL,
  digest            bytea NOT NULL,
  version           integer NOT NULL,
  caller            text NOT NULL,
  caller_uid        bigint,
  client            text NOT NULL,
  duration_ms       bigint NOT NULL,
  queue_ms          bigint NOT NULL,
  peak_memory_bytes bigint,
  arguments         bytea,
  result            bytea,
  output            bytea,
  error             bytea,
  is_test           boolean NOT NULL,
  success           boolean NOT NULL,
  end_kind          text NOT NULL,
  started_at_ms     bigint NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX executions_newest ON executions (started_at_ms DESC, call_id);
CREATE INDEX executions_of_tool ON executions (tool_id, started_at_ms DESC, call_id);
CREATE INDEX executions_of_server ON executions (server_id, started_at_ms DESC);
CREATE INDEX executions_of_caller ON executions (caller, started_at_ms DESC, call_id);
