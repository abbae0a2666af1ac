CREATE TABLE people (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  color TEXT NOT NULL,
  favourites TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE canvases (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  runs_started BIGINT NOT NULL
);
CREATE INDEX canvases_listed ON canvases (workspace, updated_at, id);

CREATE TABLE assets (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  mime TEXT NOT NULL,
  type TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width BIGINT,
  height BIGINT,
  duration_ms BIGINT,
  name TEXT NOT NULL,
  origin TEXT NOT NULL,
  person TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE INDEX assets_listed ON assets (workspace, created_at, id);

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  canvas TEXT NOT NULL,
  number BIGINT NOT NULL,
  status TEXT NOT NULL,
  mode TEXT NOT NULL,
  node TEXT,
  person TEXT NOT NULL,
  person_name TEXT NOT NULL,
  on_error TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  hold BIGINT NOT NULL,
  captured BIGINT NOT NULL,
  released BIGINT NOT NULL,
  cancel_requested BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  error TEXT,
  retry_of TEXT
);
CREATE UNIQUE INDEX runs_numbered ON runs (canvas, number);
CREATE INDEX runs_unfinished ON runs (status) WHERE status IN ('queued', 'running', 'paused');

CREATE TABLE steps (
  run TEXT NOT NULL,
  position BIGINT NOT NULL,
  node TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  hold BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  error TEXT,
  fingerprint TEXT,
  PRIMARY KEY (run, node)
);

-- One call of a model for one item of a step; written before the provider is called.
CREATE TABLE invocations (
  run TEXT NOT NULL,
  node TEXT NOT NULL,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  provider TEXT NOT NULL,
  job TEXT,
  seed BIGINT NOT NULL,
  hold BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  error TEXT,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (run, node, item)
);

-- A node is in at most one active run: this row decides, never the state in a document.
CREATE TABLE active_nodes (
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY (canvas, node)
);

-- What stands at `results` in the document.
CREATE TABLE node_results (
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  run TEXT,
  state TEXT NOT NULL,
  error TEXT,
  started_at BIGINT,
  finished_at BIGINT,
  cost BIGINT NOT NULL,
  fingerprint TEXT,
  items TEXT NOT NULL,
  PRIMARY KEY (canvas, node)
);

CREATE TABLE generations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  item TEXT NOT NULL,
  run TEXT NOT NULL,
  body TEXT NOT NULL,
  made_with TEXT NOT NULL
);
CREATE INDEX generations_listed ON generations (canvas, node, seq);

-- One row a workspace, locked by the transaction that starts a run.
CREATE TABLE balances (
  workspace TEXT PRIMARY KEY,
  balance BIGINT NOT NULL,
  held BIGINT NOT NULL,
  CHECK (held >= 0),
  CHECK (balance - held >= 0)
);

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  amount BIGINT NOT NULL,
  run TEXT,
  node TEXT,
  item TEXT,
  note TEXT NOT NULL
);
CREATE INDEX ledger_listed ON ledger (workspace, id);
-- An invocation is captured once.
CREATE UNIQUE INDEX ledger_captured ON ledger (run, node, item) WHERE kind = 'capture';

CREATE TABLE idempotency (
  person TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status BIGINT NOT NULL,
  answer TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (person, route, key)
);
