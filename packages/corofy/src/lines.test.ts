import assert from 'node:assert/strict';
import { SourceMap } from 'node:module';
import { test } from 'node:test';
import { formatDiagnostic, transform } from './index.ts';
import { Lines, lineStartsOf } from './lines.ts';

const ENDS = { '\\n': '\n', '\\r\\n': '\r\n', '\\r': '\r', 'U+2028': '\u2028', 'U+2029': '\u2029' };

for (const [name, end] of Object.entries(ENDS)) {
  test(`a line ends with ${name}: in places, in the text of a line, and in the frame of a diagnostic`, () => {
    const lines = new Lines(`a${end}${end}bc${end}`);
    assert.deepEqual([lines.count, lines.text(1), lines.text(2), lines.text(3), lines.text(4)], [4, 'a', '', 'bc', '']);
    assert.deepEqual(lines.at(1 + 2 * end.length + 1), { line: 3, column: 2 });
    const source = ["import { coroutine } from 'pawl';", 'coroutine(async () => {', '  eval(await 1);', '});', ''].join(
      end,
    );
    const [one] = transform(source).diagnostics;
    assert.deepEqual([one?.code, one?.line, one?.column], ['DIRECT_EVAL', 3, 3]);
    assert.match(
      formatDiagnostic(one as NonNullable<typeof one>, source),
      / {2}2 \| coroutine\(async \(\) => \{\n> 3 \| {3}eval\(await 1\);\n {4}\| {3}\^{13}\n {2}4 \| \}\);\n$/,
    );
  });

  test(`a line ends with ${name}: in the source map, and in what a machine says of its awaits`, () => {
    const source = [
      "import { coroutine } from 'pawl';",
      '/* one',
      'two */ export const f = coroutine(async (x: number) => {',
      '  const a = `3',
      '4`;',
      '  await x;',
      '  throw new Error(a);',
      '});',
      '',
    ].join(end);
    const { code, map } = transform(source);
    assert.match(code, /\[\[1, 6, 3, 0, 0\]\]/);
    const decoded = new SourceMap(map as never);
    const generated = new Lines(code).at(code.indexOf('throw new Error'));
    const entry = decoded.findEntry(generated.line - 1, generated.column - 1);
    assert.ok('originalLine' in entry);
    assert.deepEqual([entry.generatedLine, entry.originalLine, entry.originalColumn], [generated.line - 1, 6, 2]);
  });
}

test('an engine counts the lines of a stack as they are counted here', () => {
  const text = 'a\nb\r\nc\rd\u2028e\u2029f';
  assert.deepEqual(lineStartsOf(text), [0, 2, 5, 7, 9, 11]);
  // oxlint-disable-next-line no-eval
  const stack = (0, eval)('1\n2\r\n3\r4\u20285\u2029new Error("").stack') as string;
  assert.match(stack, /<anonymous>:6:1/);
});
