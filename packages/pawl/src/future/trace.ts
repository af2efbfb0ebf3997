/**
 * Logical stack traces. A coroutine that is resumed at its leaf has no callers on the machine stack; when an error travels from
 * a future up to the coroutine that awaits it, the await's own line is appended to the error's stack.
 *
 * What must hold: an error that is thrown many times does not grow without bound, and a value that is no Error is left alone. The lines
 * come from the stack captured inside the delegate's `next` or `throw`, where the awaiting generator is the direct caller.
 */

/** Lines that one error may collect from awaits: beyond it the innermost ones are what a reader needs. */
const MAX_LINES = 50;
const appended = new WeakMap<Error, number>();

interface Captured {
  stack?: string;
}

/** Folders of this package's kernel and its command: frames of ours are machinery and are left out of a logical stack. */
const INTERNAL = /\/pawl\/(?:(?:src|dist)\/(?:future|task|driver|time|cli)\/[\w./-]+\.(?:ts|js)|bin\/pawl\.js):\d+/;
/** Below the first of these frames the machine stack is the executor's and the loop's. */
const EXECUTOR = /\/pawl\/(?:src|dist)\/(?:task|driver)\/[\w./-]+\.(?:ts|js):\d+/;
/** What futures are polled through where they nest in one task. */
const NESTED = /at Task\.poll |\/task\/(?:scope-body|scope-future)\.(?:ts|js):\d+/;
// A test of the kernel sits beside it and is user code.
const TEST = /\.test\.ts:\d+/;

/** True for a stack line that belongs to the runtime's own machinery. */
export function isInternalLine(line: string): boolean {
  return (
    (INTERNAL.test(line) && !TEST.test(line)) || line.includes('(<anonymous>)') || line.includes('[Symbol.iterator]')
  );
}

/**
 * Appends the lines of the await through which `error` is about to be thrown. Called where the awaiting generator is the nearest caller:
 * in `throw` of the awaited future, and, when the error leaves a coroutine within the poll that awaited it, as `synchronous`.
 */
export function appendCaller(error: unknown, synchronous: boolean): void {
  if (!(error instanceof Error)) return;
  if ((appended.get(error) ?? 0) >= MAX_LINES) return;
  try {
    const holder: Captured = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 16;
    try {
      Error.captureStackTrace(holder, appendCaller);
    } finally {
      Error.stackTraceLimit = limit;
    }
    append(error, awaitLines(holder.stack), synchronous);
  } catch {
    // A frozen error, or frozen intrinsics: the error keeps the stack it has.
  }
}

/** Appends where a failed task was spawned. */
export function appendSpawn(error: unknown, name: string, site: string): void {
  if (!(error instanceof Error)) return;
  try {
    append(error, [`    at task ${name} (spawned at ${site})`], false);
  } catch {
    // As above.
  }
}

function append(error: Error, callers: readonly string[], synchronous: boolean): void {
  const known = appended.get(error) ?? 0;
  const stack = (typeof error.stack === 'string' ? error.stack : String(error)).split('\n');
  const logical = known === 0 ? withoutExecutor(stack) : stack;
  // Thrown within a nested poll, the error has met its nearest callers already: on the machine stack.
  const fresh = (synchronous ? callers.filter((line) => !logical.includes(line)) : callers).slice(0, MAX_LINES - known);
  if (fresh.length === 0 && known > 0) return;
  appended.set(error, known + Math.max(fresh.length, 1));
  Object.defineProperty(error, 'stack', {
    value: [...logical, ...fresh].join('\n'),
    configurable: true,
    writable: true,
  });
}

/** The lines of the awaiting generator and of those that delegate to it, up to the runtime's own frame that resumed them. */
function awaitLines(stack: unknown): string[] {
  const lines: string[] = [];
  if (typeof stack !== 'string') return lines;
  for (const line of stack.split('\n')) {
    if (!line.startsWith('    at ')) continue;
    if (EXECUTOR.test(line) && !TEST.test(line) && !NESTED.test(line)) break;
    if (!isInternalLine(line)) lines.push(line);
    else if (lines.length > 0 && !line.includes('(<anonymous>)')) break;
  }
  return lines;
}

/** The physical stack down to where a task was resumed, without our own frames: what the awaiting coroutines' lines continue. */
function withoutExecutor(stack: readonly string[]): string[] {
  const end = stack.findIndex((text) => EXECUTOR.test(text) && !TEST.test(text));
  return (end < 0 ? stack : stack.slice(0, end)).filter((text) => !text.startsWith('    at ') || !isInternalLine(text));
}
