import test from 'ava';
import { parseResultLine } from '../../src/osquery/index.ts';

const HEAD = '"name":"pack_p_q","hostIdentifier":"h","unixTime":7';

test('the event format gives one row with its action', (t) => {
  t.deepEqual(parseResultLine(`{${HEAD},"columns":{"a":"1"},"action":"added"}`), {
    name: 'pack_p_q',
    host: 'h',
    unixTime: 7,
    rows: [{ action: 'added', columns: { a: '1' } }],
  });
  t.is(parseResultLine(`{${HEAD},"columns":{"a":"1"},"action":"removed"}`)?.rows[0]?.action, 'removed');
});

test('the batch format gives removed rows before added ones', (t) => {
  const line = `{${HEAD},"diffResults":{"added":[{"a":"2"}],"removed":[{"a":"1"}]}}`;
  t.deepEqual(
    parseResultLine(line)?.rows.map(({ action }) => action),
    ['removed', 'added'],
  );
  t.deepEqual(parseResultLine(`{${HEAD},"diffResults":{"added":"","removed":""}}`)?.rows, []);
});

test('the snapshot format gives every row', (t) => {
  const line = `{${HEAD},"action":"snapshot","snapshot":[{"a":"1"},{"a":"2"}]}`;
  t.is(parseResultLine(line)?.rows.length, 2);
});

test('the spellings of the documentation are taken too', (t) => {
  const line = '{"name":"q","hostname":"h","unixTime":"7","columns":{"a":"1"},"action":"added"}';
  t.like(parseResultLine(line), { host: 'h', unixTime: 7 });
});

for (const line of [
  '',
  'x',
  '[]',
  'null',
  '{"s":0,"f":"a.cpp","m":"status"}',
  '{"name":"q"}',
  '{"name":1,"columns":{}}',
]) {
  test(`no result line: ${line === '' ? 'an empty one' : line}`, (t) => {
    t.is(parseResultLine(line), null);
  });
}
