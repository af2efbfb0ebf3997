/** The thread of one of the twelve executors: one task, woken by a reactor of its own or by the shared one. */
import { parentPort, workerData } from 'node:worker_threads';
import { Waker as QueueWaker, type WakerHandle } from 'pawl/queue';
import { Coroutine, type Steps, wait } from '../ch07/coroutine.ts';
import { paced } from '../ladder/pace.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { Executor } from './executor.ts';
import { Reactor } from './reactor.ts';
import { type Mailbox, RemoteRegistry } from './shared-reactor.ts';
import type { Waker } from './waker.ts';
import { type Registry, WokenGet } from './woken-get.ts';

/** What the main thread gives each. */
export interface ThreadData {
  readonly index: number;
  readonly server: Host;
  /** Of the shared reactor. */
  readonly queueFd: number;
  readonly box: Mailbox;
  readonly stop: WakerHandle;
  /** `[0]` is raised to 1 and 2 for the two rounds to begin, `[1]` to `[2]` count who has ended each. */
  readonly rounds: Int32Array<SharedArrayBuffer>;
  readonly threads: number;
}

const { index, server, queueFd, box, stop, rounds, threads } = workerData as ThreadData;
const name = `executor-${String(index).padStart(2, '0')}`;

/** Tells the main thread, which prints it when it is awake. */
const say = (words: string): void => parentPort?.postMessage(`${name}: ${words}`, []);

function* program(registry: Registry, path: string): Steps<void, Waker> {
  say(yield* wait(new WokenGet(registry, server, `/${paced(1000)}/${path}`)));
}

/** Waits for the round, runs the program in it, and returns how many have ended it. */
function inRound(round: number, task: () => void): number {
  Atomics.wait(rounds, 0, round - 1);
  task();
  const ended = Atomics.add(rounds, round, 1) + 1;
  Atomics.notify(rounds, round);
  return ended;
}

say('ready');
inRound(1, () => {
  using reactor = new Reactor();
  const executor = new Executor(name, () => {});
  executor.spawn(new Coroutine(program(reactor, 'woken-by-its-own-reactor')));
  executor.run(() => reactor.wait());
});
const last = inRound(2, () => {
  const registry = new RemoteRegistry(queueFd, index, box);
  const executor = new Executor(name, () => {});
  executor.spawn(new Coroutine(program(registry, 'woken-by-the-shared-reactor')));
  executor.run(() => registry.wait());
});
if (last === threads) new QueueWaker(stop).wake();
