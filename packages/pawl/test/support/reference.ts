/**
 * What a program must do when it is cancelled: a direct interpreter with explicit completions, knowing nothing of generators' `return`.
 *
 * What must hold: at the wait where the cancellation arrives, its function completes as by `return`. A function in which it arrived gives
 * its caller `return` as well, whatever its cleanup does; what the cleanup throws is collected. Nothing is cancelled twice.
 */
import type { Block, Statement } from './program.ts';

type Completion =
  | { readonly type: 'normal' }
  | { readonly type: 'return'; readonly value: unknown; readonly tail?: Block }
  | { readonly type: 'throw'; readonly message: string };

export interface Run {
  readonly trace: unknown[];
  /** Messages of the errors that cleanups threw. */
  readonly collected: string[];
  /** Set by the driver when it sends `cancel`. */
  cancelled: boolean;
}

type Steps<R> = Generator<void, R, 'go' | 'cancel'>;
const NORMAL: Completion = { type: 'normal' };

/** Runs a function's block to its end; yields once for each suspension. */
export function* callFunction(block: Block, run: Run, helper: boolean): Steps<Completion> {
  const before = run.cancelled;
  let done = yield* runBlock(block, run, helper);
  if (before !== run.cancelled) return collect(done, run);
  if (done.type === 'return' && done.tail !== undefined) done = yield* callFunction(done.tail, run, false);
  if (before !== run.cancelled) return collect(done, run);
  return done.type === 'normal' ? { type: 'return', value: undefined } : done;
}

function collect(done: Completion, run: Run): Completion {
  if (done.type === 'throw') run.collected.push(done.message);
  return { type: 'return', value: undefined };
}

function* runBlock(block: Block, run: Run, helper: boolean): Steps<Completion> {
  for (const item of block) {
    const done = yield* runStatement(item, run, helper);
    if (done.type !== 'normal') return done;
  }
  return NORMAL;
}

function* runStatement(item: Statement, run: Run, helper: boolean): Steps<Completion> {
  switch (item.kind) {
    case 'log':
      run.trace.push(item.id);
      return NORMAL;
    case 'throw':
      return { type: 'throw', message: `e${item.id}` };
    case 'return':
      return { type: 'return', value: item.id };
    case 'wait':
      for (let tick = 0; tick < item.ticks; tick++) {
        if ((yield) !== 'cancel') continue;
        run.trace.push(`x${item.id}`);
        return { type: 'return', value: undefined };
      }
      if (item.fails) return { type: 'throw', message: `l${item.id}` };
      run.trace.push(`v${item.id}`);
      return NORMAL;
    case 'loop':
      for (let i = 0; i < item.times; i++) {
        const done = yield* runBlock(item.body, run, helper);
        if (done.type !== 'normal') return done;
      }
      return NORMAL;
    case 'try':
      return yield* runTry(item, run, helper);
    case 'call':
      return yield* runCall(item, run, helper);
    default:
      return item satisfies never;
  }
}

function* runTry(item: Extract<Statement, { kind: 'try' }>, run: Run, helper: boolean): Steps<Completion> {
  let done = yield* runBlock(item.body, run, helper);
  const catches = item.handler !== null || item.final === null;
  if (done.type === 'throw' && catches) {
    run.trace.push(`c${done.message}`);
    done = yield* runBlock(item.handler ?? [], run, helper);
  }
  if (item.final === null) return done;
  const final = yield* runBlock(item.final, run, helper);
  return final.type === 'normal' ? done : final;
}

function* runCall(item: Extract<Statement, { kind: 'call' }>, run: Run, helper: boolean): Steps<Completion> {
  if (item.how === 'tail' && !helper) return { type: 'return', value: undefined, tail: item.body };
  const before = run.cancelled;
  const done = yield* callFunction(item.body, run, item.how === 'helper');
  if (done.type === 'throw' || before !== run.cancelled) return done;
  const value = done.type === 'return' ? done.value : undefined;
  if (item.how === 'tail') return { type: 'return', value };
  if (item.how === 'map') run.trace.push('m');
  run.trace.push(`r${String(value)}`);
  return NORMAL;
}
