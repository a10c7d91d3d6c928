import type { Database } from 'better-sqlite3';

/** What brings a file from each version to the next; `user_version` counts them. Never edited, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE alerts (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     alert_id TEXT NOT NULL UNIQUE,
     feed TEXT NOT NULL,
     time_ms INTEGER NOT NULL,
     stored_ms INTEGER NOT NULL,
     delivered_ms INTEGER,
     rule_id TEXT NOT NULL,
     rule_name TEXT NOT NULL,
     severity TEXT NOT NULL,
     risk_score REAL NOT NULL,
     row TEXT NOT NULL,
     document TEXT NOT NULL
   );
   CREATE INDEX alerts_waiting ON alerts (feed, sequence) WHERE delivered_ms IS NULL;
   CREATE TABLE snapshot (name TEXT PRIMARY KEY, saved_ms INTEGER NOT NULL, body BLOB NOT NULL);`,
  // A document is several times as long as the rest of its alert: beside it, a list of alerts would be a read each.
  `CREATE TABLE documents (sequence INTEGER PRIMARY KEY, document TEXT NOT NULL);
   INSERT INTO documents SELECT sequence, document FROM alerts;
   ALTER TABLE alerts DROP COLUMN document;
   CREATE TRIGGER alert_removed AFTER DELETE ON alerts BEGIN
     DELETE FROM documents WHERE sequence = old.sequence;
   END;`,
];

/** A file that a newer version wrote, or another program. */
export class ForeignFile extends Error {}

/** Makes the file's tables what this version wants. Throws ForeignFile for what it cannot know. */
export function migrate(db: Database): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > MIGRATIONS.length)
    throw new ForeignFile(`its version ${version} is newer than this program's`);
  if (version === MIGRATIONS.length) return;
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}
