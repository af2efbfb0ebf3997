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
  private sourceLine = 0;
  private sourceColumn = 0;
  private first = true;

  /** All from 0; the output is mapped from left to right, line by line. */
  add(column: number, sourceLine: number, sourceColumn: number): void {
    if (!this.first) this.text += ',';
    this.first = false;
    this.text +=
      vlq(column - this.column) + 'A' + vlq(sourceLine - this.sourceLine) + vlq(sourceColumn - this.sourceColumn);
    this.column = column;
    this.sourceLine = sourceLine;
    this.sourceColumn = sourceColumn;
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
