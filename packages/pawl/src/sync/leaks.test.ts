/** Millions of what programs register and unregister, ten of a token's waits, leave the heap where it was. In a process of its own, with the collector at hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript } from '../../test/support/script.ts';

const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
const sync = JSON.stringify(new URL('./index.ts', import.meta.url).href);

/** Runs a function a number of times after a warm-up, and says by how many bytes the heap has grown for each time. */
const weigh = (body: string, times: number): string => `
import { blockOn, Future, coroutine, race, sleep } from ${index};
import { broadcast, CancellationToken, channel, Mutex, Notify, oneshot, RwLock, Semaphore, watch } from ${sync};
${body}
const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
class Times extends Future {
  constructor(n) { super(); this.n = n; }
  poll(cx) { for (let i = 0; i < this.n; i++) once(cx); return 0; }
}
blockOn(new Times(20_000));
const before = heap();
blockOn(new Times(${times}));
const grown = heap() - before;
console.log(JSON.stringify({ grown }));
`;

const cases: readonly (readonly [name: string, times: number, body: string])[] = [
  [
    'fours of waits on a token, on two children and on a signal',
    10_000_000 / 4,
    `const root = new CancellationToken();
     const controller = new AbortController();
     const foreign = CancellationToken.fromSignal(controller.signal);
     const once = (cx) => {
       const child = root.child();
       const waits = [root.cancelled(), child.cancelled(), child.child().cancelled()];
       for (const wait of waits) wait.poll(cx);
       for (const wait of waits) wait.cancel(cx);
       root.child();
       const far = foreign.child().cancelled();
       far.poll(cx);
       far.cancel(cx);
     };`,
  ],
  [
    'waits for locks and permits that are held',
    1_000_000,
    `const mutex = new Mutex(), semaphore = new Semaphore(1), lock = new RwLock();
     mutex.tryLock(); semaphore.tryAcquire(); lock.tryWrite();
     const once = (cx) => {
       for (const wait of [mutex.lock(), semaphore.acquire(), lock.read(), lock.write()]) { wait.poll(cx); wait.cancel(cx); }
     };`,
  ],
  [
    'waits for messages',
    1_000_000,
    `const [, receiver] = channel(1), [, watcher] = watch(0), [, listener] = broadcast(4), [, one] = oneshot(), notify = new Notify();
     const once = (cx) => {
       for (const wait of [receiver.recv(), watcher.changed(), listener.recv(), one.recv(), notify.notified()]) { wait.poll(cx); wait.cancel(cx); }
     };`,
  ],
];

for (const [name, times, body] of cases) {
  test(`${times.toLocaleString('en')} times, ${name}, cancelled, leave nothing behind`, async () => {
    const { code, stdout, stderr } = await runScript(weigh(body, times), { nodeOptions: ['--expose-gc'] });
    assert.equal(code, 0, stderr);
    const { grown } = JSON.parse(stdout) as { grown: number };
    // One word for each would be megabytes.
    assert.ok(grown < 500_000, `the heap has grown by ${grown} bytes`);
  });
}
