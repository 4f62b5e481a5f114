/** What the library is filtered and sorted by beyond names: stars, camera, sidecars; folders that are followed or were opened. */
export const libraryFacets = `
ALTER TABLE photos ADD COLUMN own_rating INTEGER;
ALTER TABLE photos ADD COLUMN camera TEXT;
-- Newest modification time of its sidecars and the stars that they give; null without one.
ALTER TABLE photos ADD COLUMN sidecar_ms REAL;
ALTER TABLE photos ADD COLUMN sidecar_rating INTEGER;
ALTER TABLE photos ADD COLUMN rating INTEGER GENERATED ALWAYS AS (coalesce(sidecar_rating, own_rating, 0)) VIRTUAL;
-- The camera's clock, as if it were UTC.
ALTER TABLE photos ADD COLUMN taken_local_ms INTEGER GENERATED ALWAYS AS (taken_at_ms + 60000 * coalesce(taken_at_offset_minutes, 0)) VIRTUAL;
CREATE INDEX photos_by_rating ON photos(rating, path_key);
CREATE INDEX photos_by_camera ON photos(camera, path_key) WHERE camera IS NOT NULL;
CREATE INDEX photos_by_local_time ON photos(taken_local_ms) WHERE taken_local_ms IS NOT NULL;
CREATE INDEX photos_newest ON photos(taken_at_ms, id);
CREATE INDEX photos_gated ON photos(path_key) WHERE gated = 1;
CREATE INDEX proposals_by_model ON proposals(model, photo_id);
CREATE INDEX proposals_gated ON proposals(photo_id, stage, id, gates) WHERE gates <> '[]';

ALTER TABLE folders ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE folders ADD COLUMN opened_at_ms INTEGER;
`
