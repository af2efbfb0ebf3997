// oxlint-disable typescript/no-implied-eval -- bodies are texts; that is what is tested
/**
 * The ways in which one body is run, so that they can be compared: as a native async function; as a native generator, which can be returned
 * from at any suspension; as a generator coroutine of the runtime, with `yield*` for each await; compiled by each back end; and that generator
 * coroutine compiled.
 *
 * What must hold: a body is `async (log, wait, fail, env) => { … }`; what it logs, returns and throws is its trace.
 */
import { parseSync } from 'oxc-parser';
import * as runtime from 'pawl/compiled';
import { coroutine, Future, PENDING, type Context, type Poll } from 'pawl';
import { HandContext } from '../../../pawl/test/support/gate.ts';
import { formatDiagnostic, transform, type BackEnd } from '../../src/index.ts';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** What a body is given: a log, a wait for a value, a wait for an error. */
type Log = (...what: readonly unknown[]) => void;
type Body = (log: Log, wait: (value?: unknown) => unknown, fail: (error: unknown) => unknown, env: object) => unknown;

export interface Trace {
  readonly log: readonly string[];
  readonly end: string;
  /** How many waits there were. */
  readonly waits: number;
}

/** What a value looks like in a trace. */
export function show(value: unknown, depth = 0): string {
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
      .map(([key, one]) => `${key}: ${show(one, depth + 1)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value);
}

function logger(): { log: Log; lines: string[] } {
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
        this.turns = Infinity;
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

interface Waits {
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

/** Runs a compiled body; `stopAt`: the wait during which it is cancelled. */
export function runCompiled(
  make: () => (...args: unknown[]) => Future<unknown>,
  env: object,
  turns: (at: number) => number,
  stopAt = -1,
): Trace {
  const { log, lines } = logger();
  const waits: Waits = { count: 0, stopAt, stopped: false, log };
  let made = 0;
  const wait = (value?: unknown): Future<unknown> => new Wait(waits, turns(made++), false, value);
  const fail = (error: unknown): Future<unknown> => new Wait(waits, turns(made++), true, error);
  const cx = new HandContext();
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

const WAIT = Symbol('wait');
interface NativeWait {
  readonly [WAIT]: true;
  readonly failed: boolean;
  readonly value: unknown;
}

export async function runNative(source: string, env: object): Promise<Trace> {
  const { log, lines } = logger();
  let waits = 0;
  const body = new Function(`"use strict"; return (${source});`)() as Body;
  let end: string;
  try {
    const wait = async (value?: unknown): Promise<unknown> => {
      waits++;
      return value;
    };
    const fail = (error: unknown): PromiseLike<unknown> => ({
      // Lazy: what is not awaited fails nobody.
      // oxlint-disable-next-line unicorn/no-thenable
      then: (ok, bad) => {
        waits++;
        return Promise.reject(error).then(ok, bad);
      },
    });
    end = `returned ${show(await body(log, wait, fail, env))}`;
  } catch (error) {
    end = `threw ${show(error)}`;
  }
  return { log: lines, end, waits };
}

// ---- generators

/** Why a body is no generator coroutine; null when it is one. */
export function whyNoGenerator(source: string): string | null {
  if (/\bfor await\b/.test(source)) return 'for await stands only in async functions';
  if (/\bawait using\b/.test(source)) return 'await using stands only in async functions';
  return null;
}

/** The body as a generator coroutine's: what is no future becomes one as an await makes it one. */
export function coroutineOf(source: string): string {
  return rewritten(source, 'function* ', ', $await', (direct) =>
    direct ? ['yield* $await(', ')'] : ['(yield* $await(', '))'],
  );
}

/** A generator coroutine that the runtime drives. */
export function interpreted(source: string): () => (...args: unknown[]) => Future<unknown> {
  return () => {
    const body = new Function(`"use strict"; return (${source});`)();
    return coroutine<readonly unknown[], unknown>(body as never);
  };
}

/** The body as a generator that yields what it awaits; asynchronous where the body needs it. */
export function generatorOf(source: string, asynchronous: boolean): string {
  return rewritten(source, `${asynchronous ? 'async ' : ''}function* `, '', (direct) =>
    direct ? ['yield ', ''] : ['(yield ', ')'],
  );
}

/** What stands around the operand of an await; `direct`: that is a whole statement. */
type Around = (direct: boolean) => readonly [before: string, after: string];

function rewritten(source: string, keyword: string, parameter: string, around: Around): string {
  const prefix = 'const body = ';
  const text = `${prefix}${source};`;
  const { program } = parseSync('body.js', text, { sourceType: 'module', preserveParens: true });
  const edits: { start: number; end: number; text: string }[] = [];
  const visit = (node: unknown, statement: Node | null = null): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    if (one.type === 'AwaitExpression') {
      const direct = statement?.['expression'] === one;
      // A statement that begins with a parenthesis would go on with the line before.
      const first = !direct && statement?.start === one.start ? '0, ' : '';
      const [before, after] = around(direct);
      edits.push({ start: one.start, end: (one['argument'] as Node).start, text: first + before });
      edits.push({ start: one.end, end: one.end, text: after });
    }
    if (/Function/.test(one.type) && one.start > prefix.length) return;
    const within = one.type === 'ExpressionStatement' ? one : statement?.start === one.start ? statement : null;
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value, within);
  };
  visit(program.body);
  let result = '';
  let at = prefix.length;
  const head = /^async (\([^)]*\)) =>/.exec(source) as RegExpExecArray;
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  result += text.slice(at, -1);
  return `${keyword}${(head[1] as string).slice(0, -1)}${parameter}) ${result.slice(head[0].length)}`;
}

/** A generator of either kind. */
interface Model {
  next(value: unknown): Step | Promise<Step>;
  throw(error: unknown): Step | Promise<Step>;
  return(value: unknown): Step | Promise<Step>;
}
type Step = IteratorResult<unknown, unknown>;

/** Runs the body as a generator; at the wait `stopAt` it is returned from. */
export async function runGenerator(source: string, env: object, asynchronous: boolean, stopAt = -1): Promise<Trace> {
  const { log, lines } = logger();
  const text = generatorOf(source, asynchronous);
  const body = new Function(`"use strict"; return (${text});`)() as (...args: unknown[]) => Model;
  const wait = (value?: unknown): NativeWait => ({ [WAIT]: true, failed: false, value });
  const fail = (value: unknown): NativeWait => ({ [WAIT]: true, failed: true, value });
  let waits = 0;
  let stopped = false;
  let end: string;
  try {
    const steps = body(log, wait, fail, env);
    let result = await steps.next(undefined);
    while (result.done !== true) {
      const { value } = result;
      const isWait = typeof value === 'object' && value !== null && WAIT in value;
      if (isWait && waits++ === stopAt) {
        stopped = true;
        log('cancelled');
        result = await steps.return(undefined);
      } else if (isWait && (value as NativeWait).failed) result = await steps.throw((value as NativeWait).value);
      else result = await steps.next(isWait ? (value as NativeWait).value : value);
    }
    end = stopped ? 'cancelled []' : `returned ${show(result.value)}`;
  } catch (error) {
    end = stopped ? `cancelled ${show([error])}` : `threw ${show(error)}`;
  }
  return { log: lines, end, waits };
}
