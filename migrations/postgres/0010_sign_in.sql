-- Sign-in with OpenID Connect (docs/spec/accounts.md).

-- Who somebody is elsewhere.
CREATE TABLE identities (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identities_once ON identities (issuer, subject);
CREATE INDEX identities_of ON identities (person);

-- Sign-ins under way. `state` and `browser` are hashes.
CREATE TABLE sign_ins (
  state TEXT PRIMARY KEY,
  browser TEXT NOT NULL,
  provider TEXT NOT NULL,
  nonce TEXT NOT NULL,
  verifier TEXT NOT NULL,
  next TEXT NOT NULL,
  link TEXT,
  person TEXT,
  created_at BIGINT NOT NULL
);

-- 1 where somebody who may know says that the address is this person's: an invitation that named it, a provider, whoever
-- runs the server. Others may have typed any.
ALTER TABLE accounts ADD COLUMN email_checked BIGINT NOT NULL DEFAULT 0;

-- The name that somebody gave a file that was there already: what else it is called is nothing to guests.
ALTER TABLE asset_people ADD COLUMN name TEXT NOT NULL DEFAULT '';
