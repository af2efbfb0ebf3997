/**
 * Listening for the abort of a signal, in the one place that tests can look at.
 *
 * What must hold: nothing is remembered of a listener unless somebody watches, because a signal and its listeners may be dropped together.
 */

/** What is called when a signal is aborted: a function, or an object's `handleEvent`. */
export type AbortListener = (() => void) | { handleEvent(): void };

/** The listeners that were added since, and are still there. */
export type Listening = Map<AbortListener, AbortSignal>;

const watches = new Set<Listening>();

export function listen(signal: AbortSignal, listener: AbortListener): void {
  signal.addEventListener('abort', listener);
  for (const listening of watches) listening.set(listener, signal);
}

export function unlisten(signal: AbortSignal, listener: AbortListener): void {
  signal.removeEventListener('abort', listener);
  for (const listening of watches) listening.delete(listener);
}

/** Notes what is added from now on, until `unwatch`. */
export function watchListeners(): Listening {
  const listening: Listening = new Map();
  watches.add(listening);
  return listening;
}

export function unwatchListeners(listening: Listening): void {
  watches.delete(listening);
}
