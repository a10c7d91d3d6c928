/** Types of the generated code, by hand: what of it is used. */
import type { Handler } from './ExtensionManager.js';

/** As the manager's `Processor`, for ping, call and shutdown alone. */
export declare class Processor {
  constructor(handler: Pick<Handler, 'ping' | 'call' | 'shutdown'>);
  process(input: object, output: object): void;
}
