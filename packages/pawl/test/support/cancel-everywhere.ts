/**
 * `cancelAtEverySuspension` on the native driver, with a look at the process's descriptors besides: what the driver knows nothing of can
 * leak, too.
 *
 * What must hold: after each run as many descriptors are open as after the first one, which opens what the process keeps.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { start, type Body } from '../../src/future/coroutine.ts';
import { run } from '../../src/task/run.ts';
import { cancelAtEverySuspension, type Watch } from '../../src/testing/cancel-at-every-suspension.ts';

export type { Watch };

export interface CancelEverywhereOptions {
  /** Called after each run; `at` is the suspension where it was aborted. */
  readonly afterEach?: (at: number) => void;
  /** Awaited before what is open is counted: for the other ends of connections, where they are in this process. */
  readonly settle?: () => Promise<unknown>;
  /** A program with more suspensions than this has gone wild. Default 500. */
  readonly most?: number;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Gives the number of suspensions of the run that was not aborted. */
export async function cancelEverywhere(
  program: Body<[watch: Watch], unknown>,
  options: CancelEverywhereOptions = {},
): Promise<number> {
  const { afterEach, ...rest } = options;
  await run(start(program, (future) => future));
  await rest.settle?.();
  const before = descriptors();
  const check = async ({ at }: { readonly at: number }): Promise<void> => {
    // Again: a connection that was given up early is accepted, and closed, after the run.
    await rest.settle?.();
    assert.equal(descriptors(), before, 'open descriptors of the process');
    afterEach?.(at);
  };
  return cancelAtEverySuspension(program, check, rest);
}
