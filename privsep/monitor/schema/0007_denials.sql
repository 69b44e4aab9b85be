-- What tools tried to reach and nobody approved: suggestions for a person, which allow nothing.  Not sealed: a row
-- that somebody puts here is a line on a screen.
CREATE TABLE denials (
  tool_id   uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
  server_id uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
  host      text NOT NULL,
  port      integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  times     bigint NOT NULL,
  first_ms  bigint NOT NULL,
  last_ms   bigint NOT NULL,
  PRIMARY KEY (tool_id, host, port)
);
CREATE INDEX denials_of_server ON denials (server_id, last_ms DESC);

-- Those that are still worth showing: nobody approved the host meanwhile.
CREATE VIEW open_denials AS
  SELECT d.* FROM denials d
   WHERE NOT EXISTS (SELECT 1 FROM grants g
                      WHERE g.server_id = d.server_id AND g.kind = 'host' AND g.state = 'approved'
                        AND g.decided_at_ms > d.last_ms AND (g.port = 0 OR g.port = d.port)
                        AND (g.name = d.host
                             OR (g.name LIKE '*.%' AND right(d.host, length(g.name) - 1) = substr(g.name, 2))));
