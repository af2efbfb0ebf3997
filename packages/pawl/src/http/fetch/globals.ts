/**
 * The light classes as globals: what a framework makes with `new Response(…)` and `new Headers(…)` costs little then.
 *
 * What must hold: the platform's own come back when nobody needs ours any more, and nobody else's are taken away. `instanceof` means the same
 * before, meanwhile and afterwards, for instances of either kind.
 */
import { LightHeaders } from './headers.ts';
import { link, linked, platform } from './platform.ts';
import { isLazyRequest, toBodilessRequest, toPlatformRequest } from './request.ts';
import { LightResponse } from './response.ts';

type Names = 'Request' | 'Response' | 'Headers' | 'fetch';
type Globals = Record<Names, unknown>;

let holders = 0;
let replaced: Globals | null = null;
let ours: Globals | null = null;

/**
 * Makes the light `Response` and `Headers` global, and a `Request` and a `fetch` that take requests which a server of ours has handed to a
 * handler. It may be called as often as one likes: the platform's come back when everything that it gave has been disposed of. A fetch server
 * does it while it listens, unless it is told not to.
 *
 * @example
 * ```ts
 * import { installGlobals } from 'pawl/http';
 * const before = Response;
 * const installed = installGlobals();
 * const response = new Response('hello');
 * console.log(response instanceof before, await response.text()); // true hello
 * installed[Symbol.dispose]();
 * console.log(Response === before); // true
 * ```
 */
export function installGlobals(): Disposable {
  if (holders++ === 0) install();
  let held = true;
  return {
    [Symbol.dispose]() {
      if (!held) return;
      held = false;
      if (--holders === 0) restore();
    },
  };
}

function install(): void {
  if (!linked) link();
  const real = platform();
  ours ??= { Request: requestOver(real.Request), Response: LightResponse, Headers: LightHeaders, fetch: fetchOver };
  replaced = {
    Request: globalThis.Request,
    Response: globalThis.Response,
    Headers: globalThis.Headers,
    fetch: globalThis.fetch,
  };
  for (const name of NAMES) put(name, ours[name]);
}

function restore(): void {
  const [mine, theirs] = [ours, replaced];
  replaced = null;
  if (mine === null || theirs === null) return;
  // What somebody else has put there meanwhile is theirs.
  for (const name of NAMES) if (globalThis[name] === mine[name]) put(name, theirs[name]);
}

const NAMES: readonly Names[] = ['Request', 'Response', 'Headers', 'fetch'];

function put(name: Names, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: name === 'fetch', configurable: true });
}

/** The platform's Request, which can be made of ones of ours: the same prototype, so the same instances and the same subclasses. */
function requestOver(real: typeof globalThis.Request): unknown {
  function Request(input: unknown, init?: RequestInit): object {
    if (new.target === undefined) throw new TypeError("Class constructor Request cannot be invoked without 'new'");
    // The body goes with it, unless it gets another.
    const own = isLazyRequest(input)
      ? init?.body == null
        ? toPlatformRequest(input)
        : toBodilessRequest(input)
      : input;
    const made = new.target === (Request as unknown) ? real : new.target;
    return Reflect.construct(real, init === undefined ? [own] : [own, init], made) as object;
  }
  Object.defineProperty(Request, 'prototype', { value: real.prototype, writable: false });
  return Request;
}

async function fetchOver(input: Parameters<typeof globalThis.fetch>[0], init?: RequestInit): Promise<Response> {
  const below = replaced?.fetch as typeof globalThis.fetch | undefined;
  const fetch = below === undefined || below === fetchOver ? platform().fetch : below;
  if (!isLazyRequest(input)) return await fetch(input, init);
  return await fetch(init?.body == null ? toPlatformRequest(input) : toBodilessRequest(input), init);
}
