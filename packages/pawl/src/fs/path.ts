/** Paths as users write them: text, or a file's URL. What cannot be one is refused before anything is asked of the system. */
import { fileURLToPath } from 'node:url';
import { PawlError } from '../error/index.ts';

/** Where a file is: a path, relative to the process's working directory unless it begins with `/`, or a `file:` URL. */
export type Path = string | URL;

/** Throws BAD_ARGUMENT. */
export function toPath(path: Path): string {
  let text: unknown = path;
  if (path instanceof URL) {
    try {
      text = fileURLToPath(path);
    } catch (error) {
      throw new PawlError('BAD_ARGUMENT', `not a URL of a file: ${path.href}`, { cause: error });
    }
  }
  if (typeof text !== 'string') throw new PawlError('BAD_ARGUMENT', `a path is a string or a URL, got ${String(path)}`);
  if (text === '') throw new PawlError('BAD_ARGUMENT', 'the path is empty');
  if (text.includes('\0')) throw new PawlError('BAD_ARGUMENT', 'a path cannot contain a NUL', { path: text });
  return text;
}

/** Whole numbers that JavaScript holds exactly: places in a file, and lengths. Throws BAD_ARGUMENT. */
export function checkPlace(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number of bytes, zero or more, got ${String(value)}`);
}

/** Permission bits. Throws BAD_ARGUMENT. */
export function checkPermissions(value: unknown): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0o7777) return;
  throw new PawlError('BAD_ARGUMENT', `permissions are a number from 0 to 0o7777, got ${String(value)}`);
}
