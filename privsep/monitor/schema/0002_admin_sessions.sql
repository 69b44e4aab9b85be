-- Who is signed in at the admin process.  The token itself is nowhere; a row without the monitor's seal is no
-- session, and one that the chain knows to have ended is none either.
CREATE TABLE admin_sessions (
  id            uuid PRIMARY KEY,
  token_hash    bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  admin         text NOT NULL,
  client        text NOT NULL,
  address       text NOT NULL,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  audit_seq     bigint NOT NULL,
  seal          bytea NOT NULL
);
