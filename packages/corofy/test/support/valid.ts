/**
 * Whether an output is valid beside its source: it parses, what is outside of the compiled functions has come out as it was, and each
 * segment of its map lies within both.
 */
import assert from 'node:assert/strict';
import { parseSync } from 'oxc-parser';
import type { TransformResult } from '../../src/index.ts';

export function assertValid(file: string, source: string, { code, map, compiled }: TransformResult): void {
  const { errors } = parseSync(file, code, { sourceType: 'module', showSemanticErrors: true });
  assert.deepEqual(
    errors.map(({ codeframe }) => codeframe),
    [],
    file,
  );
  assert.ok(map !== null, `${file} has no map`);
  assertOutside(file, source, code, compiled);
  assertMap(file, source, code, map);
}

function assertOutside(file: string, source: string, code: string, compiled: TransformResult['compiled']): void {
  const outermost = compiled.toSorted((a, b) => a.start - b.start || b.end - a.end);
  let from = 0;
  let at = 0;
  for (const { start, end } of [...outermost, { start: source.length, end: source.length }]) {
    if (start < from) continue;
    const text = source.slice(from, start);
    const found = from === 0 ? (code.startsWith(text) ? 0 : -1) : code.indexOf(text, at);
    assert.notEqual(found, -1, `${file}: changed outside of functions: ${text.slice(0, 200)}`);
    at = found + text.length;
    from = end;
  }
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/;
const DIGITS = new Map(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (digit, value) => [digit, value]),
);

function assertMap(file: string, source: string, code: string, map: NonNullable<TransformResult['map']>): void {
  assert.deepEqual(map.sourcesContent, [source]);
  const from = source.split(LINE_END);
  const to = code.split(LINE_END);
  const lines = map.mappings.split(';');
  assert.ok(lines.length <= to.length, `${file}: the map has more lines than the output`);
  const last = { line: 0, column: 0 };
  let segments = 0;
  for (const [line, text] of lines.entries()) {
    let column = 0;
    for (const segment of text === '' ? [] : text.split(',')) {
      const [right, which, down, across, ...more] = decode(segment);
      column += right as number;
      if (which === undefined) continue;
      last.line += down as number;
      last.column += across as number;
      assert.deepEqual([which, more], [0, []], `${file}: one source, no names`);
      assert.ok(
        (right as number) >= 0 && column <= (to[line] as string).length,
        `${file}: ${line}:${column} is beyond the output`,
      );
      assert.ok(
        last.column >= 0 && last.column <= (from[last.line]?.length ?? -1),
        `${file}: ${last.line}:${last.column} is beyond the source`,
      );
      segments++;
    }
  }
  assert.ok(segments > 0, `${file}: the map is empty`);
}

function decode(segment: string): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.get(digit) as number;
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    values.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return values;
}
