/**
 * An array of so many places, to be filled in any order.
 *
 * What must hold: it is a plain vector from birth. An empty array whose length is set to 30,000 becomes a hash table in V8: every store then
 * costs several times as much.
 */
export function vacant<T>(length: number): T[] {
  // oxlint-disable-next-line unicorn/no-new-array
  return new Array<T>(length).fill(undefined as T);
}
