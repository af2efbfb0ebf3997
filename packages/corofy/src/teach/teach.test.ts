// oxlint-disable typescript/no-implied-eval -- programs are texts; that is what is tested
import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import * as pawl from 'pawl';
import { Wait } from '../../test/support/ways.ts';
import { HandContext } from '../../../pawl/test/support/gate.ts';
import { teach } from './teach.ts';
import { formatDiagnostic } from '../diagnostics.ts';

function compiled(source: string): string {
  const { code, diagnostics } = teach(source, { file: 'input.ts' });
  assert.deepEqual(
    diagnostics.map((one) => formatDiagnostic(one, source)),
    [],
  );
  return code;
}

/** The function `main` of what a source was compiled to. */
function load(
  source: string,
  log: (...what: unknown[]) => void,
  wait: (value: unknown) => unknown,
): (...args: unknown[]) => pawl.Future<unknown> {
  const names = new Map<string, string>();
  const code = stripTypeScriptTypes(compiled(source)).replace(
    /^import \{([^}]*)\} from 'pawl';$/gm,
    (_, list: string) => {
      for (const one of list.split(',').filter((name) => name.trim() !== '')) {
        const [name, local = name] = one.trim().split(' as ') as [string, string?];
        names.set(local, name);
      }
      return '';
    },
  );
  const imported = [...names].map(([local, name]) => `${name}: ${local}`).join(', ');
  const make = new Function(
    'runtime',
    'log',
    'wait',
    `"use strict"; const { ${imported} } = runtime; ${code.replaceAll('export ', '')}\nreturn main;`,
  );
  return make(pawl, log, wait) as ReturnType<typeof load>;
}

interface Run {
  readonly log: string[];
  readonly end: unknown;
  readonly waits: number;
}

function runTaught(source: string, turns: (at: number) => number, stopAt = -1): Run {
  const log: string[] = [];
  const say = (...what: unknown[]): void => void log.push(what.map(String).join(' '));
  const waits = { count: 0, stopAt, stopped: false, log: say };
  let made = 0;
  const main = load(source, say, (value) => new Wait(waits, turns(made++), value instanceof Error, value));
  const cx = new HandContext();
  try {
    const future = main(2, 'x');
    assert.deepEqual(log, [], 'a call runs nothing');
    let end: unknown = pawl.PENDING;
    while (end === pawl.PENDING && !waits.stopped) end = future.poll(cx);
    if (waits.stopped) end = future.cancel(cx);
    assert.throws(() => future.poll(cx), { code: 'ALREADY_COMPLETED' });
    return { log, end, waits: waits.count };
  } catch (error) {
    if ((error as { code?: string }).code !== undefined) throw error;
    return { log, end: String(error), waits: waits.count };
  }
}

