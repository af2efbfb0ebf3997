/**
 * Printer: a rope to text and source map.
 *
 * What must hold: every token of the source that is in the output maps to its own place.
 */
import { eachLineStart, lineStartsOf } from '../lines.ts';
import { isSlice, type Piece, type Rope } from './rope.ts';
import { Mappings } from './source-map.ts';

/** A word or a single other character. In strings and comments it maps more than tokens, which does no harm. */
const TOKEN = /[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]|\r\n|[\n\r\u2028\u2029]/gu;
const LF = 10;
const CR = 13;

export class Printer {
  private readonly source: string;
  private readonly chunks: string[] = [];
  private readonly mappings = new Mappings();
  private line = 0;
  private column = 0;
  /** The line of the source in which the last place was, and where it begins. */
  private sourceLine = 0;
  private readonly lineStarts: readonly number[];

  constructor(source: string) {
    this.source = source;
    this.lineStarts = lineStartsOf(source);
  }

  get text(): string {
    return this.chunks.join('');
  }

  get map(): string {
    return this.mappings.toString();
  }

  /** The line, from 1, on which what is printed next begins. */
  get nextLine(): number {
    return this.line + 1;
  }

  print(rope: Rope): void {
    for (const piece of rope) this.piece(piece);
  }

  private piece(piece: Piece): void {
    if (typeof piece === 'string') this.write(piece);
    else if (Array.isArray(piece)) this.print(piece as Rope);
    else {
      const one = piece as Exclude<Piece, string | readonly Piece[]>;
      if (isSlice(one)) this.slice(one.from, one.to);
      else if ('resolve' in one) this.print(one.resolve());
      else {
        if (one.at === null) this.mappings.nothing(this.column);
        else this.mapTo(one.at);
        this.write(one.text);
      }
    }
  }

  private slice(from: number, to: number): void {
    const text = this.source.slice(from, to);
    this.chunks.push(text);
    TOKEN.lastIndex = 0;
    let last = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
      const { index } = match;
      this.column += index - last;
      last = index;
      const first = text.charCodeAt(index);
      // No other token begins with white space.
      if (first === LF || first === CR || first === 0x2028 || first === 0x2029) {
        this.newline();
        last = TOKEN.lastIndex;
      } else this.mapTo(from + index);
    }
    this.column += text.length - last;
  }

  private write(text: string): void {
    this.chunks.push(text);
    let last = 0;
    eachLineStart(text, (start) => {
      this.newline();
      last = start;
    });
    this.column += text.length - last;
  }

  private newline(): void {
    this.line++;
    this.column = 0;
    this.mappings.newline();
  }

  private mapTo(offset: number): void {
    const { lineStarts } = this;
    let line = this.sourceLine;
    if (offset < (lineStarts[line] as number)) {
      line = 0;
      let high = this.sourceLine;
      while (line < high) {
        const middle = (line + high + 1) >> 1;
        if ((lineStarts[middle] as number) <= offset) line = middle;
        else high = middle - 1;
      }
    } else while (line + 1 < lineStarts.length && (lineStarts[line + 1] as number) <= offset) line++;
    this.sourceLine = line;
    this.mappings.add(this.column, line, offset - (lineStarts[line] as number));
  }
}
