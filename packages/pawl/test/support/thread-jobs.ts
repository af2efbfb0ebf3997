/** What tests have other threads do. */
import { threadId } from 'node:worker_threads';
import { PawlError } from '../../src/error/index.ts';

export function add(a: number, b: number): number {
  return a + b;
}

export async function later(value: unknown): Promise<unknown> {
  await Promise.resolve();
  return value;
}

export function fail(code: string): never {
  throw Object.assign(new RangeError('out of range', { cause: new TypeError('below') }), { code });
}

export function failOurs(): never {
  throw new PawlError('BAD_PORT', 'as meant', { port: 7 });
}

export function failMany(): never {
  throw new AggregateError([new RangeError('one'), 'two'], 'both');
}

export function throwText(): never {
  // oxlint-disable-next-line typescript/only-throw-error -- some do
  throw 'only words';
}

export function unsendable(): () => void {
  return () => {};
}

export function exit(code: number): never {
  process.exit(code);
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new RangeError('nobody catches it');
  }, 1);
  return new Promise(() => {});
}

export function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

export function sum(of: Uint8Array): number {
  return of.reduce((a, b) => a + b, 0);
}

export function whichThread(): number {
  return threadId;
}

/** Says that it has begun, then blocks until it is told to go on. `gate`: [begun, may end]. */
export function block(gate: Int32Array): string {
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  Atomics.wait(gate, 1, 0);
  return 'unblocked';
}

/** Opens a descriptor of the library's, and dies with it open. */
export async function openAndHang(gate: Int32Array): Promise<never> {
  const { EventQueue } = await import('../../src/sys/queue/index.ts');
  void new EventQueue();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  for (;;) Atomics.wait(gate, 1, 0, 1000);
}

/** Starts a child that ends at once and one that does not, and never looks after them. `gate`: [begun, never, their two numbers]. */
export async function startAndHang(gate: Int32Array): Promise<never> {
  const { run } = await import('../../src/task/run.ts');
  const { Command } = await import('../../src/process/index.ts');
  gate[2] = (await run(new Command('true').spawn())).pid;
  gate[3] = (await run(new Command('sleep', ['60']).spawn())).pid;
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  for (;;) Atomics.wait(gate, 1, 0, 1000);
}

export const notAFunction = 7;
