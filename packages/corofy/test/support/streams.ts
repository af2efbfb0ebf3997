// oxlint-disable typescript/no-implied-eval -- bodies are texts; that is what is tested
/**
 * The ways in which the body of an async generator is run: natively, and compiled, as a stream. What it gives is a part of its trace.
 *
 * What must hold: a body is `async function* (log, wait, fail, env) { … }`.
 */
import { PENDING, type Context, type Future } from 'pawl';
import { END, type Stream } from 'pawl/stream';
import type { Stop } from './model.ts';
import { logger, nativeCoroutine, nativeWaits, Patient, show, waiting, type Trace } from './ways.ts';

export const isGenerator = (source: string): boolean => /^async function\s*\*/.test(source);

export function runStream(
  make: () => (...args: unknown[]) => unknown,
  env: object,
  turns: (at: number) => number,
  stop: Stop = {},
): Trace {
  const { log, lines } = logger();
  const { waits, wait, fail } = waiting(log, turns, stop.wait);
  const cx = new Patient();
  let end = '';
  let values = 0;
  let closing = false;
  try {
    const stream = make()(log, wait, fail, env) as Stream<unknown>;
    while (end === '') {
      const next = stream.next();
      let value: unknown = PENDING;
      for (let polls = 0; value === PENDING && !waits.stopped; polls++) {
        if (polls > 5000) throw new RangeError('polled for ever');
        value = next.poll(cx);
      }
      if (value === END) end = 'ended';
      else if (!waits.stopped) log('yielded', value);
      if (!waits.stopped && (end !== '' || values++ !== stop.value)) continue;
      if (waits.stopped) drive(() => next.cancel(cx));
      closing = true;
      close(stream.close(), cx);
      end = 'closed';
    }
  } catch (error) {
    end = `${closing ? 'closed, and threw' : 'threw'} ${show(error)}`;
  }
  if (cx.errors.length > 0) end += `, and left ${show(cx.errors)}`;
  return { log: lines, end, waits: waits.count, values };
}

function close(future: Future<void>, cx: Context): void {
  drive(() => future.poll(cx));
}

function drive(poll: () => unknown): void {
  for (let polls = 0; poll() === PENDING; polls++) if (polls > 5000) throw new RangeError('closed for ever');
}

/** What interrupts a native body, which is one that catches nothing. */
const INTERRUPTED = Symbol('interrupted');

/**
 * As the language runs it. Closed after a value, it is asked for more until it has ended, since its cleanup may yield. A wait at which it is
 * stopped fails: where nothing is caught, that runs what a return would.
 */
export async function runNativeGenerator(source: string, env: object, stop: Stop = {}): Promise<Trace> {
  const { log, lines } = logger();
  const { waits, wait, fail } = nativeWaits((at) => {
    if (at !== stop.wait) return;
    log('cancelled');
    throw INTERRUPTED;
  });
  const make = new Function('coroutine', `"use strict"; return (${source});`);
  const body = make(nativeCoroutine) as (...args: unknown[]) => AsyncGenerator<unknown, unknown, undefined>;
  let values = 0;
  let closing = false;
  let end = 'ended';
  try {
    const steps = body(log, wait, fail, env);
    for (let result = await steps.next(); result.done !== true; result = await steps.next()) {
      log('yielded', result.value);
      if (values++ !== stop.value) continue;
      closing = true;
      for (let rest = await steps.return(undefined); rest.done !== true; rest = await steps.next());
      end = 'closed';
      break;
    }
  } catch (error) {
    end = error === INTERRUPTED ? 'closed' : `${closing ? 'closed, and threw' : 'threw'} ${show(error)}`;
  }
  return { log: lines, end, waits: waits.count, values };
}
