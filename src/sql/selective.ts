import type { Expression, Test } from './expression.ts';

/**
 * Columns that say of what kind a row is, or who did it: of what happens on a host, nearly everything has one of
 * a few values there (an exec, by root), so that a test of them picks nothing out.
 */
const BROAD: ReadonlySet<string> = new Set([
  ...['syscall', 'operation', 'action', 'success', 'status', 'family', 'protocol', 'spaces', 'scrambled'],
  ...['uid', 'euid', 'gid', 'egid', 'auid', 'pid', 'parent', 'username'],
]);

/** Characters that a pattern asks for at the least, to be one that few texts fit. */
const LEAST_ASKED = 3;

/** Whether only rows about something certain pass: each asks at least for a text, an address or a number. */
export function isSelective(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return !expression.value;
    case 'and':
      return expression.args.some(isSelective);
    case 'or':
      return expression.args.every(isSelective);
    case 'not':
      return false;
    default:
      return picks(expression);
  }
}

function picks(test: Test): boolean {
  if (BROAD.has(test.column)) return false;
  switch (test.kind) {
    case 'present':
    case 'flag':
    case 'order':
      return false;
    case 'contains':
      return test.text.length >= LEAST_ASKED;
    case 'glob':
      return test.pattern.replace(/\[(.)\]/g, '$1').replace(/[*?]/g, '').length >= LEAST_ASKED;
    default:
      return true;
  }
}
