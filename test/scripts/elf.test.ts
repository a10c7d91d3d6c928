import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { addNote } from '../../scripts/package/elf.ts';

const ECHO = readFileSync('/bin/echo');

/** The content of a note by its name, found as a running program would: by program headers and addresses. */
function findNote(file: Buffer, name: string): Buffer | undefined {
  const table = Number(file.readBigUInt64LE(32));
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, i) => {
    const at = table + i * 56;
    const [offset, address, , size] = [8, 16, 24, 32].map((field) =>
      Number(file.readBigUInt64LE(at + field)),
    );
    return { type: file.readUInt32LE(at), offset: offset!, address: address!, size: size! };
  });
  for (const { address, size } of segments.filter(({ type }) => type === 4)) {
    const mapped = segments.find(
      (one) => one.type === 1 && one.address <= address && address + size <= one.address + one.size,
    );
    if (mapped === undefined) continue;
    const at = address - mapped.address + mapped.offset;
    const nameSize = file.readUInt32LE(at);
    if (file.toString('latin1', at + 12, at + 12 + nameSize) !== `${name}\0`) continue;
    const contentAt = at + 12 + Math.ceil(nameSize / 4) * 4;
    return file.subarray(contentAt, contentAt + file.readUInt32LE(at + 4));
  }
  return undefined;
}

for (const size of [1, 4, 4097, 1_000_003]) {
  test(`a program with a note of ${size} bytes has it mapped, and runs as before`, (t) => {
    const content = Buffer.alloc(size, 'content ');
    const changed = addNote(ECHO, 'SOME_NOTE', content);
    t.deepEqual(findNote(changed, 'SOME_NOTE'), content);
    t.is(findNote(ECHO, 'SOME_NOTE'), undefined);
    const folder = mkdtempSync(join(tmpdir(), 'elf-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const program = join(folder, 'echo');
    writeFileSync(program, changed, { mode: 0o755 });
    t.is(execFileSync(program, ['hello'], { encoding: 'utf8' }), 'hello\n');
  });
}

test('what is no 64-bit ELF file is refused', (t) => {
  t.throws(() => addNote(Buffer.from('#!/bin/sh\n'), 'SOME_NOTE', Buffer.alloc(4)), {
    message: 'no 64-bit ELF file',
  });
});
