import type { Alert } from '../agent/index.ts';
import type { Rule } from '../rule/index.ts';
import { oneLine, type Style } from './style.ts';

const WIDTH = 100;
const MOST_ANCESTORS = 4;

/** An alert as a block of lines for a person: what, how grave, which process, from where, and why. */
export function alertBlock(alert: Alert, rule: Rule | undefined, style: Style): string {
  const { process } = alert.event;
  const mark = alert.severity === 'high' || alert.severity === 'critical' ? style.red : style.yellow;
  const techniques = (rule?.threats ?? []).flatMap((threat) => threat.techniques.map(({ id }) => id));
  const lines: (readonly [string, string])[] = [];
  const add = (label: string, text: string): void => {
    if (text !== '') lines.push([label, oneLine(text, WIDTH)]);
  };
  add('technique', techniques.join(', '));
  add('when', `${new Date(alert.timeMs).toISOString()}, ${eventsOf(alert)}`);
  if (process !== null) {
    add('process', `${process.commandLine}  (pid ${process.pid}, uid ${process.userId})`);
    let parent = process.parent;
    for (let depth = 0; parent !== null && depth < MOST_ANCESTORS; depth += 1) {
      add(
        depth === 0 ? 'started by' : '',
        `${'  '.repeat(depth)}${parent.commandLine || parent.path}  (pid ${parent.pid})`,
      );
      parent = parent.parent;
    }
  } else {
    add('event', JSON.stringify(alert.event.columns()));
  }
  add('because', alert.matched);
  add('alert', alert.alertId);
  const title = `${mark(style.bold(`${alert.severity.toUpperCase()} ${alert.riskScore}`))}  ${style.bold(oneLine(alert.ruleName, WIDTH))}`;
  return `${title}\n${lines.map(([label, text]) => `  ${style.dim(label.padEnd(10))}  ${text}\n`).join('')}`;
}

function eventsOf(alert: Alert): string {
  return alert.events.map(({ table, eid }) => `${table} ${eid}`).join(' + ');
}
