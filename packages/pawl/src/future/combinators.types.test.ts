/** The exact types of the combinators: what is written here only has to compile, and where it says so, not to compile. */
import { test } from 'node:test';
import { any, type Future, joinSettled, mapConcurrent, ready, select, type TaskGroup, taskGroup } from '../index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same. */
declare function same<A, B>(...different: Equal<A, B> extends true ? [] : [never]): void;
type Value<F> = F extends Future<infer T> ? T : never;

declare const text: Future<string>;
declare const number: Future<number>;
declare const maybe: Future<boolean> | false;
declare const off: false;

/** Never called. */
export function check(): void {
  const settled = joinSettled([text, number]);
  same<Value<typeof settled>, [PromiseSettledResult<string>, PromiseSettledResult<number>]>();
  const list = joinSettled(new Set([text]));
  same<Value<typeof list>, PromiseSettledResult<string>[]>();

  const first = any([text, number]);
  same<Value<typeof first>, string | number>();

  const selected = select({ text, maybe, off, number });
  same<
    Value<typeof selected>,
    | { readonly name: 'text'; readonly value: string }
    | { readonly name: 'maybe'; readonly value: boolean }
    | { readonly name: 'number'; readonly value: number }
  >();
  // @ts-expect-error -- a promise is no branch
  void select({ promise: Promise.resolve(1) });
  // @ts-expect-error -- neither is a string
  void select({ text: '' });

  const mapped = mapConcurrent(['a'], 2, (item, index) => {
    same<typeof item, string>();
    same<typeof index, number>();
    return number;
  });
  same<Value<typeof mapped>, number[]>();
  const generated = mapConcurrent([1], 2, function* (item) {
    same<typeof item, number>();
    return text;
  });
  same<Value<typeof generated>, string[]>();
  // @ts-expect-error -- the function must make a future
  void mapConcurrent([1], 2, (n) => n);

  const grouped = taskGroup(function* (group: TaskGroup<string>) {
    const result = yield* group.next();
    if (result.done !== true) same<typeof result.value, string>();
    // @ts-expect-error -- a group of strings runs no futures of numbers
    void group.spawn(number);
    const handle = group.trySpawn(text);
    if (handle !== null) same<Value<typeof handle>, string>();
    return ready(1);
  });
  same<Value<typeof grouped>, number>();
}

test('the types of the combinators compile', () => {});
