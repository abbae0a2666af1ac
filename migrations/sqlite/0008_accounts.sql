-- Who people are and what they may do (docs/spec/accounts.md).

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
-- What there was becomes one workspace.
INSERT INTO workspaces (id, name, created_at) VALUES ('default', 'Workspace', 0);

CREATE TABLE members (
  workspace TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, person)
);
CREATE INDEX members_of ON members (person);

-- How a person signs in. `email_key` is the address as it is compared; `password` an argon2id hash (PHC).
CREATE TABLE accounts (
  person TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  password TEXT,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT
);

-- Secrets of sessions, tokens and invitations are kept as hashes.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL,
  device TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of ON sessions (person);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  expires_at BIGINT
);
CREATE INDEX tokens_of ON tokens (person);

-- Taken once: a person for a workspace, the first owner of the server, or a new password for `person`.
CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  workspace TEXT NOT NULL,
  role TEXT NOT NULL,
  email TEXT,
  person TEXT,
  by_person TEXT,
  by_name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  taken_at BIGINT
);
CREATE INDEX invitations_listed ON invitations (workspace, created_at, id);

-- Role of every member of the workspace on a canvas.
ALTER TABLE canvases ADD COLUMN workspace_role TEXT NOT NULL DEFAULT 'editor';

CREATE TABLE canvas_people (
  canvas TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (canvas, person)
);
CREATE INDEX canvas_people_of ON canvas_people (person);

-- Shown to owners again, so the secret is not hashed; its password is.
CREATE TABLE canvas_links (
  canvas TEXT PRIMARY KEY,
  secret TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  by_name TEXT NOT NULL,
  password TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT
);

CREATE TABLE access_requests (
  id TEXT PRIMARY KEY,
  canvas TEXT NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  note TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_requests_once ON access_requests (canvas, person);

-- People who brought a file that was there already: it is theirs as well.
CREATE TABLE asset_people (
  workspace TEXT NOT NULL,
  asset TEXT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (workspace, asset, person)
);

CREATE TABLE notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  canvas TEXT,
  canvas_name TEXT NOT NULL,
  node TEXT,
  request TEXT,
  by_name TEXT NOT NULL,
  text TEXT NOT NULL,
  seen_at BIGINT
);
CREATE INDEX notifications_listed ON notifications (person, id);

-- Who did what. Rows are added and never changed.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  person TEXT,
  name TEXT NOT NULL,
  canvas TEXT,
  target TEXT NOT NULL,
  detail TEXT NOT NULL,
  address TEXT NOT NULL
);
CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_whole BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
