/** What any extension must do that is handed events: an extension that parses each batch and does nothing with it. */
import { parseArgs } from 'node:util';
import { COLUMN_OPTIONS, createTable, runExtension } from '../../src/osquery/index.ts';

const HIDDEN = COLUMN_OPTIONS.additional | COLUMN_OPTIONS.hidden;
const { values } = parseArgs({
  options: { socket: { type: 'string' }, timeout: { type: 'string' }, interval: { type: 'string' } },
});

const extension = runExtension({
  socketPath: values.socket!,
  name: 'decode_only',
  version: '1',
  intervalSeconds: Number(values.interval),
  timeoutSeconds: Number(values.timeout),
  plugins: [
    createTable({
      name: 'detections',
      columns: [
        { name: 'batch', type: 'BIGINT', options: HIDDEN },
        { name: 'stream', type: 'TEXT', options: HIDDEN },
      ],
      generate({ constraints }) {
        const [batch] = constraints.get('batch')?.list ?? [];
        if (batch !== undefined) JSON.parse(new TextDecoder().decode(batch.bytes));
        return [];
      },
    }),
  ],
});
process.once('SIGTERM', () => void extension.stop());
