/** How a file is opened, in the words that Node and C's fopen have for it. */
import type { OpenMode } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { checkPermissions } from './path.ts';

/**
 * `r` to read what is there; `w` to write, from nothing; `a` to append. `+` for the other direction too, `x` (with `w` or `a`) only if it is
 * not there yet.
 */
export type OpenFlags = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'wx+' | 'a' | 'a+' | 'ax' | 'ax+';

/** How a file is opened. */
export interface OpenOptions {
  /** Of a file that is made by it, less the process's umask. Default 0o666. */
  readonly permissions?: number;
}

const FLAGS = /^([rwa])(x?)(\+?)$/;

/** Throws BAD_ARGUMENT. */
export function toMode(flags: OpenFlags, options: OpenOptions): OpenMode {
  knownOptions('open', options, { permissions: true });
  const { permissions = 0o666 } = options;
  const given: unknown = flags;
  const [, letter, exclusive = '', both = ''] = (typeof given === 'string' ? FLAGS.exec(given) : null) ?? [];
  if (letter === undefined || (letter === 'r' && exclusive !== '')) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `flags are r, w or a, with x and + where they make sense, got '${String(given)}'`,
    );
  }
  checkPermissions(permissions);
  return {
    read: letter === 'r' || both !== '',
    write: letter !== 'r' || both !== '',
    append: letter === 'a',
    create: letter !== 'r',
    permissions,
    exclusive: exclusive !== '',
    truncate: letter === 'w',
    directory: false,
  };
}

/** To sync what has happened to a directory's names. */
export const DIRECTORY: OpenMode = { ...toMode('r', {}), directory: true };
