/** Whole modules that are out to break the compiler: what surrounds a function, and what a module holds, is used as it was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOn } from 'pawl';
import type { Future } from 'pawl';
import * as runtime from 'pawl/compiled';
import { formatDiagnostic, transform } from '../src/index.ts';

/** What a module's `main` comes to, compiled by each back end. */
function results(source: string): unknown[] {
  return (['closure', 'fields'] as const).map((backEnd) => {
    const input = `import { coroutine } from 'pawl';\n${source}\n`;
    const { code, diagnostics } = transform(input, { file: 'module.js', backEnd, place: '"module.js"' });
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map((one) => formatDiagnostic(one, input)),
      [],
    );
    const names = /^import \{ (.*) \} from "pawl\/compiled";$/m.exec(code)?.[1] ?? '';
    const text = code.replace(/^import .*$/gm, '');
    // oxlint-disable-next-line typescript/no-implied-eval
    const make = new Function(
      'runtime',
      `"use strict"; const { ${names.replaceAll(' as ', ': ')} } = runtime;\nreturn (() => {${text}\nreturn main; })();`,
    );
    const main = make(runtime) as () => Future<unknown>;
    return blockOn(main());
  });
}

const MODULES: Readonly<Record<string, { readonly source: string; readonly result: unknown }>> = {
  'variables of the module are named as the machine names its own': {
    source: `let $step = 1, $frame = 2, $cx = 3, $at = 4, $value = 5, $inner = 6, $mainMachine = 7, $main = 8, $begin = 9, awaited = 10, state = 11, error = 12;
      const main = coroutine(async () => { await 0; $step++; return [$step, $frame, $cx, $at, $value, $inner, $mainMachine, $main, $begin, awaited, state, error].join(); });`,
    result: '2,2,3,4,5,6,7,8,9,10,11,12',
  },
  'variables of the module are named so, with escapes': {
    source: `let $st\\u0065p = 1, $fr\\u{61}me = 2; const main = coroutine(async () => { await 0; return [$step, $frame].join(); });`,
    result: '1,2',
  },
  'this and super of a method': {
    source: `class A { v() { return 'a'; } } class B extends A { n = 1; v() { return 'b'; } m() { return coroutine(async (x) => super.v() + this.v() + await x + this.n); } }
      const main = coroutine(async () => new B().m()(5));`,
    result: 'ab51',
  },
  'arguments of the function itself, and of the one around it': {
    source: `function f() { return coroutine(async () => { await 0; return arguments.length; }); }
      const g = coroutine(async function () { await 0; return [arguments.length, arguments[1], this.k].join(); });
      const main = coroutine(async () => [await f(1, 2, 3)(9), await g.call({ k: 'k' }, 1, 2)].join());`,
    result: '3,2,2,k',
  },
  'a field that is a coroutine': {
    source: `class A { n = 2; m = coroutine(async (x) => this.n * await x); static s = coroutine(async function (x) { return [this === A, await x].join(); }); #p = coroutine(async () => this.#q); #q = 7; p() { return this.#p(); } }
      const main = coroutine(async () => { const a = new A(); return [await a.m(4), await A.s(1), await a.p()].join(); });`,
    result: '8,true,1,7',
  },
  'generators that are fields, in methods and by name': {
    source: `class A { n = 2; g = coroutine(async function* (x) { yield this.n; yield arguments.length; yield await x; yield* this.all; }); get all() { return [7, 8]; } static s = coroutine(async function* () { yield this === A; }); m() { const self = this; return coroutine(async function* own(n) { yield self.n; if (n > 0) yield* own(n - 1); yield own.name; }); } #p = coroutine(async function* () { yield this.#q; }); #q = 9; p() { return this.#p(); } }
      const o = { list: coroutine(async function* ({ a = 1, ...r } = {}, [b = a] = [], ...c) { var a = 'body'; yield [a, b, r, c]; }) };
      const main = coroutine(async () => { const a = new A(), all = []; for (const s of [a.g(4, 5), A.s(), a.m()(1), a.p(), o.list({ z: 1 }, undefined, 3)]) for await (const x of s) all.push(x); return JSON.stringify([all, a.g.name, o.list.name]); });`,
    result: '[[2,2,4,7,8,true,2,2,"own","own",9,["body",1,{"z":1},[3]]],"g","list"]',
  },
  'variables of a generator that are named as the machine names its own': {
    source: `const $delegate = 'module', g = coroutine(async function* ($frame, give, $give, emit, step) { let $beginStream = 1, state = 2, $t1 = 3, $1 = 4, awaited = 5, machine = 6; yield* [$frame, give, $give]; yield [emit, step, $delegate, $beginStream, state, $t1, $1, awaited, machine].join(); });
      const main = coroutine(async () => { const all = []; for await (const x of g(10, 20, 30, 40, 50)) all.push(x); return all.join(); });`,
    result: '10,20,30,40,50,module,1,2,3,4,5,6',
  },
  'a parameter with the name of the marker, in a method': {
    source: `class A { m(coroutine) { return coroutine(async () => 1); } } const main = coroutine(async () => new A().m((f) => f.constructor.name));`,
    result: 'AsyncFunction',
  },
  'a variable of the module that takes a function by default gives it its name': {
    source: `let f, g; const main = coroutine(async () => { [f = class {}] = [await undefined]; ({ [await 'k']: g = () => {} } = {}); return [f.name, g.name].join(); });`,
    result: 'f,g',
  },
  'a block, a loop and a catch with the name of the marker': {
    source: `const seen = []; { const coroutine = (f) => f.constructor.name; seen.push(coroutine(async () => 1)); } for (const coroutine of [(f) => 'loop']) seen.push(coroutine(async () => 1)); try { throw (f) => 'catch'; } catch (coroutine) { seen.push(coroutine(async () => 1)); }
      switch (1) { case 1: let coroutine = () => 'switch'; seen.push(coroutine(async () => 1)); }
      class B { static { const coroutine = () => 'static'; seen.push(coroutine(async () => 1)); } }
      const C = class coroutine { static m() { return typeof coroutine; } }; seen.push(C.m());
      const main = coroutine(async () => seen.join());`,
    result: 'AsyncFunction,loop,catch,switch,static,function',
  },
  'defaults and patterns of parameters, which do not see the body': {
    source: `const y = 'module'; const f = coroutine(async (a, { b = a, ...r } = {}, [c = y] = [], ...d) => { var y = 'body'; await 0; return JSON.stringify([a, b, r, c, d, y]); });
      const g = coroutine(async (x, get = () => x, y = get()) => { var x; const before = x; x = 2; await 0; return [before, x, get(), y].join(); });
      const h = coroutine(async (x) => { const t = typeof x; await 0; function x() {} return [t, typeof x].join(); });
      const i = coroutine(async (x = 1) => { await 0; return typeof x; function x() {} });
      const j = coroutine(async (x) => { var x; const b = x; var x = 5; await 0; return [b, x].join(); });
      const main = coroutine(async () => [await f(1), await f(1, { z: 2 }, ['c'], 4, 5), await g(1), await h(1), await i(), await j(3)].join(' '));`,
    result: '[1,1,{},"module",[],"body"] [1,1,{"z":2},"c",[4,5],"body"] 1,2,1,1 function,function function 3,5',
  },
  'coroutines in coroutines, each with its own variables': {
    source: `const main = coroutine(async () => { const all = []; for (const i of [1, 2]) { let n = i; const inner = coroutine(async (x) => { const n2 = n; n += await x; const deeper = coroutine(async () => { await 0; return [i, n, n2, x].join(':'); }); return deeper(); }); await 0; all.push(await inner(10), await inner(20), n); } return all.join(); });`,
    result: '1:11:1:10,1:31:11:20,31,2:12:2:10,2:32:12:20,32',
  },
  'a coroutine that calls itself by its own name, and by its variable': {
    source: `const main = coroutine(async function own(n = 3) { await 0; return n === 0 ? own.name : n % 2 ? await own(n - 1) : await main(n - 1); });`,
    result: 'own',
  },
  'two calls at once do not share their variables': {
    source: `const one = coroutine(async (x) => { let sum = 0; for (let i = 0; i < 3; i++) { await 0; sum += x; } return sum; }); const main = coroutine(async () => { const [a, b] = [one(1), one(10)]; return [await b, await a].join(); });`,
    result: '30,3',
  },
  'an arrow with an expression for a body, of each kind': {
    source: `const a = coroutine(async x => await x), b = coroutine(async () => ({ k: await 1 })), c = coroutine(async () => (await 0, 5)), d = coroutine(async () => [await 1, await 2]), e = coroutine(async /* c */ (x) /* d */ => /* e */ x ? await x : 'no'), f = coroutine((async (x) => // g
 x + await 1));
      const main = coroutine(async () => JSON.stringify([await a(1), await b(), await c(), await d(), await e(0), await e(3), await f(1)]));`,
    result: '[1,{"k":1},5,[1,2],"no",3,2]',
  },
  'what is called is a proxy, or has a call of its own': {
    source: `const far = (path) => new Proxy(function () {}, { get: (_, key) => far([...path, key]), apply: (_, self, args) => path.join('.') + '(' + args.join() + ')' });
      const own = { f: Object.assign(() => 'right', { call: () => 'wrong', apply: () => 'wrong', bind: () => 'wrong' }) };
      const main = coroutine(async () => { const api = far(['api']); return [api.user.get(await 1, 2), own.f(await 1), own.f(...[await 1]), own?.f(await 2), own.f\`\${await 3}\`].join(' '); });`,
    result: 'api.user.get(1,2) right right right right',
  },
  'a rest that must not read what it leaves out': {
    source: `const main = coroutine(async () => { const log = []; const o = { get a() { log.push('a'); return 1; }, get b() { log.push('b'); return 2; }, 1: 'one' }; const { a = await 5, [await 1]: one, ...r } = o; const { length = await 0, ...letters } = 'hi'; return JSON.stringify([log, a, one, r, length, letters]); });`,
    result: '[["a","b"],1,"one",{"b":2},2,{"0":"h","1":"i"}]',
  },
};

