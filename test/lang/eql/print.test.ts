import test from 'ava';
import fc from 'fast-check';
import { parseEql, printEql } from '../../../src/lang/eql/index.ts';
import { createSource } from '../../../src/text/index.ts';
import { statement, withoutPlaces } from './generate.ts';

test('what is printed parses to the same tree', (t) => {
  fc.assert(
    fc.property(statement, (tree) => {
      const printed = printEql(tree);
      const again = parseEql(createSource('printed', printed));
      t.deepEqual(withoutPlaces(again), withoutPlaces(tree), printed);
    }),
    { numRuns: 1_000 },
  );
});
