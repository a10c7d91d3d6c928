import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { compilePackaged, LINUX, LINUX_PACK } from '../../scripts/generate-packs.ts';

test('packs/ holds what the rules that come with the project compile to today (npm run generate)', async (t) => {
  let told = '';
  const note = (text: string): void => {
    told += text;
  };
  const io = { out: note, err: note, outIsTerminal: false, errIsTerminal: false, env: {} };
  t.is(await compilePackaged(io, '--check'), 0, told);
  t.is(readFileSync(LINUX_PACK, 'utf8'), readFileSync(join(LINUX, 'pack.conf'), 'utf8'));
});
