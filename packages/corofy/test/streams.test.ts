/** Streams in compiled coroutines: loops over them, and those that compiled async generators give. */
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import * as pawl from 'pawl';
import { type Future, type Report } from 'pawl';
import * as compiled from 'pawl/compiled';
import * as streams from 'pawl/stream';
import { abortEverywhere, world, type World } from '../../pawl/test/support/world.ts';
import { formatDiagnostic, transform } from '../src/index.ts';

interface Ran {
  readonly log: unknown[];
  readonly reports: readonly Report[];
  readonly time: number;
}

/** The `main` of a module, compiled by a back end; it sees pawl's names, and `log`. */
function load(source: string, backEnd: 'closure' | 'fields', log: (...what: unknown[]) => void): () => Future<unknown> {
  const input = `import { coroutine } from 'pawl';\n${source}\n`;
  const { code, diagnostics } = transform(input, { file: 'module.js', backEnd, place: '"module.js"' });
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map((one) => formatDiagnostic(one, input)),
    [],
  );
  const names = /^import \{ (.*) \} from "pawl\/compiled";$/m.exec(code)?.[1] ?? '';
  const known = Object.keys({ ...pawl, ...streams }).filter((name) => name !== 'coroutine');
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function(
    'compiled',
    'pawl',
    'log',
    `"use strict"; const { ${names.replaceAll(' as ', ': ')} } = compiled; const { ${known.join(', ')} } = pawl;\nreturn (() => {${code.replace(/^import .*$/gm, '')}\nreturn main; })();`,
  );
  return make(compiled, { ...pawl, ...streams }, log) as () => Future<unknown>;
}

/** Runs it by each back end, which must do the same, in a world whose time costs none. */
function ran(source: string, options: Parameters<World['run']>[1] = {}): Ran {
  const [one, other] = (['closure', 'fields'] as const).map((backEnd): Ran => {
    const log: unknown[] = [];
    const main = load(source, backEnd, (...what) => log.push(what.length === 1 ? what[0] : what));
    const { driver, reports, run } = world();
    run(main, options);
    return { log, reports, time: driver.time };
  }) as [Ran, Ran];
  assert.deepEqual(other.log, one.log);
  return one;
}

/** A stream that says when it is let go of. */
const TICKS = `const ticks = coroutine(async function* ticks(name, every = 1) {
  let n = 0;
  try { for (;;) { await sleep(every); yield n++; } } finally { log(name + ' closing'); await sleep(5); log(name + ' closed'); }
});`;

test('a loop over a stream asks it without a promise, inside blockOn, and with its operators', () => {
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++;
    },
  });
  hook.enable();
  try {
    const { log } = ran(`${TICKS}
      const main = coroutine(async () => {
        for await (const x of Stream.of(1, 2, 3).map((n) => n * 2)) log(x);
        for await (const x of ticks('a').filter((n) => n % 2 === 1).take(2)) log(x);
        const [sender, receiver] = channel(4); sender.trySend('sent'); sender.close();
        for await (const x of receiver) log(x);
        log(await ticks('b').take(2).toArray());
      });`);
    assert.deepEqual(log, [2, 4, 6, 1, 3, 'a closing', 'a closed', 'sent', 'b closing', 'b closed', [0, 1]]);
  } finally {
    hook.disable();
  }
  assert.equal(promises, 0);
});

const LEAVING: Readonly<Record<string, string>> = {
  break: `for await (const x of ticks('s')) { log(x); break; }`,
  'continue of an outer loop': `l: for (const i of [1]) for await (const x of ticks('s')) { log(x); continue l; }`,
  return: `await (coroutine(async () => { for await (const x of ticks('s')) { log(x); return; } }))();`,
  throw: `try { for await (const x of ticks('s')) { log(x); throw new Error('body'); } } catch (e) { log(e.message); }`,
  'a cancellation in the body': `await select({ a: (coroutine(async () => { for await (const x of ticks('s')) { log(x); await sleep(10); } }))(), b: sleep(3) });`,
  'a cancellation while it waits for the next': `await select({ a: (coroutine(async () => { for await (const x of ticks('s', 2)) log(x); }))(), b: sleep(3) });`,
};
for (const [name, how] of Object.entries(LEAVING))
  test(`a loop over a stream that is left by ${name} closes it, and waits for that`, () => {
    const { log, reports } = ran(`${TICKS} const main = coroutine(async () => { ${how} log('after'); });`);
    assert.deepEqual(
      log.filter((what) => what !== 'body'),
      [0, 's closing', 's closed', 'after'],
    );
    assert.deepEqual(reports, []);
  });

test('of the error of a loop and that of the closing of its stream neither is lost', () => {
  const { log } = ran(`
    const bad = coroutine(async function* () { try { yield 1; throw new Error('stream'); } finally { throw new Error('closing'); } });
    const main = coroutine(async () => {
      try { for await (const x of bad()) throw new Error('body'); } catch (e) { log([e.constructor.name, e.error.message, e.suppressed.message]); }
      try { for await (const x of bad()) break; } catch (e) { log(e.message); }
      try { for await (const x of bad()) log(x); } catch (e) { log(e.message); }
      try { for await (const x of bad().map((n) => n.no.such)) log(x); } catch (e) { log([e.constructor.name, e.error.name, e.suppressed.message]); }
    });`);
  assert.deepEqual(log, [
    ['SuppressedError', 'body', 'closing'],
    'closing',
    1,
    'closing',
    ['SuppressedError', 'TypeError', 'closing'],
  ]);
});

