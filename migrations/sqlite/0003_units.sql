-- A run is a table of invocations ("units") that one driver writes under a fence; what stands at `results` in the
-- document is read from the run a node points to.
ALTER TABLE runs ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
-- Held back in the queue by whoever started it.
ALTER TABLE runs ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0;
-- The order among its owner's waiting runs.
ALTER TABLE runs ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
-- The selection it was asked for, a JSON array.
ALTER TABLE runs ADD COLUMN nodes TEXT NOT NULL DEFAULT '[]';
UPDATE runs SET place = created_at;
-- Apart from the row that every change of a run writes.
CREATE TABLE run_snapshots (
  run TEXT PRIMARY KEY,
  body TEXT NOT NULL
);
INSERT INTO run_snapshots (run, body) SELECT id, snapshot FROM runs;
ALTER TABLE runs DROP COLUMN snapshot;

-- Without a row id a change of a step touches one tree instead of two.
ALTER TABLE steps RENAME TO steps_before;
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
  invocations BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (run, node)
) WITHOUT ROWID;
INSERT INTO steps (run, position, node, kind, title, model, state, started_at, finished_at, hold, cost,
  error, fingerprint)
SELECT run, position, node, kind, title, model, state, started_at, finished_at, hold, cost, error,
  fingerprint FROM steps_before;
DROP TABLE steps_before;
ALTER TABLE active_nodes RENAME TO active_nodes_before;
CREATE TABLE active_nodes (
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY (canvas, node)
) WITHOUT ROWID;
INSERT INTO active_nodes SELECT canvas, node, run FROM active_nodes_before;
DROP TABLE active_nodes_before;

ALTER TABLE generations ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
UPDATE generations SET fingerprint = COALESCE(json_extract(body, '$.fingerprint'), '');
CREATE INDEX generations_reused ON generations (canvas, fingerprint);
CREATE INDEX generations_of_run ON generations (run, node);
-- What a unit ended with moves credits once: a second record of the same end fails.
DROP INDEX ledger_captured;
CREATE UNIQUE INDEX ledger_settled ON ledger (run, node, item, kind);

-- Every unit of every step, from the start of its run; `started_at` is empty until it begins.
ALTER TABLE invocations RENAME TO invocations_before;
CREATE TABLE invocations (
  run TEXT NOT NULL,
  node TEXT NOT NULL,
  item TEXT NOT NULL,
  n BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  provider TEXT NOT NULL,
  job TEXT,
  seed BIGINT NOT NULL,
  hold BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  error TEXT,
  -- A JSON array of ids.
  generations TEXT NOT NULL DEFAULT '[]',
  reused BIGINT NOT NULL DEFAULT 0,
  fingerprint TEXT,
  started_at BIGINT,
  finished_at BIGINT,
  PRIMARY KEY (run, node, item)
) WITHOUT ROWID;
INSERT INTO invocations (run, node, item, n, state, attempts, provider, job, seed, hold, cost, error,
  generations, fingerprint, started_at, finished_at)
SELECT i.run, i.node, i.item, 0, i.state, i.attempts, i.provider, i.job, i.seed, i.hold, i.cost, i.error,
  (SELECT json_group_array(g.id ORDER BY g.seq) FROM generations g
    WHERE g.run = i.run AND g.node = i.node AND g.item = i.item),
  s.fingerprint, i.started_at, i.finished_at
FROM invocations_before i LEFT JOIN steps s ON s.run = i.run AND s.node = i.node;
DROP TABLE invocations_before;
-- A step that never began had no invocation: it has one now, with the step's hold and a seed.
INSERT INTO invocations (run, node, item, n, state, attempts, provider, seed, hold, cost, error, finished_at)
SELECT s.run, s.node, '', 0, s.state, 0, '', abs(random() % 4294967296), s.hold, s.cost, s.error, s.finished_at
FROM steps s
WHERE NOT EXISTS (SELECT 1 FROM invocations i WHERE i.run = s.run AND i.node = s.node);
-- A node whose newest run made nothing goes on to show what it made before.
UPDATE invocations SET generations = (
  SELECT json_extract(e.value, '$.generations')
  FROM node_results r, json_each(r.items) e
  WHERE r.run = invocations.run AND r.node = invocations.node AND e.key = invocations.item
) WHERE generations = '[]' AND EXISTS (
  SELECT 1 FROM node_results r, json_each(r.items) e
  WHERE r.run = invocations.run AND r.node = invocations.node AND e.key = invocations.item
    AND json_extract(e.value, '$.generations') IS NOT NULL
);

-- The run whose step and invocations stand at `results[node]` in the document.
ALTER TABLE node_results RENAME TO node_results_before;
CREATE TABLE node_results (
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY (canvas, node)
) WITHOUT ROWID;
INSERT INTO node_results (canvas, node, run)
SELECT canvas, node, run FROM node_results_before WHERE run IS NOT NULL;
DROP TABLE node_results_before;

-- What a person decided at an evaluator; `accepted` is a JSON array of candidates.
CREATE TABLE reviews (
  run TEXT NOT NULL,
  node TEXT NOT NULL,
  person TEXT NOT NULL,
  person_name TEXT NOT NULL,
  at BIGINT NOT NULL,
  accepted TEXT NOT NULL,
  rejected BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (run, node)
);

-- What arrived after its cancellation: kept for a while, and anybody's for its price.
CREATE TABLE late_results (
  id TEXT PRIMARY KEY,
  workspace TEXT NOT NULL,
  canvas TEXT NOT NULL,
  run TEXT NOT NULL,
  node TEXT NOT NULL,
  item TEXT NOT NULL,
  person TEXT NOT NULL,
  cost BIGINT NOT NULL,
  at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX late_results_of_run ON late_results (run);

-- One tree less to write for every step.
ALTER TABLE active_nodes RENAME TO active_nodes_before;
CREATE TABLE active_nodes (
  canvas TEXT NOT NULL,
  node TEXT NOT NULL,
  run TEXT NOT NULL,
  PRIMARY KEY (canvas, node)
) WITHOUT ROWID;
INSERT INTO active_nodes (canvas, node, run) SELECT canvas, node, run FROM active_nodes_before;
DROP TABLE active_nodes_before;
