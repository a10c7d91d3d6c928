import { columnId } from '../column-ids.ts';
import { column, computed, constant, type TableDefinition } from '../definition.ts';
import { originFields } from '../fields/origin.ts';
import { actorFields } from '../fields/program.ts';
import { windowsUser } from './process-etw-events.ts';

const STATUS = columnId('status');
const RESPONSE = columnId('response');

export const dnsLookupEvents: TableDefinition = {
  name: 'dns_lookup_events',
  platforms: ['windows'],
  evented: true,
  rank: 2,
  categories: ['network', 'dns'],
  reads: ['eid', 'time', 'pid', 'path', 'username', 'name', 'type', 'status', 'response'],
  unused: { time_windows: '`time` says it', datetime: '`time` says it', type_id: '`type` names it' },
  flags: ['--disable_events=false', '--enable_dns_lookup_events=true'],
  cost: 'Cheap: one row for each lookup that goes through the DNS client service.',
  fields: (platform) => [
    ...originFields({
      ...{ platform, categories: ['network', 'dns'] },
      datasets: ['endpoint.events.network'],
      modules: ['endpoint'],
    }),
    constant('event.type', ['start', 'info', 'protocol', 'connection']),
    constant('event.action', ['lookup_requested', 'lookup_result']),
    constant('network.protocol', 'dns'),
    computed('event.outcome', ['status'], (event) => {
      const status = event.number(STATUS);
      return status === null ? null : status === 0 ? 'success' : 'failure';
    }),
    column('dns.question.name', 'name'),
    column('dns.question.type', 'type'),
    computed(
      'dns.resolved_ip',
      ['response'],
      (event) => nonEmpty(answersOf(event.text(RESPONSE)).filter(isAddress)),
      {
        ...{ type: 'ip', list: true },
      },
    ),
    computed('dns.answers.data', ['response'], (event) => nonEmpty(answersOf(event.text(RESPONSE))), {
      list: true,
    }),
    ...actorFields({ pid: 'pid', path: 'path' }),
    ...windowsUser(),
  ],
};

/** Windows writes `type:  5 name.example;::ffff:192.0.2.1;`. */
function answersOf(response: string): readonly string[] {
  return response
    .split(';')
    .map((part) =>
      part
        .replace(/^type:\s*\d+\s+/, '')
        .replace(/^::ffff:(?=\d+\.)/, '')
        .trim(),
    )
    .filter((part) => part !== '');
}

function isAddress(text: string): boolean {
  return /^[\d.]+$|:.*:/.test(text);
}

function nonEmpty(values: readonly string[]): readonly string[] | null {
  return values.length === 0 ? null : values;
}
