/**
 * Logical stack traces. A coroutine that is resumed at its leaf has no callers on the machine stack; when an error travels from
 * a future up to the coroutine that awaits it, the await's own line is appended to the error's stack.
 *
 * What must hold: an error that is thrown many times does not grow without bound, and a value that is no Error is left alone. The lines
 * come from the stack captured inside the delegate's `next` or `throw`, where the awaiting generator is the direct caller.
 *
 * Writing a stack out costs ten times as much as walking it (300 µs of a failed connect), and most errors are caught unread: so stacks are
 * only captured on the way, and `stack` becomes an accessor that writes them out when it is first read.
 */

/** Lines that one error may collect from awaits: beyond it the innermost ones are what a reader needs. */
const MAX_LINES = 50;

interface Captured {
  stack?: unknown;
}

/** An await that an error has passed through. */
interface Part {
  readonly at: Captured;
  readonly synchronous: boolean;
}

const home = new URL('..', import.meta.url);
/** How this package's files begin in a stack: modules are shown by their URL. */
const OURS = home.href;
const LAUNCHER = new URL('../bin/pawl.js', home).href;

/** Folders of this package's kernel and its command: frames of ours are machinery and are left out of a logical stack. */
const INTERNAL = /^(?:future|task|driver|time|cli)\/[\w./-]+\.(?:ts|js):\d+/;
/** Below the first of these frames the machine stack is the executor's and the loop's. */
const EXECUTOR = /^(?:task|driver)\/[\w./-]+\.(?:ts|js):\d+/;
/** The first frames of what a driver throws, in a poll or by itself. */
const DRIVER = /^(?:driver|sys)\/[\w./-]+\.(?:ts|js):\d+/;
/** What futures are polled through where they nest in one task. */
const NESTED = /at Task\.poll |\/task\/(?:scope-body|scope-future)\.(?:ts|js):\d+/;
/** The poll of a compiled coroutine's class stands in the user's file, beside the function itself. */
const COMPILED_POLL = /^ {4}at \$[\w$]+\.poll \(/;
// A test of the kernel sits beside it and is user code.
const TEST = /\.test\.ts:\d+/;

/** True when the line's place is a file of this package that matches. */
function isAt(line: string, files: RegExp): boolean {
  const at = line.indexOf(OURS);
  return at >= 0 && files.test(line.slice(at + OURS.length)) && !TEST.test(line);
}

/** True for a stack line that belongs to the runtime's own machinery. */
export function isInternalLine(line: string): boolean {
  return (
    isAt(line, INTERNAL) ||
    line.includes(LAUNCHER) ||
    COMPILED_POLL.test(line) ||
    line.includes('(<anonymous>)') ||
    line.includes('[Symbol.iterator]')
  );
}

/** True for a stack line of this package, whatever its part, apart from its tests. */
export function isOwnLine(line: string): boolean {
  return line.includes(OURS) && !TEST.test(line);
}

/** Of each error, the stack it had, and what it has passed through since. */
class Trace {
  readonly parts: Part[] = [];
  private readonly original: () => unknown;
  private text: string | null = null;

  constructor(original: () => unknown) {
    this.original = original;
  }

  add(part: Part): void {
    this.parts.push(part);
    this.text = null;
  }

  get stack(): string {
    return (this.text ??= this.write());
  }

  private write(): string {
    const lines = withoutExecutor(String(this.original()).split('\n'));
    const most = lines.length + MAX_LINES;
    for (const { at, synchronous } of this.parts) {
      // Thrown within a nested poll, the error has met its nearest callers already: on the machine stack.
      const known = new Set(synchronous ? lines : []);
      lines.push(...awaitLines(at.stack).filter((line) => !known.has(line)));
    }
    return lines.slice(0, most).join('\n');
  }
}

const traces = new WeakMap<Error, Trace>();

/**
 * Appends the lines of the await through which `error` is about to be thrown. Called where the awaiting generator is the nearest caller:
 * in `throw` of the awaited future, and, when the error leaves a coroutine within the poll that awaited it, as `synchronous`.
 */
export function appendCaller(error: unknown, synchronous: boolean): void {
  if (!(error instanceof Error)) return;
  try {
    const trace = traceOf(error);
    if (trace.parts.length >= MAX_LINES) return;
    const at: Captured = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 16;
    try {
      Error.captureStackTrace(at, appendCaller);
    } finally {
      Error.stackTraceLimit = limit;
    }
    trace.add({ at, synchronous });
  } catch {
    // A frozen error, or frozen intrinsics: the error keeps the stack it has.
  }
}

/** Appends an await whose place is known without a stack: that of a compiled coroutine. */
export function appendPlace(error: unknown, name: string, place: string): void {
  appendPart(error, { at: { stack: `    at ${name} (${place})` }, synchronous: false });
}

/** Appends where a failed task was spawned. */
export function appendSpawn(error: unknown, task: { readonly name: string; readonly site: string | undefined }): void {
  const at: Captured = {
    get stack() {
      const { name, site } = task;
      return site === undefined ? '' : `    at task ${name} (spawned at ${site})`;
    },
  };
  appendPart(error, { at, synchronous: false });
}

function appendPart(error: unknown, part: Part): void {
  if (!(error instanceof Error)) return;
  try {
    const trace = traceOf(error);
    if (trace.parts.length < MAX_LINES) trace.add(part);
  } catch {
    // As above.
  }
}

/** The error's trace, which its `stack` shows from now on. What a program assigns to it replaces both. */
function traceOf(error: Error): Trace {
  const known = traces.get(error);
  if (known !== undefined) return known;
  // The engine's own is an accessor too, which writes the stack out at its first call.
  const own = Object.getOwnPropertyDescriptor(error, 'stack');
  const trace = new Trace(() => (own?.get === undefined ? own?.value : own.get.call(error)) ?? String(error));
  Object.defineProperty(error, 'stack', {
    get: () => trace.stack,
    set: (stack: unknown) => {
      traces.delete(error);
      Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
    },
    configurable: true,
  });
  traces.set(error, trace);
  return trace;
}

/** The lines of the awaiting generator and of those that delegate to it, up to the runtime's own frame that resumed them. */
function awaitLines(stack: unknown): string[] {
  const lines: string[] = [];
  if (typeof stack !== 'string') return lines;
  for (const line of stack.split('\n')) {
    if (!line.startsWith('    at ')) continue;
    if (isAt(line, EXECUTOR) && !NESTED.test(line)) break;
    if (!isInternalLine(line)) lines.push(line);
    else if (lines.length > 0 && !line.includes('(<anonymous>)')) break;
  }
  return lines;
}

/** The physical stack down to where a task was resumed, without our own frames: what the awaiting coroutines' lines continue. */
function withoutExecutor(stack: readonly string[]): string[] {
  // What a driver throws at once has its frames above those of whoever asked it, unless it is Node that did.
  const asker = stack.findIndex((text) => text.startsWith('    at ') && !isAt(text, DRIVER));
  const from = asker < 0 || /^ {4}at (?:.*\()?node:/.test(stack[asker]!) ? 0 : asker;
  const end = stack.findIndex((text, at) => at >= from && isAt(text, EXECUTOR));
  return (end < 0 ? stack : stack.slice(0, end)).filter((text) => !text.startsWith('    at ') || !isInternalLine(text));
}
