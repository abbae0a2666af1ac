-- Whose Yjs client ids are whose (R-SYNC-37): written with the first update under an id, gone with the canvas.
CREATE TABLE doc_clients (
  canvas TEXT NOT NULL,
  client BIGINT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (canvas, client)
);
