export const firstTables = `
CREATE TABLE folders (
  id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES folders(id) ON DELETE SET NULL,
  path TEXT NOT NULL,
  path_key TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX folders_by_parent ON folders(parent_id);

CREATE TABLE photos (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  folder_id INTEGER NOT NULL REFERENCES folders(id),
  -- Identity, prefix and order: see library/path-key.ts. path is the spelling on the disk.
  path_key TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL,
  name_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'untagged',
  size_bytes INTEGER NOT NULL,
  mtime_ms REAL NOT NULL,
  paired_path TEXT,
  content_hash TEXT,
  width INTEGER,
  height INTEGER,
  orientation INTEGER,
  taken_at_ms INTEGER,
  taken_at_offset_minutes INTEGER,
  latitude REAL,
  longitude REAL,
  gated INTEGER NOT NULL DEFAULT 0,
  problem TEXT
) STRICT;
CREATE INDEX photos_by_pair ON photos(paired_path) WHERE paired_path IS NOT NULL;
CREATE INDEX photos_by_folder ON photos(folder_id, name_key);
CREATE INDEX photos_by_name ON photos(name_key);
CREATE INDEX photos_by_state ON photos(state, path_key);
CREATE INDEX photos_by_taken ON photos((taken_at_ms IS NULL), taken_at_ms, id);
CREATE INDEX photos_by_hash ON photos(content_hash, id) WHERE content_hash IS NOT NULL;
CREATE INDEX photos_pending ON photos(id) WHERE content_hash IS NULL AND problem IS NULL;

-- Every keyword seen on any photo, once, so that a search reads words and not photos.
CREATE TABLE keywords (
  id INTEGER PRIMARY KEY,
  keyword_key TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE photo_keywords (
  keyword_id INTEGER NOT NULL REFERENCES keywords(id),
  photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  source TEXT NOT NULL,
  PRIMARY KEY (keyword_id, photo_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_keywords_by_photo ON photo_keywords(photo_id, source);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL,
  stages TEXT NOT NULL,
  models TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE TABLE run_items (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  state TEXT NOT NULL DEFAULT 'waiting',
  stage TEXT,
  problem TEXT,
  PRIMARY KEY (run_id, photo_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_items_by_state ON run_items(run_id, state, seq);
CREATE INDEX run_items_by_photo ON run_items(photo_id);

CREATE TABLE proposals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  run_id INTEGER REFERENCES runs(id) ON DELETE SET NULL,
  stage TEXT NOT NULL,
  text TEXT,
  keywords TEXT NOT NULL,
  gates TEXT NOT NULL,
  model TEXT NOT NULL,
  backend TEXT NOT NULL,
  prompt_name TEXT NOT NULL,
  prompt_hash TEXT NOT NULL,
  parameters TEXT NOT NULL,
  raw_reply TEXT NOT NULL,
  timings TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  settings_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX proposals_by_photo ON proposals(photo_id, stage, id);
CREATE INDEX proposals_by_run ON proposals(run_id);

-- decisions.version points into the history; versions above it are what redo brings back. Version 0 is "nothing decided".
CREATE TABLE decisions (
  photo_id INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
  version INTEGER NOT NULL
) STRICT;
CREATE TABLE decision_versions (
  photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  decision TEXT NOT NULL,
  PRIMARY KEY (photo_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
  plan TEXT NOT NULL
) STRICT;
CREATE INDEX plans_by_photo ON plans(photo_id);

CREATE TABLE write_runs (run INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
-- Outlives the photo's row: what was done to a file stays told, and can be taken back.
CREATE TABLE journal (
  write_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  plan_id INTEGER NOT NULL,
  photo_id INTEGER REFERENCES photos(id) ON DELETE SET NULL,
  path TEXT NOT NULL,
  target_path TEXT NOT NULL,
  temp_path TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  changes TEXT NOT NULL,
  models TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  problem TEXT,
  hash_before TEXT,
  hash_after TEXT,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  tool_versions TEXT NOT NULL,
  reverted_by INTEGER
) STRICT;
CREATE INDEX journal_by_path ON journal(path, write_id);
CREATE INDEX journal_by_target ON journal(target_path, write_id);
CREATE INDEX journal_by_run ON journal(run);
CREATE INDEX journal_by_photo ON journal(photo_id);
CREATE INDEX journal_pending ON journal(write_id) WHERE state = 'pending';

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
