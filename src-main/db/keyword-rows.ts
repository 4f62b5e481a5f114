import { searchKey } from '../library/path-key.ts'
import type { Connection } from './connection.ts'

/** Makes the words from one source findable for the photo, in place of those it had from there. Called inside a transaction. */
export function putSearchKeywords(
  connection: Connection,
  photoId: number,
  source: 'proposal' | 'decision' | 'file' | 'sidecar',
  keywords: readonly string[],
): void {
  connection.run('DELETE FROM photo_keywords WHERE photo_id = ? AND source = ?', photoId, source)
  for (const keyword of keywords) {
    const key = searchKey(keyword)
    connection.run('INSERT INTO keywords (keyword_key) VALUES (?) ON CONFLICT (keyword_key) DO NOTHING', key)
    connection.run(
      'INSERT OR IGNORE INTO photo_keywords (keyword_id, photo_id, source) SELECT id, ?, ? FROM keywords WHERE keyword_key = ?',
      photoId,
      source,
      key,
    )
  }
}
