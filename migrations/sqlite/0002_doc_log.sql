-- The document log: updates appended one by one, and now and then all before them as one snapshot.
CREATE TABLE doc_updates (
  canvas TEXT NOT NULL,
  seq BIGINT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (canvas, seq)
);

CREATE TABLE doc_snapshots (
  canvas TEXT PRIMARY KEY,
  seq BIGINT NOT NULL,
  data BLOB NOT NULL
);
