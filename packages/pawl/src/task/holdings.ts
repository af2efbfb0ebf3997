/**
 * Holdings: what each task holds, in development mode. A task that ends while it holds a lock blocks everybody who waits for it.
 *
 * What must hold: whatever is taken with a context is noted for the context's task until it is released. In production mode there are no
 * holdings, and nothing is noted.
 */
import type { Context } from '../future/context.ts';

/** What a runtime keeps of them; asked for by {@link holdingsOf}. */
export class Holdings {
  private readonly held = new WeakMap<object, Map<object, string>>();

  /** The task holds the resource from now on; `what` names it in a report: `mutex "users"`. */
  take(task: object, resource: object, what: string): void {
    const known = this.held.get(task);
    if (known === undefined) this.held.set(task, new Map([[resource, what]]));
    else known.set(resource, what);
  }

  /** Harmless if the task does not hold it. */
  release(task: object, resource: object): void {
    this.held.get(task)?.delete(resource);
  }

  /** What the task still holds, apart from what it gives as its outcome: whoever awaits it has that. */
  of(task: object, outcome?: unknown): readonly string[] {
    const held = this.held.get(task);
    if (held === undefined) return [];
    return [...held].filter(([resource]) => resource !== outcome).map(([, what]) => what);
  }
}

/** Where to note what is taken during this poll; null in production mode. Keep it beside the task (`cx.task`) for the release. */
export function holdingsOf(cx: Context): Holdings | null {
  return (cx.runtime as { readonly holdings?: Holdings | null }).holdings ?? null;
}
