/** TypeScript and JSX: types stay where they stand, and what is left when they are removed does what the source does. */
import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { parseSync } from 'oxc-parser';
import { ready } from 'pawl';
import { environment } from './support/programs.ts';
import { formatDiagnostic, transform } from '../src/index.ts';
import { assertValid } from './support/valid.ts';
import { load, runCompiled, runNative } from './support/ways.ts';

const TYPED: Readonly<Record<string, string>> = {
  'assertions in every place': `
    let a = (await wait(1)) as number; const b = (await wait(2)) as unknown as number; const c = (await wait({ k: 3 }))!.k!; const d = (await wait(4)) satisfies unknown; (a as number) = 5; (a as any) += await wait(1); a! += 2; (a!)++;
    const o = { m(this: { v: number }, x: number) { return this.v + x; }, v: 1, n: null as { p: number } | null }; log((o.m as any)(await wait(1)), (o!.m!)(await wait(2)), o.n?.p!, (o as any).m(await wait(3)), (o satisfies object)['m'](await wait(4)));
    [(a as any), (o.v as any) = await wait(9)] = [7] as [number, number?]; ({ x: (a as number) = await wait(8) } = {} as { x?: number }); log(a, b, c, d, o.v); for ((a as any) of [await wait(1)]) log(a); for (const x of (await wait([1])) as number[]) log(x!);`,
  'declarations with types': `
    let a: number, b!: string, c: (x: number) => string = (x: number): string => String(x); const d: { [k: string]: number } = { e: await wait(1) }; let [f, g = await wait(2)]: [number, number?] = [1], { h = await wait(3), ...i }: { h?: number; j?: number } = { j: 4 };
    type T = typeof a; interface I { a: T } declare const never: unique symbol; b = 'b'; a = await wait(5); const k: I = { a }; log(a, b, c(await wait(6)), d, f, g, h, i, k); var l: Array<Map<string, number[]>> = [], m: number; m = await wait<number>(7); log(l, m);`,
  'functions and classes with types': `
    declare class Elsewhere { x: number } declare enum E { A } declare function nowhere(): void; declare const v: number;
    abstract class A<T> { protected readonly x: T; constructor(x: T) { this.x = x; } abstract m(): T; abstract accessor_: T; protected abstract readonly r: T; get y(): T { return this.x; } n?(): void; declare z: number; private q: number = 1; static s?: string; }
    await wait(0); class B extends A<number> implements Iterable<number> { override m(): number { return this.x; } accessor_ = 1; r = 2; *[Symbol.iterator](): Iterator<number> { yield this.x; } ['k' as string]: unknown = 1; }
    function over(a: number): number; function over(a: string): string; function over(a: unknown): unknown { return a; } const g = <U,>(u: U): U => u; function asserts(x: unknown): asserts x is number { if (typeof x !== 'number') throw new TypeError(); } const p = function (this: void, a?: number, ...r: readonly number[]): number { return (a ?? 0) + r.length; };
    const b = new B(await wait(3)); for (const w of b) log(await wait(w)); log(over(await wait(1) as number), g<number>(await wait(2)), p(1, await wait(2) as number), b.m(), b.y); asserts(await wait(1)); const h = g<string>; log(h('h'));`,
  'catch, for and switch with types': `try { throw new Error('e'); } catch (e: unknown) { await wait(0); log((e as Error).message); } for (let i: number = 0; i < (await wait(2) as number); i++) log(i); for (const k in { a: 1 } as Record<string, number>) log(await wait(k)); switch ((await wait(1)) as 1 | 2) { case 1 as number: log('one'); } const f = (x: unknown): x is string => typeof x === 'string'; log(f(await wait('s')));`,
  'names that only types use': `const A = 1; await wait(0); let x: typeof A = A; { const A = 2; await wait(0); type B = typeof A; const y: B = A as typeof A; log(y); } function f<A>(a: A): A { const b: A = a; return b; } log(x, f(await wait(1)), A);`,
};

