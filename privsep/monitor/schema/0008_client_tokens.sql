-- Tokens of clients in containers.  The token itself is nowhere; a row without the monitor's seal is none, and one
-- that the chain knows to have been revoked is none either.
CREATE TABLE client_tokens (
  name          text PRIMARY KEY,
  token_hash    bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  created_by    text NOT NULL,
  created_at_ms bigint NOT NULL,
  audit_seq     bigint NOT NULL,
  seal          bytea NOT NULL
);
