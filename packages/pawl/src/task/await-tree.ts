/**
 * The await tree of a task: what its body awaits, what that awaits, and so on down to the leaves that really wait.
 *
 * What must hold: it is read from what the frames and leaves keep anyway (`awaited`, `label`, `[waitInfo]`); nothing is polled and nothing
 * is changed. A future that tells nothing is a leaf with its class's name.
 */
import type { Future } from '../future/future.ts';
import { waitInfo, type WaitInfo, type Waiting } from '../future/wait-info.ts';
import type { Place } from '../future/place.ts';
import { ScopeBody } from './scope-body.ts';
import type { Scope } from './scope.ts';

/** What a future may keep for dumps. */
interface Frame {
  readonly awaited?: Future<unknown> | null;
  readonly label?: string | undefined;
  readonly scope?: Scope;
  /** It only changes the surroundings of what it awaits. */
  readonly transparent?: boolean;
  /** The generator of a coroutine. */
  readonly steps?: object | null;
  /** Where a compiled coroutine stands. */
  readonly place?: Place | null;
}

/** A future on the way from a task's body down to a leaf. */
export interface Await {
  readonly future: Future<unknown>;
  readonly name: string;
  /** A coroutine's generator: where it stands is asked of the engine. */
  readonly steps: object | null;
  /** Where it stands, of a coroutine that knows: a compiled one. */
  readonly place: Place | null;
  /** What it awaits has a line of its own; false for a leaf. */
  readonly inner: boolean;
  readonly wait: WaitInfo | null;
  readonly branches: readonly { readonly name: string; readonly awaits: readonly Await[] }[];
}

/** The chain of awaits from a future downward; only the last one has branches. Scopes that are met are added to `scopes`. */
export function awaitsOf(body: Future<unknown> | null, scopes: Set<Scope>): Await[] {
  const chain: Await[] = [];
  for (let future = body; future !== null && future !== undefined;) {
    const frame = future as Frame;
    if (frame.scope !== undefined) scopes.add(frame.scope);
    const awaited = frame.awaited ?? null;
    // What drives a scope's body is none of the user's futures, until it is what the task waits for.
    const hidden = future instanceof ScopeBody || frame.transparent === true;
    if (!hidden || awaited === null) {
      const wait = awaited === null ? tell(future) : null;
      chain.push({
        future,
        name: nameOf(future),
        // What tells by itself what it waits for is no coroutine, whatever its fields are called.
        steps: wait === null ? (frame.steps ?? null) : null,
        place: wait === null ? (frame.place ?? null) : null,
        inner: awaited !== null,
        wait,
        branches: (wait?.branches ?? []).map(({ name, future: branch }) => ({
          name,
          awaits: awaitsOf(branch, scopes),
        })),
      });
    }
    future = awaited;
  }
  return chain;
}

/** The chain of awaits in one line, for messages: `serve > timeout of 2 (0: handle > sleep; 1: sleep)`. */
export function awaitLine(body: Future<unknown> | null): string {
  return lineOf(awaitsOf(body, new Set()));
}

function lineOf(awaits: readonly Await[]): string {
  const parts = awaits.map(({ name, wait, branches }) => {
    const inner = branches.map((branch) => `${branch.name}: ${lineOf(branch.awaits)}`).join('; ');
    return `${wait?.what ?? name}${inner === '' ? '' : ` (${inner})`}`;
  });
  return parts.join(' > ');
}

/** The future at the end of the chain of awaits: what a suspended task really waits for. A combinator is one. */
export function leafOf(body: Future<unknown> | null): Future<unknown> | null {
  let future = body;
  for (let next = future; next !== null && next !== undefined;) {
    future = next;
    next = (next as Frame).awaited ?? null;
  }
  return future;
}

function tell(future: Future<unknown>): WaitInfo | null {
  const waiting = future as Partial<Waiting>;
  return typeof waiting[waitInfo] === 'function' ? waiting[waitInfo]() : null;
}

function nameOf(future: Future<unknown>): string {
  return (future as Frame).label ?? future.constructor.name;
}
