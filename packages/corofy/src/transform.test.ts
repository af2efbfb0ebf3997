import assert from 'node:assert/strict';
import { SourceMap } from 'node:module';
import { test } from 'node:test';
import { formatDiagnostic, transform, type TransformOptions } from './index.ts';

const head = `import { coroutine } from 'pawl';\n`;

function compiled(source: string, options?: TransformOptions): string {
  const { code, diagnostics, map } = transform(source, options);
  assert.deepEqual(diagnostics, []);
  assert.ok(map !== null, 'nothing was compiled');
  return code;
}

const markers: Record<string, string> = {
  'an async arrow': `${head}coroutine(async () => 1);`,
  'an async arrow with one bare parameter': `${head}coroutine(async x => await x);`,
  'an async function expression': `${head}coroutine(async function () { await 1; });`,
  'a named async function expression': `${head}coroutine(async function name() { await name; });`,
  'an async generator': `${head}coroutine(async function* () { yield 1; });`,
  'a named async generator, with stars in its comments': `${head}coroutine(async /* * */ function // *\n /* * */ * /* * */ name(a = 2 * 2) { yield* [a]; });`,
  'an alias': `import { coroutine as co } from 'pawl';\nco(async () => 1);`,
  'a namespace': `import * as pawl from 'pawl';\npawl.coroutine(async () => 1);`,
  'a name in quotes': `import { 'coroutine' as co } from 'pawl';\nco(async () => 1);`,
  'parentheses and assertions': `${head}(coroutine)((async () => 1) as () => Promise<number>);`,
  'a marker inside a class, an object and a function': `${head}class A { m = coroutine(async () => this); }\nconst o = { f: coroutine(async () => 1) };\nfunction g() { return coroutine(async () => arguments.length); }`,
};
for (const [name, source] of Object.entries(markers))
  test(`the marker is found: ${name}`, () => {
    assert.doesNotMatch(compiled(source), /\basync\b/);
  });

const unmarked: Record<string, string> = {
  'no import': `function coroutine(f) { return f; }\ncoroutine(async () => 1);`,
  'another package': `import { coroutine } from 'other';\ncoroutine(async () => 1);`,
  'a type': `import type { coroutine } from 'pawl';\nexport type A = typeof coroutine;\nconst async = 1;`,
  'a parameter of the same name': `${head}function f(coroutine: any) { return coroutine(async () => 1); }`,
  'a local of the same name': `${head}() => { const coroutine = (f: unknown) => f; { coroutine(async () => 1); } };`,
  'a generator': `${head}coroutine(function* () { /* async */ });`,
  'another method': `import * as pawl from 'pawl';\npawl.other(async () => 1); pawl['coroutine' as string](async () => 1);`,
};
for (const [name, source] of Object.entries(unmarked))
  test(`what is not marked comes out as it is: ${name}`, () => {
    assert.deepEqual(transform(source), { code: source, map: null, diagnostics: [], compiled: [] });
  });

test('everything outside of marked functions comes out byte for byte, on its own line until the first of them', () => {
  const before = `#!/usr/bin/env node\n// @ts-check\n${head}\tconst  odd = {  a:1,} ;; /* ü 😀 */ const t = \`\n  $\{odd}\`\r\n`;
  const after = ` as unknown;\nexport  default   odd\n`;
  const code = compiled(`${before}const f = coroutine(async () => { await odd; })${after}`);
  assert.ok(code.startsWith(`${before}const f = `));
  assert.ok(code.includes(after));
});

test('types stay, and what is declared keeps its parameters', () => {
  const code = compiled(
    `${head}export const f = coroutine(async <T extends object>({ a = 1 }: { a?: number } = {}, ...rest: readonly T[]): Promise<T | undefined> => { const x: number = await a; return rest[x]!; });`,
  );
  assert.match(
    code,
    /<T extends object>\(\{ a = 1 \}: \{ a\?: number \} = \{\}, \.\.\.rest: readonly T\[\]\): Promise<T \| undefined> =>/,
  );
});

test('a name that the source uses is not taken for the machine', () => {
  const code = compiled(
    `${head}const $frame = 1, $cx = 2, $value = 3, $t1 = 4;\ncoroutine(async () => $t1 + (await 1) + $frame);`,
    { backEnd: 'closure' },
  );
  assert.match(code, /\(\$frame\$2, \$cx\$2, \$at, \$value\$2, \$late\) =>/);
});

test('module-level functions become classes of fields; those that use what is around them, closures', () => {
  const kinds = (source: string): string[] =>
    transform(head + source).compiled.map(({ name, backEnd }) => `${name} ${backEnd}`);
  assert.deepEqual(kinds('const a = coroutine(async (x) => await x);'), ['a fields']);
  assert.deepEqual(kinds('const b = coroutine(async function () { await this; });'), ['b closure']);
  assert.deepEqual(kinds('const c = coroutine(async function () { await arguments; });'), ['c closure']);
  assert.deepEqual(kinds('const d = () => { const e = coroutine(async () => 1); };'), ['e closure']);
  assert.deepEqual(kinds('const f = coroutine(async () => { const g = coroutine(async () => 1); await g(); });'), [
    'g closure',
    'f fields',
  ]);
  assert.deepEqual(kinds('const h = coroutine(async (x = () => x) => x);'), ['h closure']);
  assert.deepEqual(kinds('const k = coroutine(async function* (x) { yield x; });'), ['k fields']);
  assert.deepEqual(kinds('const l = coroutine(async function* (x) { yield this; });'), ['l closure']);
  assert.deepEqual(kinds('const i = coroutine(async function j() { await j(); });'), ['j closure']);
});

