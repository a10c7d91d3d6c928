import { and, type Condition, definite, FALSE, not, or, TRUE, UNKNOWN } from '../rule/index.ts';
import { decideTest, type Schema } from '../schema/index.ts';

const SYSTEM = 'host.os.type';

/** The condition without what it asks of other systems: tests of `host.os.type` are decided, all others stay. */
export function forPlatform(condition: Condition, schema: Schema): Condition {
  const [table] = schema.tables.values();
  const derivation = table?.fields.get(SYSTEM)?.derivation;
  if (derivation?.kind !== 'constant') return condition;
  const { value } = derivation;
  const strip = (inner: Condition): Condition => {
    switch (inner.kind) {
      case 'and':
        return joined(inner, inner.args.map(strip), { strong: false, join: and });
      case 'or':
        return joined(inner, inner.args.map(strip), { strong: true, join: or });
      case 'not': {
        const arg = strip(inner.arg);
        if (arg.kind === 'constant') return constant(arg.value === null ? null : !arg.value);
        return arg === inner.arg ? inner : not(arg);
      }
      case 'definite': {
        const arg = strip(inner.arg);
        if (arg.kind === 'constant') return constant(arg.value === true);
        return arg === inner.arg ? inner : definite(arg);
      }
      default: {
        const truth = asksSystem(inner) ? decideTest(inner, value) : undefined;
        return truth === undefined ? inner : constant(truth);
      }
    }
  };
  return strip(condition);
}

interface Junction {
  /** What decides alone; its contrary changes nothing. */
  readonly strong: boolean;
  readonly join: (...args: readonly Condition[]) => Condition;
}

function joined(
  whole: Condition & { readonly args: readonly Condition[] },
  args: readonly Condition[],
  { strong, join }: Junction,
): Condition {
  if (args.every((arg, at) => arg === whole.args[at])) return whole;
  if (args.some((arg) => arg.kind === 'constant' && arg.value === strong)) return constant(strong);
  return join(...args.filter((arg) => arg.kind !== 'constant' || arg.value === null));
}

function asksSystem(test: Condition): boolean {
  const operand = test.kind === 'compare' ? test.left : 'operand' in test ? test.operand : null;
  return operand?.kind === 'field' && operand.name === SYSTEM;
}

function constant(truth: boolean | null): Condition {
  return truth === null ? UNKNOWN : truth ? TRUE : FALSE;
}
