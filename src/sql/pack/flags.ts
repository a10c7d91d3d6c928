import type { Rule } from '../../rule/index.ts';
import type { TableSpec } from '../../schema/index.ts';
import { type RulePlan, switchesOf, tablesOf, titleOf } from './plan.ts';

/** How long osquery keeps events unless told otherwise; `events_expiry` in its documentation of flags. */
const EVENTS_EXPIRY = 3_600;
/** A scan that is late, or fails now and then, still finds all events when they are kept for so many intervals. */
const INTERVALS_KEPT = 3;

/**
 * The flags of osqueryd that rules need, as a flagfile: each table's once, with what it costs and which rules ask
 * for it. Only what the rules need; how the extension is loaded is not said.
 */
export function printFlags(plans: readonly RulePlan[], intervalSeconds: number): string {
  const said = new Set<string>();
  const fresh = (flags: readonly string[]): readonly string[] =>
    flags.filter((flag) => !said.has(flag) && said.add(flag));
  const blocks = [...tablesOf(plans)].flatMap(([table, rules]) => [
    block(`${table.name}: ${table.cost}`, rules, fresh(table.flags)),
    ...switchBlocks(table, rules, fresh),
  ]);
  const expiry = INTERVALS_KEPT * intervalSeconds;
  const longer = `# Events are kept for ${INTERVALS_KEPT} intervals of the scan.\n--events_expiry=${expiry}\n`;
  return [
    HEAD,
    ...blocks,
    ...(expiry > EVENTS_EXPIRY ? [longer] : []),
    ...(blocks.length === 0 ? ['# No rule needs a flag.\n'] : []),
  ].join('\n');
}

const HEAD = `# Flags of osqueryd that these rules need. Made by osquery-detect compile.
# Add them to osqueryd's flagfile; in Fleet, to command_line_flags of the agent options.
`;

function block(title: string, rules: readonly Rule[], flags: readonly string[]): string {
  const asked = rules.length === 1 ? '1 rule needs it' : `${rules.length} rules need it`;
  return [`# ${title}`, `# ${asked}:`, ...rules.map((rule) => `#   ${titleOf(rule)}`), ...flags, ''].join(
    '\n',
  );
}

function switchBlocks(
  table: TableSpec,
  rules: readonly Rule[],
  fresh: (flags: readonly string[]) => readonly string[],
): readonly string[] {
  const asked = rules.map((rule) => ({ rule, ...switchesOf(rule, table) }));
  return table.switches
    .map(({ flag }) => flag)
    .filter((flag, at, all) => all.indexOf(flag) === at)
    .flatMap((flag) => {
      const needs = asked.filter(({ needed }) => needed.includes(flag)).map(({ rule }) => rule);
      const gains = asked.filter(({ useful }) => useful.includes(flag)).map(({ rule }) => rule);
      if (needs.length > 0)
        return [block(`${table.name}, events that come with this flag only.`, needs, fresh([flag]))];
      if (gains.length === 0) return [];
      return [block(`${table.name}: more events come with ${flag}. It is not set.`, gains, [])];
    });
}
