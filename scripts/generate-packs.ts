/** Writes the packs that come with the project and prints which. Same code, same bytes: a test fails on drift. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSchema } from '../src/schema/index.ts';
import { packFor, printPack } from '../src/sql/index.ts';

export const LINUX_PACK = join(import.meta.dirname, '..', 'packs', 'linux.conf');

/** The scan queries that the packaged rules need: they all look at processes. */
export function linuxPack(): string {
  const { tables } = createSchema('linux');
  return printPack(packFor([tables.get('process_events')!], { platform: 'linux' }));
}

if (import.meta.main) {
  writeFileSync(LINUX_PACK, linuxPack());
  console.log('packs/linux.conf');
}
