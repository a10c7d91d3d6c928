/**
 * The processes of one host: who started whom, also when the parent is gone.
 *
 * Owns identity, ancestry, the names a process answers to, and the repair of argument lists. Fed with plain
 * facts of execs, forks and exits; knows no table of osquery, no ECS name and no rule. Bounded: what does not
 * fit is forgotten, exited and long unseen first, and counted.
 */
export { type Args, type ArgsFidelity, argsOf, type LineForm } from './args.ts';
export { type ArgsRefiner, createArgsRefiner, type ProcReader } from './exact-args.ts';
export { baseName } from './names.ts';
export type {
  ExecFacts,
  ForkFacts,
  Image,
  LoadedProcesses,
  Origin,
  Process,
  ProcessTree,
  SavingProcesses,
  SeedFacts,
  Signature,
  TreeHealth,
  TreeOptions,
} from './process.ts';
export { createProcessTree } from './tree.ts';
