/** The source map, version 3 (ECMA-426): segments as base64 VLQ. */

export interface SourceMap {
  readonly version: 3;
  readonly file?: string;
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export class Mappings {
  private text = '';
  private column = 0;
  private source = 0;
  private sourceLine = 0;
  private sourceColumn = 0;
  private first = true;

  /** All from 0; the output is mapped from left to right, line by line. */
  add(column: number, sourceLine: number, sourceColumn: number, source = 0): void {
    if (!this.first) this.text += ',';
    this.first = false;
    this.text += vlq(column - this.column) + vlq(source - this.source);
    this.text += vlq(sourceLine - this.sourceLine) + vlq(sourceColumn - this.sourceColumn);
    this.column = column;
    this.source = source;
    this.sourceLine = sourceLine;
    this.sourceColumn = sourceColumn;
  }

  /** What follows, up to the next place on the line, comes from nowhere in the source. */
  nothing(column: number): void {
    if (!this.first) this.text += ',';
    this.first = false;
    this.text += vlq(column - this.column);
    this.column = column;
  }

  newline(): void {
    this.text += ';';
    this.column = 0;
    this.first = true;
  }

  toString(): string {
    return this.text;
  }
}

function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit] as string;
  } while (rest > 0);
  return text;
}

/** A segment of a map with one source: its place in the output, and that in the source. */
export type Segment = readonly [line: number, column: number, sourceLine: number, sourceColumn: number];

/** The segments of a map that `Mappings` has written. */
export function* segmentsOf(mappings: string): Generator<Segment> {
  let sourceLine = 0;
  let sourceColumn = 0;
  for (const [line, text] of mappings.split(';').entries()) {
    let column = 0;
    for (const segment of text === '' ? [] : text.split(',')) {
      const [right = 0, , down, across = 0] = numbers(segment);
      column += right;
      if (down === undefined) continue;
      sourceLine += down;
      sourceColumn += across;
      yield [line, column, sourceLine, sourceColumn];
    }
  }
}

function numbers(segment: string): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (let at = 0; at < segment.length; at++) {
    const digit = DIGITS.indexOf(segment.charAt(at));
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    found.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return found;
}
