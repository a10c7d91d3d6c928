import type { InputProgress } from './inputs.ts';

const WIDTH = 30;
/** Lines between two looks at the clock, and how often the bar is drawn. */
const LINES = 1_000;
const DRAW_MS = 100;
const CLEAR = '\r\u001b[K';

/** A bar on a terminal's last line, which says how far the reading of inputs is. */
export class ProgressBar {
  readonly #progress: InputProgress;
  readonly #write: (text: string) => void;
  #lines = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(progress: InputProgress, write: (text: string) => void) {
    this.#progress = progress;
    this.#write = write;
  }

  /** The lines as they come, with the bar drawn anew now and then, and gone when they end. */
  async *over(lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const line of lines) {
      this.#lines++;
      if (this.#lines % LINES === 0 && performance.now() - this.#drawnMs >= DRAW_MS) this.#draw();
      yield line;
    }
    this.clear();
  }

  /** Makes way for other text. */
  clear(): void {
    if (this.#drawn) this.#write(CLEAR);
    this.#drawn = false;
  }

  #draw(): void {
    this.#drawnMs = performance.now();
    this.#drawn = true;
    this.#write(`${CLEAR}${barOf(this.#progress, this.#lines)}`);
  }
}

/** `[############------------------]  40 %  12,000 lines`; without the bar where the total is not known. */
export function barOf({ totalBytes, readBytes }: InputProgress, lines: number): string {
  const count = `${lines.toLocaleString('en-US')} lines`;
  if (totalBytes === null || totalBytes === 0) return count;
  const share = Math.min(readBytes() / totalBytes, 1);
  const full = Math.floor(share * WIDTH);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${percent} %  ${count}`;
}
