/**
 * Loaded before the extension: its clock goes wrong. Each SIGUSR2 sets it to the next of the offsets, milliseconds, in the
 * environment's CLOCK_OFFSETS.
 */
const offsets = (process.env['CLOCK_OFFSETS'] ?? '').split(',').map(Number);
const now = Date.now.bind(Date);
let offsetMs = 0;

Date.now = () => now() + offsetMs;
process.on('SIGUSR2', () => {
  offsetMs = offsets.shift() ?? 0;
  process.stderr.write(`the clock is off by ${offsetMs} ms\n`);
});
