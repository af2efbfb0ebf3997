/**
 * Patches: properties of the platform that are replaced for a while.
 *
 * What must hold: disposing puts every property back with the very descriptor that it had, in the reverse order. What was replaced may
 * be held on to by others: it must ask `live` and behave as the original from then on.
 */

import { syncBuiltinESMExports } from 'node:module';

/** A function of the platform, whatever it takes. */
export type Callable = (this: unknown, ...args: readonly unknown[]) => unknown;

export class Patches implements Disposable {
  /** Until they are taken back. */
  live = true;
  /** Accessors are read by Node, for names imported from its modules, and by no program. */
  syncing = false;
  private readonly made: {
    readonly target: object;
    readonly key: PropertyKey;
    readonly before: PropertyDescriptor | undefined;
  }[] = [];

  /** Gives a property another value, writable and enumerable as it was. */
  set(target: object, key: PropertyKey, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    this.define(target, key, {
      value,
      writable: true,
      enumerable: before?.enumerable ?? true,
      configurable: before?.configurable ?? true,
    });
  }

  /** Replaces a function by what is made of it, under its name. Does nothing where this platform has no such function. */
  wrap(target: object, key: PropertyKey, make: (original: Callable) => Callable): void {
    const original = (target as Record<PropertyKey, unknown>)[key];
    if (typeof original === 'function') this.set(target, key, alike(make(original as Callable), original));
  }

  /** Replaces what an accessor reads. Does nothing where there is none. */
  read(target: object, key: PropertyKey, make: (original: Callable) => Callable): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    const original: unknown = before === undefined ? undefined : Reflect.get(before, 'get');
    if (typeof original === 'function') this.define(target, key, { ...before, get: make(original as Callable) });
  }

  /** Makes names that were imported from Node's modules what they are now. */
  sync(): void {
    this.syncing = true;
    try {
      syncBuiltinESMExports();
    } finally {
      this.syncing = false;
    }
  }

  private define(target: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    Object.defineProperty(target, key, descriptor);
    this.made.push({ target, key, before });
  }

  [Symbol.dispose](): void {
    this.live = false;
    for (const { target, key, before } of this.made.splice(0).reverse()) {
      if (before === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, before);
    }
  }
}

/** Gives a function the name and the length of another. */
export function alike<F extends object>(made: F, original: object): F {
  for (const key of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(made, key, descriptor);
  }
  return made;
}
