-- What the bytes of a row were when they were written, and where (`db/checksum.rs`). Rows from before have none.
ALTER TABLE doc_updates ADD COLUMN checksum BLOB;
ALTER TABLE doc_snapshots ADD COLUMN checksum BLOB;

-- What of a document's log could not be taken: kept as it was found, until the canvas is deleted.
CREATE TABLE doc_aside (
  id TEXT PRIMARY KEY,
  canvas TEXT NOT NULL,
  -- Its place in the log, and how many rows it stands for: several where a stretch of the log is not there.
  seq BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  reason TEXT NOT NULL,
  data BLOB NOT NULL,
  at BIGINT NOT NULL,
  -- When the document had all of it again.
  recovered_at BIGINT
);
CREATE INDEX doc_aside_of_canvas ON doc_aside (canvas, seq);
