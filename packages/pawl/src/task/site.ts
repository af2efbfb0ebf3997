/** Spawn sites, in development mode: where in the user's program a task was spawned. Capturing a stack costs about four spawns. */
import { isInternalLine } from '../future/trace.ts';

/** The caller's line outside this package, as `file:line:column`. */
export function spawnSite(): string | undefined {
  const holder: { stack?: unknown } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 8;
  try {
    Error.captureStackTrace(holder, spawnSite);
  } finally {
    Error.stackTraceLimit = limit;
  }
  // A program may make something else than text of stacks.
  if (typeof holder.stack !== 'string') return undefined;
  const line = holder.stack
    .split('\n')
    .find((text) => text.startsWith('    at ') && !isInternalLine(text) && !text.includes('node:internal'));
  return line?.replace(/^ {4}at (?:.*\((.*)\)|(.*))$/, '$1$2').replace(/^file:\/\//, '');
}
