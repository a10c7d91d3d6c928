import { Document, type Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Platform } from '../../schema/index.ts';
import { EVENTS_ARE_ON, OSQUERY_VERSION, type Pack } from './pack.ts';

/** Files for Fleet's GitOps by name. Each is a list that a key of `default.yml` includes by `path`. */
export type FleetFiles = Readonly<Record<string, string>>;

/**
 * The scan queries for Fleet, which renamed its queries to reports in 2026 and takes the same list under either key;
 * a policy that the extension is registered; and a label for the hosts whose events are on, which stands for a
 * pack's `discovery`.
 *
 * Event tables need `differential_ignore_removals` (`removed` rows of events mean nothing), and Fleet sends results
 * to its log destination only with `automations_enabled`. Source: Fleet's documentation of its YAML files, and
 * pkg/spec/gitops.go.
 */
export function fleetFiles(pack: Pack, platform: Platform): FleetFiles {
  const queries = Object.entries(pack.queries).map(([name, { query, interval, description }]) => ({
    name,
    description,
    query,
    interval,
    platform,
    min_osquery_version: OSQUERY_VERSION,
    logging: 'differential_ignore_removals',
    automations_enabled: true,
    observer_can_run: false,
  }));
  const label = labelOf(platform);
  const include = (key: string, file: string): string =>
    ` Made by osquery-detect compile. Include it in default.yml, or in the file of a team:\n\n   ${key}:\n     - path: lib/${file}\n`;
  const premium = `\n Fleet Premium can send it to hosts with a label alone. Then add to each entry:\n\n   labels_include_any: ["${label}"]\n`;
  return {
    'labels.yml': print([labelEntry(platform)], `${include('labels', 'labels.yml')}${LABELS}`),
    'policies.yml': print([policyEntry(platform)], include('policies', 'policies.yml')),
    'queries.yml': print(
      queries,
      ` For Fleet before 2026, which calls them queries.${BREAK}${include('queries', 'queries.yml')}${premium}`,
    ),
    'reports.yml': print(
      queries,
      ` For Fleet since 2026, which calls them reports.${BREAK}${include('reports', 'reports.yml')}${premium}`,
    ),
  };
}

const BREAK = '\n';
const LABELS = `
 Where default.yml has no key "labels" yet, Fleet leaves labels alone; once it has, Fleet deletes those
 that the key does not list.
`;

function labelOf(platform: Platform): string {
  return `osquery-detect ${platform}`;
}

/** Fleet asks again each hour, so the label asks only for what does not change while osqueryd runs. */
function labelEntry(platform: Platform): object {
  return {
    name: labelOf(platform),
    description: 'Hosts whose osqueryd collects events.',
    query: `${EVENTS_ARE_ON};`,
    label_membership_type: 'dynamic',
    platform,
  };
}

function policyEntry(platform: Platform): object {
  return {
    name: `osquery-detect is registered (${platform})`,
    description:
      'The extension that runs detection rules is registered with osqueryd. Without it no rule runs.',
    resolution:
      "See that the extension's file is listed in --extensions_autoload, belongs to root, is executable, and is writable by root alone; then read osqueryd's log.",
    query: "SELECT 1 FROM osquery_extensions WHERE name = 'osquery_detect';",
    platform,
  };
}

/** fleetctl replaces `$NAME` in the files that it reads, even inside SQL: a backslash keeps the sign. */
function print(entries: readonly object[], comment: string): string {
  const document = new Document(entries);
  document.commentBefore = comment.replace(/\n$/, '');
  if (document.contents instanceof YAMLSeq) for (const entry of document.contents.items) foldQueries(entry);
  return document.toString({ lineWidth: 0 }).replaceAll('$', '\\$');
}

/** SQL stands in a block, where YAML reads nothing into it. */
function foldQueries(entry: unknown): void {
  if (!(entry instanceof YAMLMap)) return;
  const query = entry.get('query', true) as Scalar | undefined;
  if (query !== undefined) query.type = 'BLOCK_LITERAL';
}
