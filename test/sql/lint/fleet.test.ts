import test from 'ava';
import { stringify } from 'yaml';
import { EVENTS, FLAGS, lint } from './linting.ts';

const FLEET = {
  name: 'F',
  query: EVENTS,
  interval: 60,
  automations_enabled: true,
  logging: 'differential_ignore_removals',
};
const FORMS: readonly {
  readonly form: string;
  readonly wrap: (query: object) => object | readonly object[];
}[] = [
  { form: 'an included list', wrap: (query) => [query] },
  { form: 'queries of GitOps', wrap: (query) => ({ policies: null, queries: [query] }) },
  { form: 'reports of GitOps', wrap: (query) => ({ name: 'team', reports: [{ path: 'x.yml' }, query] }) },
  { form: 'kind: query', wrap: (spec) => ({ apiVersion: 'v1', kind: 'query', spec }) },
  { form: 'kind: report', wrap: (spec) => ({ apiVersion: 'v1', kind: 'report', spec }) },
];

for (const { form, wrap } of FORMS) {
  test(`Fleet's queries are read in its own terms: ${form}`, (t) => {
    const traps = (keys: object): readonly string[] =>
      lint(stringify(wrap({ ...FLEET, ...keys })), {}, 'f.yml').map(({ query, trap }) => `${query} ${trap}`);
    t.deepEqual(traps({}), []);
    t.deepEqual(traps({ logging: 'differential' }), ['F removed-rows']);
    t.deepEqual(traps({ logging: undefined }), ['F snapshot-of-events']);
    t.deepEqual(traps({ logging: 'snapshot', automations_enabled: false }), ['F snapshot-of-events']);
    t.deepEqual(traps({ automations_enabled: undefined }), ['F not-sent']);
    t.deepEqual(traps({ query: `${EVENTS} WHERE time > 5` }), ['F time-constraint']);
    t.deepEqual(traps({ interval: 0 }), ['F ad-hoc-without-time']);
    t.deepEqual(traps({ interval: 0, query: `${EVENTS} WHERE time > 5` }), []);
  });
}

test('policies and labels of Fleet run beside the schedule, and must leave its pointers alone', (t) => {
  const text = stringify({
    policies: [{ name: 'P', query: EVENTS }],
    labels: [{ name: 'L', query: `${EVENTS} WHERE time > 5` }],
    agent_options: {
      config: { options: { disable_events: false } },
      command_line_flags: { events_expiry: 30 },
    },
    queries: [{ ...FLEET, interval: 11 }],
  });
  const traps = lint(text, {}, 'f.yml').filter(({ trap }) => trap !== 'missing-flag');
  t.deepEqual(
    traps.map(({ query, trap }) => `${query} ${trap}`),
    ['P ad-hoc-without-time', 'F interval-against-expiry'],
  );
});

test('agent options of Fleet hold a configuration of osquery', (t) => {
  const config = { schedule: { s: { query: EVENTS, interval: 10 } }, options: Object.fromEntries(FLAGS) };
  const documents = [
    { agent_options: { config } },
    { config, command_line_flags: {} },
    { apiVersion: 'v1', kind: 'config', spec: { agent_options: { config } } },
    { apiVersion: 'v1', kind: 'team', spec: { team: { name: 't', agent_options: { config } } } },
  ];
  for (const document of documents) {
    t.deepEqual(
      lint(stringify(document), {}, 'f.yml').map(({ query, trap }) => `${query} ${trap}`),
      ['s removed-rows', 's denylisting'],
      Object.keys(document).join(),
    );
  }
});
