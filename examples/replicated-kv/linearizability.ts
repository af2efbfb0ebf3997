/**
 * Linearizability: whether what several clients have seen of one register could have come of doing their operations one at a time, each at
 * some moment between its call and its return (Herlihy and Wing, 1990).
 *
 * What must hold: the search is complete. It goes through the orders as Wing and Gong do (1993): next can only be an operation that was
 * called before all that are not done had returned; what has been tried, the set of those that are done with the value that they leave, is
 * not tried again (Lowe, 2017). An operation whose outcome is not known may be done at any time after its call, or never.
 */
import type { Command, Result } from './messages.ts';
import { Values } from './values.ts';

/** What a client did: when, on a clock that never shows the same twice, and what came of it. */
export interface Operation {
  readonly client: string;
  readonly command: Command;
  readonly called: number;
  /** Infinity: it has not returned, or said only that nobody knows. */
  readonly returned: number;
  readonly result: Result | null;
}

/** Splits by key, and gives the first key whose operations are not linearizable, with them; null if there is none. */
export function violation(history: readonly Operation[]): { readonly key: string; readonly told: string } | null {
  const keys = Map.groupBy(history, ({ command }) => command.key);
  for (const [key, operations] of keys) {
    const done = search(operations);
    if (done !== null) return { key, told: tell(operations, done) };
  }
  return null;
}

/** Null when an order was found; else the operations of the longest that was. */
function search(operations: readonly Operation[]): ReadonlySet<Operation> | null {
  // A read that nobody has seen tells nothing.
  const all = operations
    .filter(({ command, result }) => command.op !== 'get' || result !== null)
    .toSorted((a, b) => a.called - b.called);
  const seen = new Set<string>();
  let longest: readonly number[] = [];
  const path: number[] = [];

  const from = (done: bigint, value: string | null): boolean => {
    const state = `${done.toString(36)} ${value}`;
    if (seen.has(state)) return false;
    seen.add(state);
    if (path.length > longest.length) longest = [...path];
    const left = all.flatMap((operation, i) => ((done >> BigInt(i)) & 1n ? [] : [{ operation, i }]));
    const returns = Math.min(...left.map(({ operation }) => operation.returned));
    if (returns === Infinity) return true;
    for (const { operation, i } of left) {
      if (operation.called > returns) break;
      const after = next(operation, value);
      if (after === undefined) continue;
      path.push(i);
      if (from(done | (1n << BigInt(i)), after)) return true;
      path.pop();
    }
    return false;
  };
  return from(0n, null) ? null : new Set(longest.map((i) => all[i] as Operation));
}

/** The value after an operation; undefined if it would have had another result. */
function next({ command, result }: Operation, value: string | null): string | null | undefined {
  const values = new Values();
  if (value !== null) values.carryOut({ op: 'set', key: command.key, value });
  const own = values.carryOut(command);
  if (result !== null && (own.done !== result.done || own.value !== result.value)) return undefined;
  return own.value;
}

/** One operation a line, in the order of their calls; `?` before those for which no place was found. */
function tell(operations: readonly Operation[], done: ReadonlySet<Operation>): string {
  return operations
    .toSorted((a, b) => a.called - b.called)
    .map((operation) => {
      const { client, command, called, returned, result } = operation;
      const { op, key, ...values } = command;
      const outcome = result === null ? 'nobody knows' : `${result.done ? '' : 'not done, '}${result.value}`;
      return `${done.has(operation) ? ' ' : '?'} ${called} to ${returned}: ${client} ${op} ${key} ${JSON.stringify(values)} → ${outcome}`;
    })
    .join('\n');
}
