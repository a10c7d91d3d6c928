import type { Process, Signature } from '../../process/index.ts';
import type { Value } from '../../rule/index.ts';
import { column, computed, type Definition, outside } from '../definition.ts';
import type { RowEvent } from '../row-event.ts';
import { SIGNATURE_COLUMNS } from '../signature.ts';

/** Of a row of an exec: the program's own signature and, from the process tree, its parent's. */
export function signatureFields(): readonly Definition[] {
  return [
    ...signatureOfOne('process', (field, read, wording) =>
      computed(field, SIGNATURE_COLUMNS, (event) => read(event.signature), wording),
    ),
    ...fromTree('process.parent', ['pid', 'parent'], (event) => event.parent),
    column('process.code_signature.cdhash', 'cdhash'),
  ];
}

/** Of a row that tells of a process by its pid: what the row of its exec told. */
export function actorSignature(pid: string): readonly Definition[] {
  return [
    ...fromTree('process', [pid], (event) => event.process),
    ...fromTree('process.parent', [pid], (event) => event.parent),
  ];
}

function fromTree(
  prefix: string,
  columns: readonly string[],
  of: (event: RowEvent) => Process | null,
): readonly Definition[] {
  return signatureOfOne(prefix, (field, read, wording) =>
    outside(field, columns, (event) => read(of(event)?.signature ?? null), {
      ...wording,
      ...{ fidelity: 'partial', note: 'from the process tree, where the row of the exec was seen' },
    }),
  );
}

type Make = (
  field: string,
  read: (signature: Signature | null) => Value,
  wording: Partial<Pick<Definition, 'type' | 'fidelity' | 'note'>>,
) => Definition;

function signatureOfOne(prefix: string, make: Make): readonly Definition[] {
  const trust = {
    type: 'boolean',
    fidelity: 'approximate',
    note: 'valid and not ad hoc, by the kernel; the chain to Apple is not checked',
  } as const;
  const subject = {
    fidelity: 'partial',
    note: "of Apple's own programs; osquery does not tell others' subject",
  } as const;
  const at = `${prefix}.code_signature`;
  return [
    make(`${at}.exists`, (signature) => signature?.exists ?? null, { type: 'boolean' }),
    make(`${at}.trusted`, (signature) => signature?.trusted ?? null, trust),
    make(`${at}.valid`, (signature) => signature?.trusted ?? null, trust),
    make(`${at}.subject_name`, (signature) => signature?.subject || null, subject),
    make(`${at}.signing_id`, (signature) => signature?.id || null, {}),
    make(`${at}.team_id`, (signature) => signature?.teamId || null, {}),
  ];
}
