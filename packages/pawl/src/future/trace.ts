/**
 * Logical stack traces. A coroutine that is resumed at its leaf has no callers on the machine stack; when an error travels from
 * a future up to the coroutine that awaits it, the await's own line is appended to the error's stack.
 *
 * What must hold: an error that is thrown many times does not grow without bound, and a value that is no Error is left alone. The line
 * comes from the stack captured inside the delegate's `throw`, where the awaiting generator is the direct caller.
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
// A test of the kernel sits beside it and is user code.
const TEST = /\.test\.ts:\d+/;

/** True for a stack line that belongs to the runtime's own machinery. */
export function isInternalLine(line: string): boolean {
  return (
    (INTERNAL.test(line) && !TEST.test(line)) || line.includes('(<anonymous>)') || line.includes('[Symbol.iterator]')
  );
}

/** Appends the line of the await through which `error` is about to be thrown. Called only from `Future.prototype.throw`. */
export function appendCaller(error: unknown): void {
  if (!(error instanceof Error)) return;
  const lines = appended.get(error) ?? 0;
  if (lines >= MAX_LINES) return;
  const holder: Captured = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 8;
  try {
    Error.captureStackTrace(holder, appendCaller);
  } finally {
    Error.stackTraceLimit = limit;
  }
  const line = holder.stack?.split('\n').find((text) => text.startsWith('    at ') && !isInternalLine(text));
  if (line === undefined) return;
  const stack = (typeof error.stack === 'string' ? error.stack : String(error)).split('\n');
  const logical = lines === 0 ? withoutExecutor(stack) : stack;
  logical.push(line);
  appended.set(error, lines + 1);
  try {
    Object.defineProperty(error, 'stack', { value: logical.join('\n'), configurable: true, writable: true });
  } catch {
    // A frozen error keeps the stack it has.
  }
}

/** The physical stack down to where a task was resumed, without our own frames: what the awaiting coroutines' lines continue. */
function withoutExecutor(stack: readonly string[]): string[] {
  const end = stack.findIndex((text) => EXECUTOR.test(text) && !TEST.test(text));
  return (end < 0 ? stack : stack.slice(0, end)).filter((text) => !text.startsWith('    at ') || !isInternalLine(text));
}
