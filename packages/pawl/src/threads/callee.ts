/**
 * What runs on another thread, as the caller names it: an export of a module, or a function that is self-contained.
 *
 * What must hold: a module is named so that every thread finds the same one: by a URL, an absolute path, or a package's name.
 */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { PawlError } from '../error/index.ts';

/** A module for another thread: its URL, an absolute path, or the name of a package. */
export type ModuleName = string | URL;

/** A module's URL, or the name of a package. */
export function moduleUrl(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string' || module === '')
    throw new PawlError(
      'BAD_ARGUMENT',
      `a module is named by a URL, an absolute path or a package's name, got ${String(module)}`,
    );
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (module.startsWith('.'))
    throw new PawlError(
      'BAD_ARGUMENT',
      `"${module}" is relative to a file that another thread does not know: write new URL(${JSON.stringify(module)}, import.meta.url)`,
    );
  return module;
}

/** The source of a function, as an expression. */
export function sourceOf(fn: unknown): string {
  if (typeof fn !== 'function')
    throw new PawlError(
      'BAD_ARGUMENT',
      `what runs on another thread is a function or a module's export, got ${typeof fn}`,
    );
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}$/.test(source))
    throw new PawlError(
      'BAD_ARGUMENT',
      `${fn.name || 'the function'} is native or bound, and has no source to send to another thread`,
    );
  try {
    // Compiled, not run: a method's source is no expression.
    void new Script(`(${source}\n)`);
  } catch (error) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `${fn.name || 'the function'} cannot be sent: write it as a function of its own, not as a method`,
      {
        cause: error,
      },
    );
  }
  return source;
}
