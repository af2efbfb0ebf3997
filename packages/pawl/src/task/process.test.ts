/** What a whole process shows of the kernel: deadlocks, exit codes, and memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript, type ScriptOptions, type ScriptResult } from '../../test/support/script.ts';

const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
const program = (script: string, options?: ScriptOptions): Promise<ScriptResult> =>
  runScript(
    `import { coroutine, fromPromise, Future, join, race, ready, run, sleep, spawn, timeout, yieldNow } from ${index};
    class Stuck extends Future { poll(cx) { this.waker = cx.waker; return PENDING; } }
    ${script}`,
    options,
  );

test('tasks that nothing can wake are dumped to standard error, and the process ends with code 13', async () => {
  const { code, stdout, stderr } = await program(`
    const inner = coroutine(function* inner() { yield* new Stuck(); });
    run(function* main() {
      spawn(inner(), { name: 'first' });
      yield* sleep(1);
      yield* inner();
    }, { name: 'the main task' }).then(() => console.log('settled'), () => console.log('rejected'));
  `);
  assert.equal(code, 13);
  assert.equal(stdout, '');
  assert.match(stderr, /^DEADLOCK: 2 task\(s\)/);
  assert.match(
    stderr,
    /- #1 the main task \[waiting \d.*\n {4}in main at .*\n {4}in inner at .*\n {4}waits for Stuck\n {2}- #2 first \[waiting \d.*\n {6}in inner at .*\n {6}waits for Stuck\n/,
  );
});

test('an awaited run that is stranded ends with code 13 too', async () => {
  const { code, stderr } = await program(`await run(() => new Stuck()); console.log('not reached');`);
  assert.equal(code, 13);
  assert.match(stderr, /DEADLOCK: 1 task/);
});

test('a task that waits for a promise of Node which is settled later is no deadlock', async () => {
  const { code, stdout, stderr } = await program(`
    console.log(await run(function* () {
      return yield* fromPromise(new Promise((resolve) => setTimeout(resolve, 50, 'later')));
    }));
  `);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'later\n', stderr: '' });
});

test('a handler of beforeExit that wakes the tasks withdraws the verdict', async () => {
  const { code, stdout } = await program(`
    const stuck = new Stuck();
    let woken = false;
    stuck.poll = function (cx) { this.waker = cx.waker; return woken ? 'woken' : PENDING; };
    run(stuck, { onReport() {} }).then(console.log);
    process.once('beforeExit', () => setTimeout(() => { woken = true; stuck.waker.wake(); }, 10));
  `);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'woken\n' });
});

test('a failing program prints its logical stack and ends with code 1', async () => {
  const { code, stderr } = await program(`
    const inner = coroutine(function* inner() { yield* sleep(1); throw new Error('expected'); });
    const outer = coroutine(function* outer() { yield* inner(); });
    await run(outer());
  `);
  assert.equal(code, 1);
  assert.match(stderr, /Error: expected\n {4}at inner \(.*\n {4}at outer \(/);
});

test('a rejected run that nobody handles ends the process as any rejection does', async () => {
  const { code, stderr } = await program(`run(function* () { throw new Error('expected'); });`);
  assert.equal(code, 1);
  assert.match(stderr, /Error: expected/);
});

// ---- memory: counted after a full collection, with a bound far from noise and far from a leak

const measured = (body: string): string => `
  function heap() { for (let n = 0; n < 4; n++) gc(); return process.memoryUsage().heapUsed; }
  const round = coroutine(function* () { ${body} });
  await run(round(), { slowPoll: Infinity });
  const before = heap();
  await run(round(), { slowPoll: Infinity });
  const grown = heap() - before;
  const { timers, waiting } = nativeDriver().metrics;
  console.log(JSON.stringify({ kept: grown > 500_000 ? grown : 0, timers, waiting }));
`;
const nothing = { code: 0, stdout: '{"kept":0,"timers":0,"waiting":0}\n', stderr: '' };

for (const [name, body] of Object.entries({
  '10,000 tasks that have ended': `
      const handles = [];
      for (let n = 0; n < 10_000; n++) handles.push(spawn(sleep(n % 3)));
      yield* join(handles);`,
  '10,000 tasks that were aborted': `
      const handles = [];
      for (let n = 0; n < 10_000; n++) handles.push(spawn(sleep(100_000)));
      yield* yieldNow();
      for (const handle of handles) handle.abort();`,
  '10,000 tasks in turn in a scope that goes on': `
      const lasting = spawn(sleep(100_000), { daemon: true });
      for (let n = 0; n < 10_000; n++) yield* spawn(ready(n));`,
  '5,000 lost races and timeouts': `
      const endless = new Stuck();
      for (let n = 0; n < 5_000; n++) {
        yield* race([sleep(100_000), yieldNow()]);
        yield* timeout(100_000, yieldNow());
      }`,
  '10,000 awaits of a handle that are given up': `
      const lasting = spawn(sleep(100_000), { daemon: true });
      for (let n = 0; n < 10_000; n++) yield* race([lasting, yieldNow()]);`,
  '10,000 cancelled promises': `
      for (let n = 0; n < 10_000; n++) yield* race([fromPromise(new Promise(() => {})), yieldNow()]);`,
  '2,000 errors thrown through awaits': `
      const fails = coroutine(function* () { yield* yieldNow(); throw new Error('expected'); });
      for (let n = 0; n < 2_000; n++) try { yield* fails(); } catch {}`,
}))
  test(`${name} leave no memory, timer or waker behind`, async () => {
    const { code, stdout, stderr } = await program(measured(body), {
      nodeOptions: ['--expose-gc'],
      env: { NODE_ENV: 'production' },
    });
    assert.deepEqual({ code, stdout, stderr }, nothing);
  });
