/**
 * Fills the parts of README.md that commands make, between their markers, and prints which.
 * Same code, same bytes: a test fails when the README has drifted.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldsMarkdown } from '../src/cli/fields.ts';
import { fieldMap } from '../src/schema/index.ts';

export const README = join(import.meta.dirname, '..', 'README.md');

/** What each generated part holds, by the name in its markers. */
const PARTS: Readonly<Record<string, () => string>> = {
  fields: () =>
    `<details><summary>Linux: the fields</summary>\n\n${fieldsMarkdown(fieldMap('linux'))}\n</details>\n`,
};

/** The README's text with every generated part made anew. */
export function regenerate(text: string): string {
  return Object.entries(PARTS).reduce((all, [name, make]) => fillPart(all, name, make()), text);
}

/** The text with `content` between the markers of this name. */
export function fillPart(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];
  const [before, rest] = split(text, begin);
  return `${before}${begin}${content}${end}${split(rest, end)[1]}`;
}

function split(text: string, marker: string): readonly [string, string] {
  const at = text.indexOf(marker);
  if (at < 0) throw new Error(`README.md lacks the marker ${marker}`);
  return [text.slice(0, at), text.slice(at + marker.length)];
}

if (import.meta.main) {
  writeFileSync(README, regenerate(readFileSync(README, 'utf8')));
  for (const name of Object.keys(PARTS)) console.log(`README.md: ${name}`);
}