for (const [name, { source, result }] of Object.entries(MODULES))
  test(`in a module: ${name}`, () => {
    assert.deepEqual(results(source), [result, result]);
  });

test('a hashbang, directives, a byte order mark, line ends of Windows and what looks like HTML stay', () => {
  const head = `#!/usr/bin/env node\r\n'use strict';\r\n// <!-- no comment -->\r\nimport { coroutine } from 'pawl';\r\n`;
  const { code } = transform(
    `${head}export const f = coroutine(async (a, b) => {\r\n  'use strict';\r\n  return a<!--b + await 1;\r\n});\r\n// --> end`,
  );
  assert.ok(code.startsWith(head));
  assert.match(code, /\n\/\/ --> end\n/);
  const marked = transform(`\uFEFFimport { coroutine } from 'pawl';\ncoroutine(async () => 1);`);
  assert.deepEqual(marked.diagnostics, []);
  assert.ok(marked.code.startsWith(`\uFEFFimport`));
});

test('a source that ends without a line end, in a comment, or in the middle of a template still takes what is appended', () => {
  for (const end of ['', '// comment', '/* a */', ';`x`', ';"a"'])
    assert.match(
      transform(`import { coroutine } from 'pawl';\ncoroutine(async () => 1)${end}`).code,
      /\n(?:import|var) [^\n]*\n/,
    );
});

