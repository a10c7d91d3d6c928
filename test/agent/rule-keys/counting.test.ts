import type { Alert } from '../../../src/agent/index.ts';
import { DAY_S, detailOf, eidOf, exec, type Keys, NC, newTerms, testPairs, threshold } from './pairs.ts';

const suppressionOf = (alert: Alert): Keys => detailOf(alert)['suppression'] as Keys;

const suppress = (more: Keys): Keys => ({
  alert_suppression: { group_by: ['user.id'], duration: { value: 1, unit: 'h' }, ...more },
});
const HOUR_S = 3_600;

testPairs([
  {
    key: 'threshold.field',
    what: 'events count together that have the same values',
    one: threshold({ field: ['user.id'] }),
    other: threshold({ field: ['user.id', 'process.pid'] }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'threshold.value',
    what: 'as many as that',
    one: threshold({ value: 2 }),
    other: threshold({ value: 3 }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'threshold.cardinality',
    what: 'with so many different values of a field',
    one: threshold({ cardinality: [{ field: 'process.working_directory', value: 2 }] }),
    other: threshold({ cardinality: [{ field: 'process.working_directory', value: 1 }] }),
    rows: [NC, exec(1, '/bin/nc'), exec(2, '/bin/nc', { cwd: '"/tmp"' })],
    tell: eidOf,
    want: [[3], [2]],
  },
  {
    key: 'from',
    what: 'a threshold counts over the time that the rule looks back',
    one: { ...threshold({}), from: 'now-9m' },
    other: { ...threshold({}), from: 'now-7m' },
    rows: [NC, exec(8 * 60, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'new_terms_fields',
    what: 'one field: its values; two: their combinations; three as well',
    one: newTerms(['user.id'], 'now-7d'),
    other: newTerms(['user.id', 'process.working_directory', 'process.executable'], 'now-7d'),
    rows: [NC, exec(DAY_S + 1, '/bin/nc', { cwd: '"/tmp"' }), exec(DAY_S + 2, '/bin/nc', { uid: '1000' })],
    tell: eidOf,
    want: [[3], [2, 3]],
  },
  {
    key: 'history_window_start',
    what: 'what was seen longer ago is new again',
    one: newTerms(['user.id'], 'now-2d'),
    other: newTerms(['user.id'], 'now-4d'),
    rows: [NC, exec(3 * DAY_S, '/bin/nc')],
    tell: eidOf,
    want: [[2], []],
  },
  {
    key: 'alert_suppression',
    what: 'hides what says the same',
    one: {},
    other: suppress({}),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[1, 2], [1]],
  },
  {
    key: 'alert_suppression.group_by',
    what: 'by the values of up to three fields',
    one: suppress({ group_by: ['user.id', 'process.executable'] }),
    other: suppress({ group_by: ['user.id', 'process.executable', 'process.working_directory'] }),
    rows: [NC, exec(1, '/bin/nc', { cwd: '"/tmp"' })],
    tell: eidOf,
    want: [[1], [1, 2]],
  },
  {
    key: 'alert_suppression.duration',
    what: 'for so long, and the next alert tells how many were hidden',
    one: suppress({ duration: { value: 1, unit: 'h' } }),
    other: suppress({ duration: { value: 1, unit: 'm' } }),
    rows: [NC, exec(30, '/bin/nc'), exec(120, '/bin/nc'), exec(2 * HOUR_S, '/bin/nc')],
    tell: (alert) => [eidOf(alert), suppressionOf(alert)['hidden']],
    want: [
      [
        [1, 0],
        [4, 2],
      ],
      [
        [1, 0],
        [3, 1],
        [4, 0],
      ],
    ],
  },
  {
    key: 'alert_suppression.missing_fields_strategy',
    what: 'suppress: those that lack a field say the same; doNotSuppress: each is an alert',
    one: suppress({ group_by: ['process.parent.name'], missing_fields_strategy: 'suppress' }),
    other: suppress({ group_by: ['process.parent.name'], missing_fields_strategy: 'doNotSuppress' }),
    rows: [NC, exec(1, '/bin/nc')],
    tell: eidOf,
    want: [[1], [1, 2]],
  },
  {
    key: 'interval',
    what: 'suppression without a duration lasts for it',
    one: { alert_suppression: { group_by: ['user.id'] }, interval: '1m' },
    other: { alert_suppression: { group_by: ['user.id'] }, interval: '10m' },
    rows: [NC, exec(120, '/bin/nc')],
    tell: eidOf,
    want: [[1, 2], [1]],
  },
  {
    key: 'max_signals',
    what: 'no more alerts than that in an interval',
    one: { max_signals: 1 },
    other: { max_signals: 2 },
    rows: [NC, exec(1, '/bin/nc'), exec(2, '/bin/nc'), exec(301, '/bin/nc')],
    tell: eidOf,
    want: [
      [1, 4],
      [1, 2, 4],
    ],
  },
]);
