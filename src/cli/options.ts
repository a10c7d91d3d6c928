import type { Platform } from '../schema/index.ts';
import { UsageError } from './command.ts';

export const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'windows'];

/** The platform that an option names. */
export function platformOf(name: string): Platform {
  const platform = PLATFORMS.find((one) => one === name);
  if (platform === undefined) throw new UsageError(`--platform takes ${PLATFORMS.join(', ')}, not "${name}"`);
  return platform;
}
