import { readFileSync } from 'node:fs';
import test from 'ava';
import { LINUX_PACK, linuxPack } from '../../scripts/generate-packs.ts';

test('the pack that comes with the project is what the code makes today (npm run generate)', (t) => {
  t.is(readFileSync(LINUX_PACK, 'utf8'), linuxPack());
});
