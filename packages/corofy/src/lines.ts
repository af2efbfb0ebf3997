/**
 * Lines: where the lines of a text begin, and which of them an offset is on.
 *
 * What must hold: a line ends where JavaScript says that it does (ECMA-262, LineTerminatorSequence): at LF, at CR, at both together, and at
 * U+2028 and U+2029. An engine counts so in stacks and breakpoints, and a source map's lines are counted so (ECMA-426).
 */

/** The ends of lines. */
export const LINE_END: RegExp = /\r\n|[\n\r\u2028\u2029]/g;

/** Calls `visit` with the offset at which each line but the first begins. */
export function eachLineStart(text: string, visit: (start: number) => void): void {
  LINE_END.lastIndex = 0;
  while (LINE_END.test(text)) visit(LINE_END.lastIndex);
}

/** Where each line of a text begins. */
export function lineStartsOf(text: string): number[] {
  const starts = [0];
  eachLineStart(text, (start) => starts.push(start));
  return starts;
}

/** Line and column of offsets of one source. */
export class Lines {
  private readonly starts: readonly number[];
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
    this.starts = lineStartsOf(source);
  }

  /** Both from 1. */
  at(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.starts[low] as number) + 1 };
  }

  get count(): number {
    return this.starts.length;
  }

  /** The text of a line, without its end. */
  text(line: number): string {
    const start = this.starts[line - 1] ?? this.source.length;
    return this.source.slice(start, this.starts[line]).replace(/(?:\r\n|[\n\r\u2028\u2029])$/, '');
  }
}
