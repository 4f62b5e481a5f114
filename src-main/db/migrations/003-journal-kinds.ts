/** What a record is, and which write a revert takes back: before, both stood among the tool versions. */
export const journalKinds = `
ALTER TABLE journal ADD COLUMN kind TEXT NOT NULL DEFAULT 'write';
ALTER TABLE journal ADD COLUMN reverts INTEGER;
ALTER TABLE journal ADD COLUMN is_partial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN prompt_hashes TEXT NOT NULL DEFAULT '[]';
UPDATE journal SET kind = 'revert', reverts = CAST(json_extract(tool_versions, '$.reverts') AS INTEGER)
  WHERE json_extract(tool_versions, '$.reverts') IS NOT NULL;
CREATE INDEX journal_by_plan ON journal(plan_id);
`
