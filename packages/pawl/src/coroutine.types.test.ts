/** The types of what `coroutine` makes of each kind of function: what is written here only has to compile, or not to. */
import { test } from 'node:test';
import { coroutine, type Future, sleep } from './index.ts';
import type { Stream } from './stream/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same. */
declare function same<A, B>(...different: Equal<A, B> extends true ? [] : [never]): void;

/** Never called. */
export function check(): void {
  const generator = coroutine(function* (n: number) {
    yield* sleep(n);
    return 'text';
  });
  same<typeof generator, (n: number) => Future<string>>();
  const asynchronous = coroutine(async (n: number) => {
    await sleep(n);
    return generator(n);
  });
  same<typeof asynchronous, (n: number) => Future<string>>();

  const numbers = coroutine(async function* (n: number, name?: string) {
    const sent = yield n;
    same<typeof sent, undefined>();
    await sleep(n);
    yield sleep(n);
    yield name ?? '';
    yield* [true];
    // What it returns nobody gets.
    return Symbol('end');
  });
  same<ReturnType<typeof numbers>, Stream<string | number | boolean | void>>();
  same<Parameters<typeof numbers>, [n: number, name?: string | undefined]>();

  const each = coroutine(async function* <T>(values: readonly T[]) {
    for (const value of values) yield value;
  });
  const odd: Stream<string> = each([1, 2, 3])
    .filter((n) => n % 2 === 1)
    .map((n) => `${n}`);
  const joined = coroutine(async function* () {
    yield* each(['a']);
    for await (const text of odd) {
      same<typeof text, string>();
      yield text;
    }
  });
  same<ReturnType<typeof joined>, Stream<string>>();
  // @ts-expect-error -- what a generator yields by itself are no futures
  void coroutine(function* () {
    yield 1;
  });
  // @ts-expect-error -- an ordinary function is no coroutine
  void coroutine(() => 1);
}

test('the types of coroutine compile', () => {});
