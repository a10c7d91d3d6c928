import { isIP } from 'node:net';
import type { Scalar } from '../../rule/index.ts';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Everything that a literal's text can mean, the text itself first. Kibana keeps values as text and
 * Elasticsearch reads them by the field's mapping: `1` finds the number 1 in a number field and the text "1"
 * in a keyword field. So a test of a field is made with all of them, and the field's type picks one, as
 * values of different types never equal each other.
 */
export function meanings(text: string): readonly Scalar[] {
  if (text === 'true' || text === 'false') return [text, text === 'true'];
  const number = numberOf(text);
  return number === undefined ? [text] : [text, number];
}

/** The number that a text writes, exactly; nothing when it writes none. */
export function numberOf(text: string): number | bigint | undefined {
  if (!NUMBER.test(text)) return undefined;
  const number = Number(text);
  if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text.replace('+', ''));
  return Number.isFinite(number) ? number + 0 : undefined;
}

/** Whether the text is an IP address or a range of them in CIDR notation. */
export function isAddress(text: string): boolean {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(length ?? 0) <= (version === 4 ? 32 : 128);
}
