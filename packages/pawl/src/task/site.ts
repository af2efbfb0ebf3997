/**
 * Spawn sites, in development mode: where in the user's program a task was spawned.
 *
 * What must hold: a spawn only walks the stack (2 µs); writing it out costs ten times that and waits until somebody asks. (`stack` of a
 * captured holder is an accessor: the engine formats it when it is first read.)
 */
import { isInternalLine, isOwnLine } from '../future/trace.ts';

/** A stack that may not have been written out yet. */
export interface SpawnSite {
  stack?: unknown;
}

/** Remembers the stack of the caller. */
export function spawnSite(): SpawnSite {
  const site: SpawnSite = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 8;
  try {
    Error.captureStackTrace(site, spawnSite);
  } finally {
    Error.stackTraceLimit = limit;
  }
  return site;
}

/** The caller's line outside the runtime's machinery, as `file:line:column`. */
export function lineOf(site: SpawnSite): string | undefined {
  return firstLine(site, isInternalLine);
}

/** The caller's line outside this package. */
export function foreignLineOf(site: SpawnSite): string | undefined {
  return firstLine(site, isOwnLine);
}

function firstLine({ stack }: SpawnSite, isLeftOut: (line: string) => boolean): string | undefined {
  // A program may make something else than text of stacks.
  if (typeof stack !== 'string') return undefined;
  const line = stack
    .split('\n')
    .find((text) => text.startsWith('    at ') && !isLeftOut(text) && !text.includes('node:internal'));
  return line?.replace(/^ {4}at (?:.*\((.*)\)|(.*))$/, '$1$2').replace(/^file:\/\//, '');
}
