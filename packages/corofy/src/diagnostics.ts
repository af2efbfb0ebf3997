/** What the compiler has to say of a source: where, what, and what to write instead. */
import { Lines } from './lines.ts';

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
  // As wide as what it stands below.
  const indent = text.slice(0, column - 1).replace(/[^\t]/gu, ' ');
  const frame: string[] = [];
  for (let at = first; at <= last; at++) {
    frame.push(`${at === line ? '>' : ' '} ${String(at).padStart(width)} | ${lines.text(at)}`.trimEnd());
    if (at === line) frame.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(length)}`);
  }
  return `${file}:${line}:${column}: ${severity} ${code}: ${message}\n\n${frame.join('\n')}\n`;
}