// ---- diagnostics

interface Wrong {
  readonly source: string;
  readonly code: string;
  readonly at: string;
  readonly options?: TransformOptions;
}
const wrong: Record<string, Wrong> = {
  'a syntax error': { source: `coroutine(async () => { let = ; });`, code: 'SYNTAX', at: '2:31' },
  'a factory of JSX that is a variable of the coroutine': {
    source: `/** @jsx h */ coroutine(async () => {\n  const h = await 1;\n  return <a b={h} />;\n});`,
    code: 'JSX_FACTORY',
    at: '4:10',
    options: { file: 'some.tsx' },
  },
  'a direct eval': { source: `coroutine(async () => {\n  await 1;\n  eval('1');\n});`, code: 'DIRECT_EVAL', at: '4:3' },
  'an await in a computed class key': {
    source: `coroutine(async () => { class A { [await 1]() {} } });`,
    code: 'AWAIT_IN_CLASS_KEY',
    at: '2:35',
  },
  'a yield in a computed class key': {
    source: `coroutine(async function* () { class A { [yield 1]() {} } });`,
    code: 'AWAIT_IN_CLASS_KEY',
    at: '2:42',
  },
  'an await in the parameters of an async generator': {
    source: `coroutine(async function* (a = await 1) {});`,
    code: 'SYNTAX',
    at: '2:32',
  },
  'an enum between awaits': {
    source: `coroutine(async () => { enum E { A } await E.A; });`,
    code: 'NOT_ERASABLE',
    at: '2:25',
  },
  'an await in the arguments of super': {
    source: `class A extends Object { constructor() { coroutine(async () => { super(await 1); }); } }`,
    code: 'AWAIT_IN_SUPER_CALL',
    at: '2:72',
  },
  'a class that names itself in what it extends, where that awaits': {
    source: `coroutine(async (f) => { class A extends (f(() => A), await 1) {} });`,
    code: 'CLASS_NAME_IN_BASE',
    at: '2:51',
  },
  'a second argument of the marker': {
    source: `coroutine(async () => 1, f());`,
    code: 'MORE_ARGUMENTS',
    at: '2:26',
  },
  'an unmarked async function, strictly': {
    source: `coroutine(async () => { const f = async () => 1; await f(); });`,
    code: 'UNMARKED_ASYNC',
    at: '2:35',
    options: { strict: true },
  },
};
for (const [name, { source, code, at, options }] of Object.entries(wrong))
  test(`refused, with its place: ${name}`, () => {
    const text = head + source;
    const result = transform(text, { file: 'some.ts', ...options });
    assert.equal(result.map, null);
    assert.equal(result.code, text);
    const [first] = result.diagnostics;
    assert.ok(first !== undefined, 'there is a diagnostic');
    assert.deepEqual([first.code, `${first.line}:${first.column}`, first.severity], [code, at, 'error']);
    assert.match(
      formatDiagnostic(first, text),
      new RegExp(`^some\\.tsx?:${at}: error ${code}: .*\\n\\n[^]*> \\d+ \\| [^]*\\^`),
    );
  });

test('what is wrong is marked where it stands, behind tabs and characters of two units', () => {
  const source = `${head}\tcoroutine(async () => { /* \u{1D4B3} */\teval('x'); });`;
  const [first] = transform(source).diagnostics;
  assert.ok(first !== undefined);
  assert.match(formatDiagnostic(first, source), /\n {4}\| \t {31}\t\^{9}\n$/);
});

test('options that are none are refused, not ignored', () => {
  assert.throws(() => transform(5 as unknown as string), TypeError);
  assert.throws(
    () => transform('', { backEnd: 'none' as 'closure' }),
    /^TypeError: backEnd is auto, closure or fields, not none$/,
  );
});

test('an unmarked async function inside a marked one is a warning, and stays what it is', () => {
  const { code, diagnostics } = transform(`${head}coroutine(async () => { await (async () => 7)(); });`);
  assert.deepEqual(
    diagnostics.map(({ severity, code: kind }) => [severity, kind]),
    [['warning', 'UNMARKED_ASYNC']],
  );
  assert.match(code, /\(async \(\) => 7\)\(\)/);
});

