/**
 * Select: several named futures at once, the first outcome with the name of its branch.
 *
 * What must hold: of branches that are ready at the first poll each has its chance, because the poll begins at a random one; with
 * `biased` the earliest in the object always wins, also among those that were woken together. It stands above the other combinators
 * because the random start is the driver's: a simulated world chooses it by its seed.
 */
import { PawlError } from '../error/index.ts';
import { driverOf } from '../driver/driver.ts';
import type { Branch } from '../future/branch.ts';
import { checkDistinct, Combinator, notAFuture } from '../future/combinator.ts';
import { creations } from '../future/creations.ts';
import { Future } from '../future/future.ts';

/** What `select` takes: futures by name. A branch that is `false`, `null` or `undefined` is disabled. */
export type Branches = Readonly<Record<string, Future<unknown> | false | null | undefined>>;

type Named<K, F> = F extends Future<infer T> ? { readonly name: K; readonly value: T } : never;

/** What `select` gives: the name of the branch that won, and its value. Switch on `name`. */
export type Selected<B extends Branches> = { [K in keyof B & string]: Named<K, B[K]> }[keyof B & string];

/** How {@link select} chooses. */
export interface SelectOptions {
  /** Branches that are ready together win in the order of the object's keys. Default: none is preferred. */
  readonly biased?: boolean;
}

class Select extends Combinator<unknown> {
  private readonly names: readonly string[];

  constructor(names: readonly string[], futures: Future<unknown>[]) {
    super(futures, true);
    this.names = names;
  }

  protected override branchName(index: number): string {
    return this.names[index] as string;
  }

  protected override first(): number {
    return driverOf(this.cx).begin(this.size);
  }

  protected override onValue(index: number, value: unknown): void {
    this.resolve({ name: this.names[index], value });
  }
}

class BiasedSelect extends Select {
  override get label(): string {
    return 'select';
  }

  protected override first(): number {
    return 0;
  }

  protected override arrange(woken: Branch): Branch {
    if (woken.next === null) return woken;
    const branches: Branch[] = [];
    for (let branch: Branch | null = woken; branch !== null; branch = branch.next) branches.push(branch);
    branches.sort((a, b) => a.index - b.index);
    for (const [at, branch] of branches.entries()) branch.next = branches[at + 1] ?? null;
    return branches[0] as Branch;
  }
}

/**
 * Polls the futures concurrently, in the caller's task, until the first gives a value or fails. A value comes with the name of its
 * branch: `{ name: 'data', value }`. The other branches are cancelled, and their cleanup has finished, before it is delivered.
 *
 * It is fair: a select in a loop starves no branch, whatever the others do. `{ biased: true }` prefers the earlier branch, which a
 * request to stop needs. A branch that is `false`, `null` or `undefined` is disabled: `tick: running && sleep(5)`.
 *
 * Cancelling it cancels all branches; what a loser loses is what it says, so in a loop use futures whose cancellation is *safe*.
 *
 * Errors: what the first outcome throws; BAD_ARGUMENT when every branch is disabled (it would wait for ever); NOT_A_FUTURE; a
 * SuppressedError when a loser's cleanup failed.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, ready, select, sleep } from 'pawl';
 * const main = coroutine(function* () {
 *   const event = yield* select({ data: ready('hello'), tick: sleep(1000) });
 *   switch (event.name) {
 *     case 'data': return event.value.toUpperCase(); // a string
 *     case 'tick': return 'nothing came';
 *   }
 * });
 * console.log(blockOn(main())); // HELLO
 * ```
 */
export function select<const B extends Branches>(branches: B, options: SelectOptions = {}): Future<Selected<B>> {
  // Two arrays of the right size, no look-up by a name that varies, and nothing pushed: a tenth of a select of two.
  const names = Object.keys(branches);
  const futures = Object.values(branches) as Future<unknown>[];
  let enabled = 0;
  for (let at = 0; at < futures.length; at++) {
    const future: unknown = futures[at];
    if (future === false || future === null || future === undefined) continue;
    const name = names[at] as string;
    if (!(future instanceof Future)) throw notAFuture(`select: branch "${name}"`, future);
    names[enabled] = name;
    futures[enabled++] = future as Future<unknown>;
  }
  if (enabled < futures.length) {
    names.length = enabled;
    futures.length = enabled;
  }
  if (enabled === 0) throw new PawlError('BAD_ARGUMENT', 'select: every branch is disabled, it would wait for ever');
  if (creations !== null) checkDistinct('select', futures);
  const made = options.biased === true ? new BiasedSelect(names, futures) : new Select(names, futures);
  return made as Future<unknown> as Future<Selected<B>>;
}
