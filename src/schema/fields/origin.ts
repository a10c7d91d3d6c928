import type { Value } from '../../rule/index.ts';
import { computed, constant, type Definition, outside } from '../definition.ts';
import type { Category, Platform } from '../table.ts';

const OS_TYPE: Readonly<Record<Platform, string>> = { linux: 'linux', darwin: 'macos', windows: 'windows' };

interface Origin {
  readonly platform: Platform;
  readonly categories: readonly Category[];
  /** What other agents call such a stream; a rule that asks for one of them finds it. */
  readonly datasets: readonly string[];
  readonly modules: readonly string[];
  /** False for a table of state, whose rows have no time. */
  readonly evented?: boolean;
}

/** Where an event comes from: its host, its agent, and the names under which other agents would send it. */
export function originFields({
  platform,
  categories,
  datasets,
  modules,
  evented = true,
}: Origin): readonly Definition[] {
  const stand = { fidelity: 'approximate', note: 'the names that other agents give such events' } as const;
  const host = (field: string, key: string): Definition =>
    outside(field, [], (event) => event.host.fact(key), { note: `asked of osquery in the background` });
  return [
    ...(evented ? [timestamp()] : []),
    constant('event.kind', 'event'),
    constant('event.category', one(categories)),
    constant('event.dataset', one(datasets), stand),
    constant('data_stream.dataset', one(datasets), stand),
    constant('event.module', one(modules), stand),
    constant('agent.type', 'osquery'),
    outside('agent.id', [], (event) => event.host.id, {
      ...{ fidelity: 'approximate', note: "the host's id: osquery has no id of its own agent" },
    }),
    outside('host.id', [], (event) => event.host.id, { note: 'the identifier that osquery logs under' }),
    constant('host.os.type', OS_TYPE[platform]),
    ...HOST_FACTS.map((name) => host(`host.${name}`, name)),
  ];
}

function timestamp(): Definition {
  return computed(
    '@timestamp',
    ['time'],
    ({ timeMs }) => (timeMs === 0 ? null : new Date(timeMs).toISOString()),
    {
      ...{ type: 'date', fidelity: 'approximate', note: 'when osquery stored the row' },
    },
  );
}

/** The facts that `Host` learns, by their ECS names below `host`. */
const HOST_FACTS = [
  'name',
  'hostname',
  'architecture',
  'os.name',
  'os.version',
  'os.platform',
  'ip',
] as const;

function one(values: readonly string[]): Value {
  return values.length === 1 ? values[0]! : values;
}