test('a very long function is compiled, in time that grows with its length', () => {
  const long = (lines: number): string =>
    `import { coroutine } from 'pawl';\ncoroutine(async (x) => {\n${Array.from({ length: lines }, (_, at) => `  if (x > ${at}) x += await x; const v${at} = () => x;\n`).join('')}});\n`;
  const [one] = transform(long(5000)).compiled;
  assert.ok((one?.states ?? 0) > 5000);
});

test('deep nesting is compiled, or refused with a place', () => {
  const nest: ((depth: number) => string)[] = [
    (depth) => `${'('.repeat(depth)}await x${')'.repeat(depth)}`,
    (depth) => `${'[x, '.repeat(depth)}await x${']'.repeat(depth)}`,
    (depth) => `${'x + '.repeat(depth)}await x`,
    (depth) => `await x${' + await x'.repeat(depth)}`,
    (depth) => `${'await f('.repeat(depth)}x${')'.repeat(depth)}`,
  ];
  const whole = (body: string): string =>
    `import { coroutine } from 'pawl';\ncoroutine(async (x, f) => { ${body}; });\n`;
  for (const make of nest) {
    assert.deepEqual(transform(whole(make(100))).diagnostics, []);
    const { compiled, diagnostics } = transform(whole(make(3000)));
    assert.ok(compiled.length === 1 || diagnostics[0]?.severity === 'error', 'neither compiled nor refused');
  }
  assert.deepEqual(
    transform(whole(`${'{ try { '.repeat(60)}await x;${' } finally { await x; } }'.repeat(60)}`)).diagnostics,
    [],
  );
});
