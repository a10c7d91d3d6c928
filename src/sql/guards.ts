import type { Expression, Glob } from './expression.ts';

/** Alternatives that are worth a guard. */
const LEAST_GUARDED = 3;
/** Characters of each alternative that a guard looks at. */
const LONGEST_GUARD = 5;

/**
 * The same truth, asked with fewer patterns: of alternatives such as `'*\/python*'`, `'*\/perl*'` and `'*\/ruby*'` most
 * rows fit none, which `'*\/[pr][yeu]*'` tells at once. A guard asks what each of its alternatives asks as well.
 */
export function guarded(expression: Expression): Expression {
  switch (expression.kind) {
    case 'and':
      return { kind: 'and', args: expression.args.map(guarded) };
    case 'or':
      return { kind: 'or', args: guardedAlternatives(expression.args.map(guarded)) };
    case 'not':
      return { kind: 'not', arg: guarded(expression.arg) };
    default:
      return expression;
  }
}

function guardedAlternatives(args: readonly Expression[]): readonly Expression[] {
  const groups = Map.groupBy(args, (arg) => {
    const asked = askedOf(arg);
    return asked === null ? null : `${asked.column} ${asked.text[0]}`;
  });
  return [...groups].flatMap(([key, group]) =>
    key === null || group.length < LEAST_GUARDED
      ? group
      : [{ kind: 'and', args: [guardOf(group), { kind: 'or', args: group }] } as const],
  );
}

interface Asked {
  readonly column: string;
  /** What follows the star that a pattern begins with. */
  readonly text: string;
}

/** A text that an alternative asks for somewhere in a column, if it does. */
function askedOf(alternative: Expression): Asked | null {
  if (alternative.kind === 'and')
    return alternative.args.map(askedOf).find((asked) => asked !== null) ?? null;
  if (alternative.kind !== 'glob') return null;
  const text = /^\*([^*?[]{2,})/.exec(alternative.pattern)?.[1];
  return text === undefined ? null : { column: alternative.column, text };
}

function guardOf(group: readonly Expression[]): Glob {
  const asked = group.map((alternative) => askedOf(alternative)!);
  const length = Math.min(LONGEST_GUARD, ...asked.map(({ text }) => text.length));
  const places = Array.from({ length }, (_, at) => new Set(asked.map(({ text }) => text[at]!)));
  return { kind: 'glob', column: asked[0]!.column, pattern: `*${places.map(classOf).join('')}*` };
}

/** One of the characters, as GLOB has it: in a class `]` comes first, `-` last, and `^` not first. */
function classOf(characters: ReadonlySet<string>): string {
  if (characters.size === 1) return [...characters][0]!;
  const own = (character: string): string => (characters.has(character) ? character : '');
  const plain = [...characters].filter((one) => !']^-'.includes(one)).sort();
  const inside = `${own(']')}${plain.join('')}${own('^')}${own('-')}`;
  return inside.startsWith('^') ? '?' : `[${inside}]`;
}
