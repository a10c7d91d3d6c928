import { columnId } from '../column-ids.ts';
import { column, computed, type Definition, outside } from '../definition.ts';
import type { RowEvent } from '../row-event.ts';

/** What the kernel writes for a login user that was never set. */
const UNSET = new Set(['4294967295', '-1']);

/** Which columns say who acted. */
interface UserColumns {
  readonly real: string;
  readonly effective: string | null;
  readonly audit: string | null;
  readonly group: string | null;
  readonly effectiveGroup: string | null;
}

/** Who acted, real and effective, by id and by the name that `users` and `groups` have for it. */
export function userFields({
  real,
  effective,
  audit,
  group,
  effectiveGroup,
}: UserColumns): readonly Definition[] {
  const lookup = { fidelity: 'approximate', note: 'by `users` as it was last read' } as const;
  const groupLookup = { fidelity: 'approximate', note: 'by `groups` as it was last read' } as const;
  return [
    column('user.id', real, { note: 'the real user' }),
    outside('user.name', [real], nameIn(real), lookup),
    column('user.Ext.real.id', real),
    column('process.real_user.id', real),
    outside('process.real_user.name', [real], nameIn(real), lookup),
    ...(effective === null
      ? []
      : [
          column('user.effective.id', effective),
          outside('user.effective.name', [effective], nameIn(effective), lookup),
          column('process.user.id', effective, { note: 'the effective user' }),
          outside('process.user.name', [effective], nameIn(effective), lookup),
        ]),
    ...(audit === null ? [] : auditUser(audit)),
    ...(group === null
      ? []
      : [
          column('group.id', group),
          outside('group.name', [group], groupIn(group), groupLookup),
          column('group.Ext.real.id', group),
          column('process.real_group.id', group),
        ]),
    ...(effectiveGroup === null
      ? []
      : [
          column('process.group.id', effectiveGroup, { note: 'the effective group' }),
          outside('process.group.name', [effectiveGroup], groupIn(effectiveGroup), groupLookup),
        ]),
  ];
}

/** The user who logged in, whatever it became since. */
export function auditUser(name: string): readonly Definition[] {
  const id = columnId(name);
  const set = (event: RowEvent): string | null => {
    const text = event.text(id);
    return text === '' || UNSET.has(text) ? null : text;
  };
  const note = 'the user who logged in; unset for services';
  return [
    computed('user.audit.id', [name], set, { note }),
    computed('auditd.data.auid', [name], set, { note }),
    outside('user.audit.name', [name], (event) => event.host.userName(set(event) ?? ''), {
      ...{ fidelity: 'approximate', note: 'by `users` as it was last read' },
    }),
  ];
}

function nameIn(name: string): (event: RowEvent) => string | null {
  const id = columnId(name);
  return (event) => event.host.userName(event.text(id));
}

function groupIn(name: string): (event: RowEvent) => string | null {
  const id = columnId(name);
  return (event) => event.host.groupName(event.text(id));
}
