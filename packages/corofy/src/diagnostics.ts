/** What the compiler has to say of a source: where, what, and what to write instead. */

export type Severity = 'error' | 'warning';

export interface Diagnostic {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Offsets in the source. */
  readonly start: number;
  readonly end: number;
}

/** Line and column of offsets of one source. */
export class Lines {
  private readonly starts: number[] = [0];
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) this.starts.push(at + 1);
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
    const end = this.starts[line] ?? this.source.length + 1;
    return this.source.slice(start, end - 1).replace(/\r$/, '');
  }
}

/** The diagnostics of one source. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];
  private readonly file: string;
  private readonly lines: Lines;
  private readonly strict: boolean;

  constructor(file: string, lines: Lines, strict: boolean) {
    this.file = file;
    this.lines = lines;
    this.strict = strict;
  }

  get failed(): boolean {
    return this.list.some(({ severity }) => severity === 'error');
  }

  error(at: { readonly start: number; readonly end: number }, code: string, message: string): void {
    this.add('error', at, code, message);
  }

  /** An error under `strict`. */
  warn(at: { readonly start: number; readonly end: number }, code: string, message: string): void {
    this.add(this.strict ? 'error' : 'warning', at, code, message);
  }

  private add(severity: Severity, { start, end }: { start: number; end: number }, code: string, message: string): void {
    const { line, column } = this.lines.at(start);
    this.list.push({ severity, code, message, file: this.file, line, column, start, end });
  }
}

/** A diagnostic as text, with the lines it is about. */
export function formatDiagnostic(diagnostic: Diagnostic, source: string): string {
  const { severity, code, message, file, line, column, start, end } = diagnostic;
  const lines = new Lines(source);
  const first = Math.max(1, line - 1);
  const last = Math.min(lines.count, line + 1);
  const width = String(last).length;
  const text = lines.text(line);
  const length = Math.max(1, Math.min(end - start, text.length - column + 1));
  const frame: string[] = [];
  for (let at = first; at <= last; at++) {
    frame.push(`${at === line ? '>' : ' '} ${String(at).padStart(width)} | ${lines.text(at)}`.trimEnd());
    if (at === line) frame.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1)}${'^'.repeat(length)}`);
  }
  return `${file}:${line}:${column}: ${severity} ${code}: ${message}\n\n${frame.join('\n')}\n`;
}