for (const [name, text] of Object.entries(TYPED))
  for (const backEnd of ['closure', 'fields'] as const)
    test(`${name}: compiled to ${backEnd} and without its types, it does what the source does`, async () => {
      const body = `async (log, wait, fail, env) => {\n${text}\n}`;
      const source = `import { coroutine } from 'pawl';\nexport default coroutine(${body});\n`;
      const result = transform(source, { file: 'body.ts', backEnd, place: '"body.ts"' });
      assert.deepEqual(
        result.diagnostics.map((one): string => formatDiagnostic(one, source)),
        [],
      );
      assertValid('body.ts', source, result);
      const native = await runNative(
        stripTypeScriptTypes(`(${body})`).trim(),
        environment((value) => Promise.resolve(value)),
      );
      const make = load(stripTypeScriptTypes(result.code));
      const compiled = runCompiled(make, environment(ready), (at) => at % 2);
      assert.deepEqual([compiled.log, compiled.end], [native.log, native.end]);
    });

test('what only a compiler of TypeScript takes is compiled where it marks something, and a namespace may have the name of the marker', () => {
  const mine = 'const coroutine = (f: unknown) => f;';
  for (const [text, compiled] of [
    [
      `import { coroutine } from 'pawl'; namespace A { export const n = 1; export const f = coroutine(async () => n); }`,
      1,
    ],
    [`import { coroutine } from 'pawl'; namespace A { ${mine} export const f = coroutine(async () => 1); }`, 0],
    [
      `import { coroutine } from 'pawl'; namespace A { export ${mine} coroutine(async () => 1); } coroutine(async () => 2);`,
      1,
    ],
    [
      `import { coroutine } from 'pawl'; namespace A { export namespace B { var coroutine: Function; } coroutine(async () => 1); }`,
      1,
    ],
    [
      `import { coroutine } from 'pawl'; declare namespace A { const coroutine: number; } declare module 'b' { const coroutine: number; } coroutine(async () => 1);`,
      1,
    ],
    [`import { coroutine } from 'pawl'; namespace A { enum coroutine { B } coroutine(async () => 1); }`, 0],
    [`import { coroutine } from 'pawl'; namespace A { import coroutine = other.B; coroutine(async () => 1); }`, 0],
    [`import { coroutine } from 'pawl'; namespace A { namespace coroutine { let b; } coroutine(async () => 1); }`, 0],
    [`import p = require('pawl'); export = p.coroutine(async () => 1);`, 1],
    [`import p = require('other'); export = p.coroutine(async () => 1);`, 0],
    [`import type p = require('pawl'); p.coroutine(async () => 1);`, 0],
  ] as const) {
    const result = transform(text, { file: 'some.cts' });
    assert.deepEqual([result.compiled.length, result.diagnostics], [compiled, []], text);
    if (compiled > 0) assertValid('some.cts', text, result);
  }
});

const MARKUP: Readonly<Record<string, string>> = {
  'elements, attributes and children': `return <a b={await wait(1)} {...await wait({})} c="d">{await wait(2)} text {/* comment */} <b /> {...[1]}</a>;`,
  'components by variables, members and names': `const C = await wait(() => null); for (const D of [C]) { const o = { E: D }; list.push(<C><D x={await wait(1)} /><o.E>{await wait(2)}</o.E><div D={D} /></C>, () => <D key={D} />); } return <C />;`,
  'fragments and conditions': `return <>{await wait(1) ? <a>{await wait(2)}</a> : null}{list.map((x) => <b key={x}>{x}</b>)}<c d={<e>{await wait(3)}</e>} /></>;`,
  'entities and line ends': `const x = 1; await wait(0); return <p title="a &amp; b">\n  one &lt; {x}\n  two\n</p>;`,
};

for (const [name, text] of Object.entries(MARKUP))
  for (const backEnd of ['closure', 'fields'] as const)
    test(`JSX, ${name}: what is compiled to ${backEnd} parses`, () => {
      const source = `import { coroutine } from 'pawl';\nexport const f = coroutine(async (wait, list: unknown[]) => {\n${text}\n});\n`;
      const result = transform(source, { file: 'body.tsx', backEnd });
      assert.deepEqual(
        result.diagnostics.map((one): string => formatDiagnostic(one, source)),
        [],
      );
      assertValid('body.tsx', source, result);
      assert.deepEqual(parseSync('body.tsx', result.code).errors, []);
    });
