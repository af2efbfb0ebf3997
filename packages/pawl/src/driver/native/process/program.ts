/**
 * Finding a program, as execvp does, and saying why one could not be started.
 *
 * What must hold: a name without a slash is looked for in the PATH that the child will have, and a relative directory of it begins where the child
 * will be.
 */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { PawlError } from '../../../error/index.ts';
import { errnoNumber, systemError } from '../../../sys/errno.ts';
import type { SpawnRequest } from '../../process.ts';

/** What execvp takes where there is no PATH: confstr's _CS_PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

type Wanted = Pick<SpawnRequest, 'program' | 'environment' | 'cwd'>;

/** Throws ENOENT, and EACCES if what was found cannot be executed, with the program. */
export function findProgram({ program, environment, cwd }: Wanted): string {
  if (program.includes('/')) return program;
  let forbidden = false;
  for (const directory of (environment['PATH'] ?? DEFAULT_PATH).split(':')) {
    const path = resolve(cwd ?? '', directory, program);
    const status = statusOf(path);
    if (status === undefined || !status.isFile()) continue;
    if ((status.mode & 0o111) !== 0) return path;
    forbidden = true;
  }
  throw systemError(errnoNumber(forbidden ? 'EACCES' : 'ENOENT')!, 'spawn', { path: program });
}

function statusOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A directory that may not be searched, or is none. What is no system error is Node's permission model, which says more.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return undefined;
  }
}

/** The failure of a start, with the program as it was asked for; or the directory, or the interpreter, where it is that. */
export function notStarted(error: unknown, { program, cwd }: Wanted, path: string): unknown {
  if (!(error instanceof PawlError) || error.errno === undefined) return error;
  if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(error.code)) {
    if (cwd !== null && statusOf(cwd)?.isDirectory() !== true)
      return systemError(statusOf(cwd) === undefined ? errnoNumber('ENOENT')! : errnoNumber('ENOTDIR')!, 'chdir', {
        path: cwd,
      });
    if (error.code === 'ENOENT' && statusOf(resolve(cwd ?? '', path)) !== undefined) {
      const message = `ENOENT: the interpreter of a script is not there, spawn '${program}'`;
      return new PawlError('ENOENT', message, { errno: error.errno, syscall: 'spawn', path: program });
    }
  }
  return systemError(error.errno, 'spawn', { path: program });
}
