/**
 * Makes a text safe to show on a terminal, one column for one character: tabs become blanks, other control
 * characters, line ends and direction marks become U+FFFD. Event data is the attacker's.
 */
export function printable(text: string): string {
  return text.replace(/\t/g, ' ').replace(UNSAFE, '\u{fffd}');
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;
