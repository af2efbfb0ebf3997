/** Options that a function knows: a misspelt one would be ignored, and what it was meant to do would not be done. */
import { PawlError } from './index.ts';

/** BAD_ARGUMENT unless `given` is an object whose properties are among `names`. `what`: whose options they are. */
export function knownOptions<T extends object>(what: string, given: T, names: Readonly<Record<keyof T, true>>): void {
  if (typeof given !== 'object' || given === null)
    throw new PawlError('BAD_ARGUMENT', `${what} takes an object with options, got ${described(given)}`);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue;
    throw new PawlError('BAD_ARGUMENT', `${what} has no option "${name}": it takes ${Object.keys(names).join(', ')}`);
  }
}

function described(value: unknown): string {
  return typeof value === 'function' ? 'a function' : String(value);
}
