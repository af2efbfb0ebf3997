// oxlint-disable typescript/no-implied-eval -- bodies are texts; that is what is tested
/**
 * The ways in which one body is run, so that they can be compared: as a native async function, and compiled by each back end. `streams.ts`
 * has those of async generators, `generators.ts` generator coroutines, and `model.ts` what is to happen when they are stopped.
 *
 * What must hold: a body is `async (log, wait, fail, env) => { … }`; what it logs, returns and throws is its trace.
 */
import * as runtime from 'pawl/compiled';
import { Future, PENDING, type Context, type Poll } from 'pawl';
import { HandContext } from '../../../pawl/test/support/gate.ts';
import { formatDiagnostic, transform, type BackEnd } from '../../src/index.ts';

/** What a body is given: a log, a wait for a value, a wait for an error. */
type Log = (...what: readonly unknown[]) => void;
type Body = (log: Log, wait: (value?: unknown) => unknown, fail: (error: unknown) => unknown, env: object) => unknown;

export interface Trace {
  readonly log: readonly string[];
  readonly end: string;
  /** How many waits there were. */
  readonly waits: number;
  /** How many values an async generator has given. */
  readonly values?: number;
}

/** What a value looks like in a trace. */
export function show(value: unknown, depth = 0): string {
  // A loop over a stream, as over anything, ends with its own error; only that here the one of the close is not lost.
  if (value instanceof SuppressedError && value.message.endsWith(ANOTHER)) return show(value.error, depth);
  if (value instanceof SuppressedError) return `Suppressed(${show(value.error)}, ${show(value.suppressed)})`;
  if (value instanceof Error) {
    // The engine's own messages quote the source, which is not the same.
    const own = value.constructor === Error;
    return own ? `Error(${value.message})` : value.name;
  }
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'symbol') return value.toString();
  if (Array.isArray(value)) return depth > 3 ? '[…]' : `[${value.map((one) => show(one, depth + 1)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    if (depth > 3) return '{…}';
    return `{${Object.entries(value)
      .map(([key, one]) => `${unquoted(key)}: ${show(one, depth + 1)}`)
      .join(', ')}}`;
  }
  if (typeof value === 'string') return JSON.stringify(unquoted(value));
  return Object.is(value, -0) ? '-0' : String(value);
}

/** How the runtime marks a failure that has suppressed a later one. */
const ANOTHER = '(and another failure was suppressed: see .suppressed)';
const COMBINED = /SuppressedError: (.*?) \(and another failure was suppressed: see \.suppressed\)/g;

/** A message of the engine's that quotes the source, in a string, or a key, that a body has made of an error. */
const QUOTING = /(TypeError: ).*? (is not (?:a function|a constructor|iterable))/g;

function unquoted(text: string): string {
  return text.replaceAll(QUOTING, '$1… $2').replaceAll(COMBINED, 'Error: $1');
}

export function logger(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    log: (...what) => {
      lines.push(what.map((one) => show(one)).join(' '));
      if (lines.length > 2000) throw new RangeError('the body does not end');
    },
  };
}

// ---- compiled

export class Wait extends Future<unknown> {
  private turns: number;
  private readonly state: Waits;
  private readonly failed: boolean;
  private readonly value: unknown;

  constructor(state: Waits, turns: number, failed: boolean, value: unknown) {
    super();
    this.state = state;
    this.turns = turns;
    this.failed = failed;
    this.value = value;
  }

  private begun = false;

  override poll(cx: Context): Poll<unknown> {
    if (!this.begun) {
      this.begun = true;
      if (this.state.count++ === this.state.stopAt) {
        this.state.stopped = true;
        // It is cancelled now, unless it is in a section that finishes all the same.
        this.turns = 1;
      }
    }
    if (this.turns-- > 0) {
      cx.waker.wake();
      return PENDING;
    }
    if (this.failed) throw this.value;
    return this.value;
  }

  override cancel(): Poll<void> {
    this.state.log('cancelled');
    return undefined;
  }
}

export interface Waits {
  count: number;
  stopAt: number;
  stopped: boolean;
  log: Log;
}

export function compile(
  source: string,
  backEnd: BackEnd,
): { make: () => (...args: unknown[]) => Future<unknown>; code: string } {
  const module = `import { coroutine } from 'pawl';\nexport default coroutine(${source});\n`;
  const generators = source.startsWith('function*');
  const { code, diagnostics } = transform(module, { file: 'body.js', backEnd, generators, place: '"body.js"' });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((one) => formatDiagnostic(one, module)).join('\n'));
  return { code, make: load(code) };
}

/** What the compiled text of a module exports by default, when it is made. */
export function load(code: string): () => (...args: unknown[]) => Future<unknown> {
  const imported = /^import \{ (.*) \} from "pawl\/compiled";$/m.exec(code)?.[1];
  if (imported === undefined) throw new Error('nothing was compiled');
  const text = code.replace(/^import .*$/gm, '').replace('export default', 'return');
  return new Function(
    'runtime',
    `"use strict"; const { ${imported.replaceAll(' as ', ': ')} } = runtime; var ${/^var (.*);$/m.exec(code)?.[1]};\n${text}`,
  ).bind(null, runtime) as () => (...args: unknown[]) => Future<unknown>;
}

interface Waiting {
  readonly waits: Waits;
  readonly wait: (value?: unknown) => Future<unknown>;
  readonly fail: (error: unknown) => Future<unknown>;
}

/** What a compiled body waits by; `stopAt`: the wait during which it is to be stopped. */
export function waiting(log: Log, turns: (at: number) => number, stopAt = -1): Waiting {
  const waits: Waits = { count: 0, stopAt, stopped: false, log };
  let made = 0;
  return {
    waits,
    wait: (value) => new Wait(waits, turns(made++), false, value),
    fail: (error) => new Wait(waits, turns(made++), true, error),
  };
}

/** A context whose polls may go on for as long as they have something to do. */
export class Patient extends HandContext {
  override readonly runtime: object = { budget: Infinity };
}

/** Runs a compiled body; `stopAt`: the wait during which it is cancelled. */
export function runCompiled(
  make: () => (...args: unknown[]) => Future<unknown>,
  env: object,
  turns: (at: number) => number,
  stopAt = -1,
): Trace {
  const { log, lines } = logger();
  const { waits, wait, fail } = waiting(log, turns, stopAt);
  const cx = new Patient();
  let end: string;
  try {
    const future = make()(log, wait, fail, env, runtime.awaitable);
    let result: unknown = PENDING;
    for (let polls = 0; result === PENDING && !waits.stopped; polls++) {
      if (polls > 5000) throw new RangeError('polled for ever');
      result = future.poll(cx);
    }
    if (waits.stopped) {
      for (let polls = 0; future.cancel(cx) === PENDING; polls++)
        if (polls > 5000) throw new RangeError('cancelled for ever');
      end = `cancelled ${show(cx.errors)}`;
    } else end = `returned ${show(result)}`;
  } catch (error) {
    end = `threw ${show(error)}`;
  }
  return { log: lines, end, waits: waits.count };
}

// ---- native

interface NativeWaiting {
  readonly waits: { count: number };
  readonly wait: (value?: unknown) => Promise<unknown>;
  readonly fail: (error: unknown) => PromiseLike<unknown>;
}

/** What a native body waits by; `interrupt` is called in each wait, with its number, and may throw. */
export function nativeWaits(interrupt: (at: number) => void = () => {}): NativeWaiting {
  const waits = { count: 0 };
  return {
    waits,
    async wait(value) {
      interrupt(waits.count++);
      return value;
    },
    fail: (error) => ({
      // Lazy: what is not awaited fails nobody.
      // oxlint-disable-next-line unicorn/no-thenable
      then: (ok, bad) => {
        waits.count++;
        return Promise.reject(error).then(ok, bad);
      },
    }),
  };
}

/**
 * What stands for `coroutine` in a native body. The async generators that a marked function gives end when they are closed, as streams do: what
 * their cleanup yields is dropped, where the language would let them stand at that yield for ever.
 */
export function nativeCoroutine(fn: (...args: unknown[]) => unknown): unknown {
  return new Proxy(fn, {
    apply(target, self, args: unknown[]) {
      const made = Reflect.apply(target, self, args) as Partial<AsyncGenerator<unknown, unknown, undefined>> | null;
      if (typeof made?.next !== 'function' || made[Symbol.asyncIterator] === undefined) return made;
      const steps = made as AsyncGenerator<unknown, unknown, undefined>;
      const close = steps.return.bind(steps);
      steps.return = async (value) => {
        let result = await close(value);
        while (result.done !== true) result = await steps.next();
        return result;
      };
      return steps;
    },
  });
}

export async function runNative(source: string, env: object): Promise<Trace> {
  const { log, lines } = logger();
  const { waits, wait, fail } = nativeWaits();
  const make = new Function('coroutine', `"use strict"; return (${source});`);
  const body = make(nativeCoroutine) as Body;
  let end: string;
  try {
    end = `returned ${show(await body(log, wait, fail, env))}`;
  } catch (error) {
    end = `threw ${show(error)}`;
  }
  return { log: lines, end, waits: waits.count };
}