/** The same as an async function, whose waits are awaits. */
async function runNative(source: string): Promise<Run> {
  const log: string[] = [];
  const plain = stripTypeScriptTypes(
    source
      .replaceAll('coroutine function', 'async function')
      .replace(/([\w.]+\((?:[^()]|\([^()]*\))*\)|\bgiven)\.wait\b/g, '(await $1)'),
  );
  const make = new Function('log', 'wait', `"use strict"; ${plain.replaceAll('export ', '')}\nreturn main;`) as (
    ...args: unknown[]
  ) => (...args: unknown[]) => Promise<unknown>;
  let waits = 0;
  const wait = async (value: unknown): Promise<unknown> => {
    waits++;
    if (value instanceof Error) throw value;
    return value;
  };
  try {
    const end = await make((...what: unknown[]) => log.push(what.map(String).join(' ')), wait)(2, 'x');
    return { log, end, waits };
  } catch (error) {
    return { log, end: String(error), waits };
  }
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'without a wait': `coroutine function main(n: number) { log(n); return n + 1; }`.replace(
    '(n: number)',
    '(n: number): number',
  ),
  'values that are used at once, later, and never': `coroutine function main() { const a = wait('a').wait; log(a); wait('b').wait; const c = wait('c').wait; log(a, c); wait('d').wait; }`,
  'a returned wait, and a parameter that is assigned to': `coroutine function main(n: number, s: string): string { n += 1; log(n, s); const t: string = wait(s + n).wait; n++; return wait(t + n).wait; }`,
  'variables of one state, and of more': `coroutine function main() { const one = 1; let two = one + 1; log(one, two); const list: string[] = ['a']; wait(0).wait; list.push('b'); let x = list.length; x++; log(x); const { length } = list; log(length); let y; y = 5; log(y); wait(1).wait; log(list.join()); }`,
  'a variable that is assigned a wait': `coroutine function main() { let a = 1; log(a); a = wait(5).wait; log(a); let b: number; b = wait(6).wait; b++; log(a + b); }`,
  'loops of each kind, with break and continue': `
coroutine function main(n: number) {
  let i = 0;
  while (i < 5) { i++; if (i === 2) continue; const v = wait(i).wait; log('while', v); if (i === 4) break; }
  do { wait(i).wait; log('do', i--); } while (i > 2);
  for (let j = 0, k = 10; j < n; j++, k--) { if (j === 1) { wait(k).wait; log('for', j, k); continue; } log('else', j); }
  for (;;) { const v: number = wait(7).wait; for (const x of [1, 2, 3]) { if (x === 2) continue; if (x > v) return; log('native', x); } if (v === 7) break; }
  while (true) { wait(0).wait; if (i++ > 3) { log('out'); break; } }
  log('end');
}`,
  'branches, one in another': `
coroutine function main(n: number, s: string) {
  if (n === 2) { const a = wait('two').wait; log(a); if (s === 'y') { wait(1).wait; log('y'); } else if (s === 'x') { wait(2).wait; log('x'); } else { log('z'); } } else { wait(3).wait; log('other'); }
  if (s === 'q') wait(4).wait; else wait(5).wait;
  { const a = 1; wait(a).wait; log(a); } { const a = 2; log(a); wait(a).wait; log(a); }
  if (n === 2) { log('before the end'); return; }
  log('never');
}`,
  'a loop that never ends by itself': `coroutine function main(n: number): number { let i = 0; while (true) { wait(i).wait; i++; if (i === n) { return i; } } }`,
  'errors that come out of a wait, and out of the code': `coroutine function main() { log('a'); wait(0).wait; const f = () => { throw new RangeError('own'); }; log('b'); f(); }`,
  'an error of what is waited for': `coroutine function main() { log('a'); wait(new Error('failed')).wait; log('never'); }`,
  'closures over fields, and arrows': `coroutine function main(n: number) { let sum = 0; const add = (x: number) => { sum += x; }; add(n); wait(0).wait; const more = [1, 2].map((x) => x + sum); log(more.join(), sum); }`,
  'one coroutine that waits for another': `coroutine function inner(n: number): number { const v: number = wait(n).wait; log('inner', v); return v * 2; }\ncoroutine function main() { const a = inner(1).wait; const given = inner(a); log('made'); const b: number = given.wait; log(a, b); }`,
  'names that are the machine’s own, and those of the runtime': `
class Future {} const PENDING = 1; class Main {} type MainState = string; interface Poll {}
coroutine function main(state: number, cx: string) { const value = wait(state).wait; const poll = wait(cx).wait; let next = 1; const then = 2, cancel = 3, machine: string = 'm'; wait(0).wait; next++; log(value, poll, next, then, cancel, machine, state, cx, PENDING, typeof Future, typeof Main); }`,
  'text with line ends of its own, comments and expressions': `
coroutine function main(n: number) {
  // A comment.
  const text = \`one
    two \${n}\`;
  wait(0).wait; /* another */ log(text,
    n);
  const o = {
    a: n,
  };
  log(o.a);
}`,
};

for (const [name, source] of Object.entries(PROGRAMS))
  test(`${name}: the machine does what an async function does`, async () => {
    const native = await runNative(source);
    for (const turns of [() => 0, () => 1, (at: number) => at % 3]) assert.deepEqual(runTaught(source, turns), native);
    for (let at = 0; at < native.waits; at++) {
      const { log, end } = runTaught(source, (n) => n % 2, at);
      assert.equal(end, undefined);
      assert.equal(log.pop(), 'cancelled');
      assert.deepEqual(log, native.log.slice(0, log.length), 'nothing runs any more after a cancellation');
    }
  });

interface Wrong {
  readonly source: string;
  readonly code: string;
  /** What is pointed at. */
  readonly at: string;
}

