import { join } from 'node:path';

/** Where this package lies: rules, recordings and the manifest are found from here. */
export const PACKAGE_ROOT = join(import.meta.dirname, '..', '..');

/** The rules that come with the package. */
export const PACKAGED_RULES = join(PACKAGE_ROOT, 'packs', 'rules');
