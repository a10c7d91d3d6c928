/**
 * How faithful an argument list is. `exact`: as the kernel has it. `split`: the command line's words, where an
 * argument that held a space counts as several. `reordered`: split, then put back in order. `cut`: audit
 * dropped the end; what is there is a beginning only.
 */
export type ArgsFidelity = 'exact' | 'split' | 'reordered' | 'cut';

export interface Args {
  readonly words: readonly string[];
  readonly fidelity: ArgsFidelity;
}

/** The arguments that a command line of audit stands for. */
export declare function argsOf(commandLine: string): Args;