const body = (text: string): string => `coroutine function f(n: number) { ${text} }`;
const WRONG: Readonly<Record<string, Wrong>> = {
  'no coroutine function': { source: 'const x = 1;', code: 'NO_COROUTINE', at: 'c' },
  'a source that does not parse': { source: 'coroutine function f() { const }', code: 'SYNTAX', at: '}' },
  'another use of the word that does not parse': { source: 'coroutine f() {}', code: 'SYNTAX', at: '' },
  'an arrow that is marked': { source: 'const f = coroutine (n) => n;', code: 'SYNTAX', at: '' },
  'a wait outside of functions': { source: `${body('')} get().wait;`, code: 'WAIT_OUTSIDE', at: '.wait' },
  'a wait in another function': {
    source: `${body('')} function g() { return get().wait; }`,
    code: 'WAIT_IN_FUNCTION',
    at: '.wait',
  },
  'a wait in a function inside': {
    source: body('[1].map((x) => get(x).wait);'),
    code: 'WAIT_IN_FUNCTION',
    at: '.wait',
  },
  'a coroutine function inside another': {
    source: body('coroutine function g() {}'),
    code: 'NESTED',
    at: 'coroutine function',
  },
  'a coroutine function as an expression': {
    source: `${body('')} const g = coroutine function () {};`,
    code: 'NESTED',
    at: 'coroutine function',
  },
  'a coroutine function without a name': {
    source: 'export default coroutine function () {}',
    code: 'NO_NAME',
    at: 'coroutine function',
  },
  'a wait that is called': { source: body('get(n).wait();'), code: 'WAIT_CALLED', at: 'get(n).wait' },
  'a wait that is assigned to': { source: body('n.wait = 1;'), code: 'WAIT_ASSIGNED', at: 'n.wait' },
  'an optional wait': { source: body('n?.wait;'), code: 'WAIT_OPTIONAL', at: 'n?.wait' },
  'an await': { source: body('await n;'), code: 'NATIVE_AWAIT', at: 'await' },
  'a for await': { source: body('for await (const x of n) x;'), code: 'NATIVE_AWAIT', at: 'for a' },
  'a wait among operands': { source: body('const x = 1 + get(n).wait;'), code: 'WAIT_PLACE', at: 'get(n).wait' },
  'a wait in an argument': { source: body('g(get(n).wait);'), code: 'WAIT_PLACE', at: 'get(n).wait' },
  'a wait in a wait': {
    source: body('const x: number = get(get(n).wait).wait;'),
    code: 'WAIT_PLACE',
    at: 'get(n).wait',
  },
  'a wait in a condition': { source: body('if (get(n).wait) n;'), code: 'WAIT_PLACE', at: 'get(n).wait' },
  'a wait in the head of a loop': {
    source: body('for (let i = 0; get(i).wait; i++) n;'),
    code: 'WAIT_PLACE',
    at: 'get(i).wait',
  },
  'a wait that is thrown': { source: body('throw get(n).wait;'), code: 'WAIT_PLACE', at: 'get(n).wait' },
  'a wait into a member': { source: body('n.x = get(n).wait;'), code: 'WAIT_PLACE', at: 'get(n).wait' },
  'a wait into a pattern': { source: body('const { a } = get(n).wait;'), code: 'WAIT_PATTERN', at: '{ a }' },
  'a wait in a try': {
    source: body('try { get(n).wait; } finally { n; }'),
    code: 'WAIT_IN_STATEMENT',
    at: 'get(n).wait',
  },
  'a wait in a for-of': {
    source: body('for (const x of [n]) { get(x).wait; }'),
    code: 'WAIT_IN_STATEMENT',
    at: 'get(x).wait',
  },
  'a wait in a switch': {
    source: body('switch (n) { case 1: get(n).wait; }'),
    code: 'WAIT_IN_STATEMENT',
    at: 'get(n).wait',
  },
  'a wait in a labelled loop': {
    source: body('a: while (n) { get(n).wait; break a; }'),
    code: 'WAIT_IN_STATEMENT',
    at: 'get(n).wait',
  },
  'a generator': { source: 'coroutine function* f() {}', code: 'GENERATOR', at: 'coroutine function*' },
  'type parameters': { source: 'coroutine function f<T>(x: T) {}', code: 'TYPE_PARAMETERS', at: '<T>' },
  'a pattern as a parameter': {
    source: 'coroutine function f({ a }: { a: number }) { a; }',
    code: 'PARAMETER_PATTERN',
    at: '{ a }: { a: number }',
  },
  'a this': { source: body('return this.x;'), code: 'OWN_THIS', at: 'this' },
  'arguments, in an arrow': { source: body('(() => arguments)();'), code: 'OWN_THIS', at: 'arguments' },
  'a function inside': { source: body('function g() {}'), code: 'DECLARED_INSIDE', at: 'function g() ' },
  'a class in a block that waits': {
    source: body('if (n) { class A {} get(n).wait; }'),
    code: 'DECLARED_INSIDE',
    at: 'class A ',
  },
  'a using': { source: body('using x = n; get(n).wait;'), code: 'USING', at: 'using x = n;' },
  'a field in a function that has its own this': {
    source: body('const g = function () { return n; }; g();'),
    code: 'CAPTURED',
    at: 'n',
  },
  'a field in a method': { source: body('const o = { m() { return n; } }; o.m();'), code: 'CAPTURED', at: 'n' },
  'a closure over the variable of a turn': {
    source: body(
      'const fs: unknown[] = []; while (n) { const x: number = get(n).wait; fs.push(() => x); get(x).wait; n = x; }',
    ),
    code: 'CAPTURED_IN_LOOP',
    at: 'x',
  },
  'a variable that is used too early': {
    source: body('get(() => x).wait; n = x; let x = 1; get(x).wait; n = x;'),
    code: 'TOO_EARLY',
    at: 'x',
  },
  'a variable whose type is not seen': {
    source: body('const x = g(n); const y = [x]; get(x).wait; n = y.length;'),
    code: 'NEEDS_TYPE',
    at: 'y',
  },
  'a pattern that outlives a wait': {
    source: body('const { x } = g(n); get(x).wait; n = x;'),
    code: 'NEEDS_TYPE',
    at: 'x',
  },
  'a wait whose type is not seen': { source: body('const x = n.g().wait; n = x;'), code: 'NEEDS_TYPE', at: 'n.g()' },
  'a wait for what depends on its arguments': {
    source: `import { join } from 'pawl'; ${body('const x = join([get(n)]).wait; n = x.length;')}`,
    code: 'NEEDS_TYPE',
    at: 'join([get(n)])',
  },
  'a result whose type is not seen': { source: body('return g(n) + 1;'), code: 'NEEDS_TYPE', at: 'g(n) + 1' },
};

