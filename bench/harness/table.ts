/** Rows as a table for people, and the header that says where and with what they were measured. */
import { cpus } from 'node:os';
import { type Row, verdict } from './row.ts';

const HEADINGS = ['measure', 'unit', 'Pawl', 'peer', 'theirs', 'ratio', 'bound', ''] as const;
const RIGHT: readonly boolean[] = [false, false, true, false, true, true, true, false];

/** The figures of a run mean nothing without these. */
export function header(suite: string, now: Date = new Date()): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `${suite}: Node ${process.versions.node}, ${model} (${processors.length} cores), ${now.toISOString().slice(0, 10)}`;
}

/** A table whose columns are as wide as their widest cell. A measure's name stands on its first row only. */
export function table(rows: readonly Row[]): string {
  const cells: string[][] = [[...HEADINGS]];
  let previous = '';
  for (const row of rows) {
    cells.push([
      row.measure === previous ? '' : row.measure,
      row.unit,
      figure(row.ours),
      row.peer,
      figure(row.theirs),
      ratio(row.ratio),
      row.bound === null ? '' : String(row.bound),
      verdict(row),
    ]);
    previous = row.measure;
  }
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells.map((line) => formatLine(line, widths)).join('\n');
}

function formatLine(line: readonly string[], widths: readonly number[]): string {
  const padded = line.map((cell, column) =>
    RIGHT[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
  );
  return padded.join('  ').trimEnd();
}

/** Three significant digits below a thousand, whole numbers with separators above, a dash for what was not measured. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}

function ratio(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