test('a stream that has a consumer is refused to a loop and to a yield*', () => {
  const { log } = ran(`${TICKS}
    const twice = coroutine(async function* (s) { yield* s; yield* s; });
    const main = coroutine(async () => {
      const s = Stream.of(1); for await (const x of s) log(x);
      try { for await (const x of s) log('no'); } catch (e) { log(e.code); }
      try { for await (const x of twice(Stream.of(2))) log(x); } catch (e) { log(e.code); }
    });`);
  assert.deepEqual(log, [1, 'BUSY', 2, 'BUSY']);
});

test('an iterator of promises whose step is cancelled is returned, and that is waited for', async () => {
  for (const backEnd of ['closure', 'fields'] as const) {
    const log: unknown[] = [];
    const main = load(
      `let settle; const never = new Promise((resolve) => { settle = resolve; });
       const steps = { next: () => { log('asked'); return never; }, return: async () => { log('returned'); await null; log('gone'); return {}; } };
       const loop = coroutine(async (how) => { for await (const x of { [how]: () => steps }) log('no'); });
       const main = coroutine(async () => { await select({ a: loop(Symbol.asyncIterator), b: yieldNow() }); settle(); });`,
      backEnd,
      (what) => log.push(what),
    );
    await pawl.run(main);
    assert.deepEqual(log, ['asked', 'returned', 'gone']);
  }
});

test('a list of waits whose element is cancelled closes its iterator', () => {
  const { log } = ran(`
    const list = function* () { try { yield sleep(1); yield sleep(100); } finally { log('closed'); } };
    const each = coroutine(async function* () { yield* list(); });
    const main = coroutine(async () => {
      await select({ a: (coroutine(async () => { for await (const x of list()) log('one'); }))(), b: sleep(5) });
      await select({ a: each().forEach(() => log('one')), b: sleep(5) });
    });`);
  assert.deepEqual(log, ['one', 'closed', 'one', 'closed']);
});

test('a future is no operand of yield*', () => {
  const { log } = ran(`
    const wrong = coroutine(async function* () { yield* sleep(1); });
    const main = coroutine(async () => { try { await wrong().next(); } catch (e) { log([e.code, /awaited/.test(e.message)]); } });`);
  assert.deepEqual(log, [['BAD_ARGUMENT', true]]);
});

test('a call runs nothing, and what is closed before its first value never runs', () => {
  const { log } = ran(`${TICKS}
    const g = coroutine(async function* (a = log('default')) { log('begun'); try { yield 1; } finally { log('no'); } });
    const main = coroutine(async () => { const s = g(); log('called'); await s.close(); log((await s.next()) === END); });`);
  assert.deepEqual(log, ['default', 'called', true]);
});

test('what awaits when its next is cancelled goes on with the next after it, in another task, too', () => {
  const { log, time } = ran(`
    const slow = coroutine(async function* () { for (let n = 0; ; n++) { await sleep(10); log('slept'); yield n; } });
    const main = coroutine(async () => {
      const s = slow();
      log((await select({ value: s.next(), late: sleep(5) })).name);
      log(await spawn(s.next()));
      log((await select({ value: s.next(), late: sleep(5) })).name);
      await sleep(50);
      log(await s.next());
      await s.close();
    });`);
  assert.deepEqual(log, ['late', 'slept', 0, 'late', 'slept', 1]);
  assert.equal(time, 65);
});

test('what a cleanup yields for ever is left to the deadline of cleanups', () => {
  const { log, reports, time } = ran(
    `const g = coroutine(async function* () { try { yield 1; } finally { try { for (;;) yield 2; } finally { log('out'); } } });
     const main = coroutine(async () => { for await (const x of g()) { log(x); break; } log('after'); });`,
    { cleanupTimeout: 70 },
  );
  assert.deepEqual(log, [1, 'out', 'after']);
  assert.deepEqual(
    reports.map(({ code }) => code),
    ['CLEANUP_TIMEOUT'],
  );
  assert.equal(time, 70);
});

test('aborted after each of its polls, a program of streams leaves nothing', () => {
  const source = `${TICKS}
    const doubled = coroutine(async function* (n) { try { yield* ticks('t').take(n); for await (const x of ticks('u')) { yield x * 2; if (x > 1) return; } } finally { await sleep(1); log('doubled closed'); } });
    const main = coroutine(async () => { const all = []; for await (const x of doubled(2).buffer(1)) all.push(x); return all; });`;
  for (const backEnd of ['closure', 'fields'] as const) {
    const log: unknown[] = [];
    const main = load(source, backEnd, (what) => log.push(what));
    const aborted = abortEverywhere(
      () =>
        function* () {
          log.length = 0;
          assert.deepEqual(yield* main(), [0, 1, 0, 2, 4]);
        },
      (at) => {
        const begun = log.filter((what) => (what as string).endsWith('closing')).length;
        assert.equal(log.filter((what) => /^. closed$/.test(what as string)).length, begun, `aborted after poll ${at}`);
      },
    );
    assert.ok(aborted > 20);
  }
});

test('a dump, and the stack of an error, name the generator and its line', async () => {
  const source = `const deep = coroutine(async function* deep() {
      yield 1;
      await sleep(5);
      throw new Error('deep');
    });
    const loop = coroutine(async () => {
      try { for await (const x of deep()) log(x); }
      catch (e) { log([/at deep /.test(e.stack), /at loop \\(module\\.js:8:13\\)/.test(e.stack)]); }
    });
    const main = coroutine(async () => {
      const task = spawn(loop());
      await sleep(2);
      log(dumpAll().split('\\n').filter((line) => line.includes('in deep')).map((line) => line.trim()));
      await task;
    });`;
  for (const backEnd of ['closure', 'fields'] as const) {
    const log: unknown[] = [];
    await pawl.run(load(source, backEnd, (what) => log.push(what)));
    assert.deepEqual(log, [1, ['0: in deep at module.js:4:7'], [true, true]]);
  }
});