for (const [name, { source, code, at }] of Object.entries(WRONG))
  test(`refused, with its place and what to write instead: ${name}`, () => {
    const result = teach(source, { file: 'a.ts' });
    const [first] = result.diagnostics;
    assert.ok(first !== undefined, result.code);
    assert.deepEqual([result.code, first.severity, first.code], [source, 'error', code], first.message);
    if (at !== '') assert.equal(source.slice(first.start, first.end), at, first.message);
    assert.match(formatDiagnostic(first, source), /^a\.ts:\d+:\d+: error [A-Z_]+: .+\n\n(?:.*\n)*.*\| *\^+\n/);
  });

test('what only looks like the teaching syntax stays as it is', () => {
  const rest = `import { coroutine } from 'pawl';
const a = 'coroutine function x() {}', b = \`coroutine function \${a}\`, c = /coroutine function/; // coroutine function
const waiting = { wait: 1, m() { return this.wait; } }; waiting.wait += waiting['wait'];
const g = coroutine(async () => { await waiting; }), h = coroutine(function* () {});
lock().wait(1);
`;
  const code = compiled(`${rest}coroutine function f(): string { return a; }\n`);
  assert.ok(code.includes(rest.slice(rest.indexOf('const a'))));
  assert.match(code, /return a;/);
});

test('a machine stands where its function stood, and before whatever runs earlier', () => {
  const source = `import { run, sleep } from 'pawl';\n/** Says. */\nexport coroutine function early() { sleep(1).wait; }\ntype A = 1;\nrun(() => late());\nexport coroutine function late() { early().wait; }\n`;
  const code = compiled(source);
  const at = (text: string): number => {
    assert.ok(code.includes(text), text);
    return code.indexOf(text);
  };
  assert.ok(at('/** Says. */') < at('// export coroutine function early()'));
  assert.ok(
    at('class Early') < at('type A = 1;') &&
      at('type A = 1;') < at('class Late') &&
      at('class Late') < at('run(() => late())'),
  );
  assert.ok(at('run(() => late())') < at('// export coroutine function late()'));
  assert.equal(code.match(/export function late\(\)/g)?.length, 1);
});

test('lines end as they do in JavaScript: a comment covers all of a function, and a text keeps its own', () => {
  for (const end of ['\r\n', '\r', '\u2028']) {
    const source = [
      'coroutine function main(): string {',
      '  wait(0).wait;',
      '  const text = `a',
      ' b`;',
      '  return text;',
      '}',
      '',
    ].join(end);
    const { end: value } = runTaught(source, () => 1);
    assert.equal(value, `a${end.replace(/\r\n?/g, '\n')} b`);
    const shown = compiled(source);
    assert.ok(shown.includes(`//   wait(0).wait;${end}`));
  }
});
