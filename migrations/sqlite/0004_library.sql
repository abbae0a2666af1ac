-- What the library is searched by: name, prompt and tags in lower case.
ALTER TABLE assets ADD COLUMN words TEXT NOT NULL DEFAULT '';
-- Whether it is of the collection that every server brings, and whether somebody here uploaded or made it.
ALTER TABLE assets ADD COLUMN stock BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN own BIGINT NOT NULL DEFAULT 1;
UPDATE assets SET words = LOWER(name || ' ' || CASE WHEN json_valid(origin)
  THEN COALESCE(json_extract(origin, '$.prompt'), '') ELSE '' END);
CREATE INDEX assets_typed ON assets (workspace, type, created_at, id);
CREATE INDEX assets_of_person ON assets (workspace, person, created_at, id);
CREATE INDEX assets_of_stock ON assets (workspace, created_at, id) WHERE stock = 1;
