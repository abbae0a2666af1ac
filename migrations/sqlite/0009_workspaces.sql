-- Several workspaces: each has its own audit log (docs/spec/accounts.md).

ALTER TABLE audit ADD COLUMN workspace TEXT NOT NULL DEFAULT 'default';
CREATE INDEX audit_listed ON audit (workspace, id);
