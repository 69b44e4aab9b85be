-- What the monitor's role may do, and nothing else.  Run after the migrations, every time, with the role's name in
-- the setting mcpbox.working_role.  UPDATE and DELETE on audit are what it must never have: it can add to the
-- chain, not rewrite it.
DO $$
DECLARE
  role text := current_setting('mcpbox.working_role');
BEGIN
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA mcpbox FROM %I', role);
  EXECUTE format('REVOKE ALL ON SCHEMA mcpbox FROM %I', role);
  EXECUTE format('GRANT USAGE ON SCHEMA mcpbox TO %I', role);
  EXECUTE format('GRANT SELECT ON schema_migrations, audit_kept_decisions,
                  audit_kept_tool_decisions TO %I', role);
  EXECUTE format('GRANT SELECT, INSERT ON audit, audit_checkpoints, approvals, tool_versions, executions,
                  review_requests TO %I', role);
  EXECUTE format('GRANT SELECT, INSERT, DELETE ON admin_sessions, client_tokens TO %I', role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON servers, tools, admins, settings TO %I', role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON denials TO %I', role);
  EXECUTE format('GRANT SELECT ON open_denials TO %I', role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON grants, secrets TO %I', role);
  EXECUTE format('GRANT DELETE ON servers, tools TO %I', role);
  -- A rotation of the master key seals what it finds again, and changes nothing else of it.
  EXECUTE format('GRANT UPDATE (seal) ON approvals, admin_sessions, client_tokens TO %I', role);
END $$;
