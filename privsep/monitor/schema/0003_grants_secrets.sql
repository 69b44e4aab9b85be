-- What tools may reach: hosts of one server, modules of all.  A request and the grant that it becomes are one
-- row, sealed in every state.  An approved module outlives the server in which it was asked for.
CREATE TABLE grants (
  id              uuid PRIMARY KEY,
  kind            text NOT NULL CHECK (kind IN ('host', 'module')),
  state           text NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'revoked')),
  server_id       uuid,
  tool_id         uuid,
  name            text NOT NULL,
  port            integer NOT NULL CHECK (port BETWEEN 0 AND 65535),
  methods         integer NOT NULL,
  path            text NOT NULL,
  private_too     boolean NOT NULL,
  from_admin      boolean NOT NULL,
  justification   text NOT NULL,
  requested_by    text NOT NULL,
  requested_at_ms bigint NOT NULL,
  decided_by      text NOT NULL,
  reason          text NOT NULL,
  decided_at_ms   bigint NOT NULL,
  audit_seq       bigint NOT NULL,
  seal            bytea NOT NULL,
  host_of         uuid GENERATED ALWAYS AS (CASE kind WHEN 'host' THEN server_id END) STORED
                  REFERENCES servers ON DELETE CASCADE
);
CREATE INDEX grants_of_server ON grants (host_of);

-- A value is closed under all that says where it may go: see keys_values.cc and aad_of().
CREATE TABLE secrets (
  id          uuid PRIMARY KEY,
  server_id   uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
  key         text NOT NULL,
  description text NOT NULL,
  mode        text NOT NULL CHECK (mode IN ('sealed', 'exposed')),
  host        text NOT NULL,
  port        integer NOT NULL,
  place       text NOT NULL,
  place_name  text NOT NULL,
  form        text NOT NULL,
  value       bytea,
  created_by  text NOT NULL,
  set_by      text NOT NULL,
  set_at_ms   bigint NOT NULL,
  audit_seq   bigint NOT NULL,
  seal        bytea NOT NULL,
  UNIQUE (server_id, key)
);
