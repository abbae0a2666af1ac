-- Whether `words` is folded as searches are: without case, accents and width. SQL cannot do that; the server does it for
-- all rows that are not when it starts, those of the version before included.
ALTER TABLE assets ADD COLUMN folded BIGINT NOT NULL DEFAULT 0;
CREATE INDEX assets_to_fold ON assets (workspace, id) WHERE folded = 0;
