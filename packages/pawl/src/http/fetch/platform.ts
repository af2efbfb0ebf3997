/**
 * The platform's own Request, Response, Headers and fetch, and how ours stand to them.
 *
 * What must hold: they are what was global when they were first needed, never ours. A light class's prototype has the platform's behind it,
 * so `instanceof` holds against the platform's constructor; for its own, the light class asks the platform's. They are looked up as late as
 * that because they are expensive: the first touch of `globalThis.Response` loads the whole of undici (tens of milliseconds, 20 MB).
 */

/** The four globals. */
export interface Platform {
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
  readonly Headers: typeof globalThis.Headers;
  readonly fetch: typeof globalThis.fetch;
}

type Name = 'Request' | 'Response' | 'Headers';

let found: Platform | null = null;
const light: [prototype: object, name: Name][] = [];

/** True once the light prototypes have the platform's behind them. */
export let linked = false;

export function platform(): Platform {
  if (found === null) {
    const { Request, Response, Headers, fetch } = globalThis;
    found = { Request, Response, Headers, fetch };
  }
  return found;
}

/** Names the platform's class that the instances of a light class are to be instances of, too. */
export function standsFor(prototype: object, name: Name): void {
  light.push([prototype, name]);
}

/** Makes it so. Every constructor of a light class sees to it. */
export function link(): void {
  linked = true;
  for (const [prototype, name] of light) Object.setPrototypeOf(prototype, platform()[name].prototype);
}

/** `instanceof` as it is without a `Symbol.hasInstance` of one's own. */
export function isInstance(constructor: unknown, value: unknown): boolean {
  return ordinary.call(constructor, value);
}

// It is called with a constructor as `this`.
// oxlint-disable-next-line typescript/unbound-method
const ordinary = Function.prototype[Symbol.hasInstance] as (this: unknown, value: unknown) => boolean;