test('generator coroutines stay as they are, and are compiled when that is asked for', () => {
  const source = `${head}export const f = coroutine(function /* * */ * f(this: void, a = 1): Steps<number> { function* own() { yield 1; } return (yield* g(a)) + [...own()].length; });\n`;
  assert.equal(transform(source).code, source);
  const { code, compiled: made, diagnostics } = transform(source, { generators: true });
  assert.deepEqual([made.map(({ name }) => name), diagnostics], [['f'], []]);
  assert.match(code, /function\s+f\(this: void, a = 1\): Steps<number> *\{/);
  assert.match(code, /function\* own\(\) \{ yield 1; \}|function\* +\(\) \{ yield 1; \}/);
});

test('a plain yield in a generator that is compiled is refused, and not one in a generator inside it', () => {
  const source = `${head}coroutine(function* () { const g = function* () { yield 1; }; yield* a; if (b) yield g; });`;
  const { code, diagnostics } = transform(source, { generators: true, file: 'a.ts' });
  assert.equal(code, source);
  assert.deepEqual(
    diagnostics.map(({ code: kind, line, column }) => [kind, line, column]),
    [['PLAIN_YIELD', 2, source.indexOf('yield g') - source.indexOf('\n')]],
  );
  assert.deepEqual(transform(source).diagnostics, []);
});

test('a generator inside of a compiled function, and one in a scope where the marker means something else', () => {
  const inner = `${head}coroutine(async () => { const g = coroutine(function* (x) { return yield* x; }); return await g(ready(1)); });`;
  assert.deepEqual(
    transform(inner, { generators: true }).compiled.map(({ backEnd }) => backEnd),
    ['closure', 'fields'],
  );
  assert.equal(transform(inner).compiled.length, 1);
  const other = `${head}coroutine(async () => { const coroutine = (f: unknown) => f; return coroutine(function* () { yield 1; yield* []; }); });`;
  const { diagnostics, code } = transform(other, { generators: true });
  assert.deepEqual(diagnostics, []);
  assert.match(code, /coroutine\)\(function\* \(\) \{ yield 1; yield\* \[\]; \}\)/);
});

test('an unmarked async generator inside a marked function is a warning, as a function and as a method, and stays what it is', () => {
  const { code, diagnostics } = transform(
    `${head}coroutine(async () => { const o = { async *m() { yield 1; } }; for await (const x of o.m()) x; async function* g() { yield await 2; return 3; } });`,
  );
  assert.deepEqual(
    diagnostics.map(({ severity, code: kind, message }) => [severity, kind, message.endsWith('function* …)')]),
    [
      ['warning', 'UNMARKED_ASYNC', true],
      ['warning', 'UNMARKED_ASYNC', true],
    ],
  );
  assert.match(code, /async \*m\(\) \{ yield 1; \}/);
  assert.match(
    code,
    /async function\* g\(\) \{ yield await 2; return 3; \}|async function\* +\(\) \{ yield await 2; return 3; \}/,
  );
});

test('a code frame points at the place', () => {
  const text = `${head}coroutine(async () => {\n  eval('x');\n});\n`;
  const [first] = transform(text, { file: 'a.ts' }).diagnostics;
  assert.equal(
    formatDiagnostic(first as never, text),
    'a.ts:3:3: error DIRECT_EVAL: a direct eval sees the variables of a function, which a compiled one does not have: write globalThis.eval(…) or (0, eval)(…)\n\n' +
      "  2 | coroutine(async () => {\n> 3 |   eval('x');\n    |   ^^^^^^^^^\n  4 | });\n",
  );
});

// ---- source maps

test('every word of the output that is one of the source maps to that word', () => {
  const source = `${head}
const before = [1, 2].map((value) => value * 2);
export const load = coroutine(async (first: number, second = before.length) => {
  const total = await first + second;
  for (const item of before) {
    try { console.log(item, await total); } catch (problem) { throw problem; } finally { await second; }
  }
  const made = () => total + second;
  return made();
});
export const after = { total: before };
`;
  for (const backEnd of ['closure', 'fields'] as const) {
    const { code, map } = transform(source, { backEnd });
    const decoded = new SourceMap(map as never);
    const lines = source.split('\n');
    let checked = 0;
    for (const [line, text] of code.split('\n').entries()) {
      if (text.startsWith('import {') && line > 0) break;
      for (const { 0: word, index } of text.replace(/\/\/.*$/, '').matchAll(/(?<![\w$."[])[a-z]\w+/g)) {
        if (!/^(?:before|first|second|total|item|problem|made|after|load|map|value|console|export)$/.test(word))
          continue;
        const entry = decoded.findEntry(line, index) as { originalLine: number; originalColumn: number };
        const found = lines[entry.originalLine]?.slice(entry.originalColumn, entry.originalColumn + word.length);
        // The machine's own names.
        if (/constructor|let |\{ load: |this\.\$|\bnew \$/.test(text)) continue;
        assert.equal(found, word, `${word} at ${line + 1}:${index + 1} of\n${code}`);
        checked++;
      }
    }
    assert.ok(checked > (backEnd === 'closure' ? 20 : 12), `only ${checked} words were there`);
  }
});

test('two thousand lines are compiled well within a second', () => {
  const one = (n: number): string =>
    `export const f${n} = coroutine(async (a: number) => {\n${'  if (a > 1) { a += await a; console.log(a); }\n'.repeat(18)}});\n`;
  const source = head + Array.from({ length: 100 }, (_, n) => one(n)).join('');
  assert.ok(source.split('\n').length >= 2000);
  assert.equal(transform(source).compiled.length, 100);
});
