/**
 * The tour: what the runtime does, seen from outside. A server that is slow on purpose, and tasks that wait for it at the
 * same time, over real sockets. `npm start` runs it.
 */
import { coroutine, join, PawlError, timeout } from 'pawl';
import type { SocketAddress } from 'pawl/net';
import { delayServer } from '../delay-server/server.ts';
import { get } from './get.ts';
import { draw, overlap, type Track } from './timeline.ts';

/** The delays, in ms, of the requests that each task makes one after another. */
const TASKS: readonly (readonly [name: string, ...delays: number[]])[] = [
  ['one', 1000],
  ['two', 900],
  ['three', 800],
  ['four', 700],
  ['five', 600],
  ['six', 500],
  ['seven', 400],
  ['eight', 300],
  ['nine', 200],
  ['ten', 100],
  ['twice', 250, 450],
  ['thrice', 300, 100, 500],
];
const CROWD = 200;
const CROWD_MS = 250;
const LIMIT_MS = 300;

const task = coroutine(function* task(server: SocketAddress, began: number, name: string, delays: readonly number[]) {
  const now = (): number => performance.now() - began;
  const from = now();
  const waits: { from: number; to: number }[] = [];
  for (const delay of delays) {
    let sent = 0;
    const body = yield* get(server, `/${delay}/${name}`, (stage) => {
      if (stage === 'sent') sent = now();
      else waits.push({ from: sent, to: now() });
    });
    if (body !== name) throw new Error(`asked for ${name} and got ${body}`);
  }
  return { name, from, waits, to: now() } satisfies Track;
});

const concurrent = coroutine(function* concurrent(server: SocketAddress) {
  console.log(`${TASKS.length} tasks, each waiting for a slow server; the server's log as it comes:\n`);
  const began = performance.now();
  const tracks = yield* join(TASKS.map(([name, ...delays]) => task(server, began, name, delays)));
  const total = performance.now() - began;
  const sum = TASKS.flatMap(([, ...delays]) => delays).reduce((a, b) => a + b, 0);
  console.log(`\nWhat overlapped (█ at work, ░ waiting for an answer):\n\n${draw(tracks)}\n`);
  console.log(`${overlap(tracks)} tasks were under way at once, on one thread: ${total.toFixed(0)} ms in all.`);
  console.log(`The delays add up to ${sum} ms: that is what it takes one after another.`);
});

const crowd = coroutine(function* crowd(server: SocketAddress) {
  const began = performance.now();
  const path = `/${CROWD_MS}/crowd`;
  yield* join(Array.from({ length: CROWD }, () => get(server, path)));
  const total = performance.now() - began;
  console.log(`\n${CROWD} more requests at once, of ${CROWD_MS} ms each: ${total.toFixed(0)} ms in all.`);
});

const impatient = coroutine(function* impatient(server: SocketAddress) {
  console.log(`\nA request that takes a minute, with a timeout of ${LIMIT_MS} ms:\n`);
  try {
    yield* timeout(LIMIT_MS, get(server, '/60000/too%20late'));
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'TIMEOUT') throw error;
    console.log(`  client  ${error.code}: ${error.message}; its connection is closed already`);
  }
});

export default coroutine(function* tour() {
  const server = yield* delayServer((line) => {
    if (!line.endsWith(': crowd')) console.log(`  server  ${line}`);
  });
  yield* concurrent(server.address);
  yield* crowd(server.address);
  yield* impatient(server.address);
  // Done when the last connection has ended: the server has seen the impatient client go.
  yield* server.close();
  console.log('\nThe server has ended, no task, timer or socket is left, and so the process ends.');
});
