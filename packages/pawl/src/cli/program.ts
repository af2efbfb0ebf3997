/** A program on disk: finding the file, importing it, and making sure that its default export is something to run. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Future, type Body, type Steps } from '../index.ts';
import { registerCompiler } from './compiler.ts';

/** What is wrong with a program as it was given; its message is all that the user needs, without a stack. */
export class ProgramError extends Error {
  // By which it is known when it comes from another thread.
  override readonly name = 'ProgramError';
}

const WHAT_TO_WRITE = `Write, for example:

  import { coroutine, sleep } from 'pawl';

  export default coroutine(function* (...args: string[]) {
    yield* sleep(100);
    console.log('hello', ...args);
  });
`;

/** Imports the program, with `process.argv` as it expects it. What is returned is a function, because a promise would consume a future. */
export async function loadProgram(file: string, args: readonly string[]): Promise<Body<[], unknown>> {
  const { default: main } = await importProgram(file, args);
  if (main instanceof Future) return () => main;
  if (main === undefined) throw new ProgramError(`${file} has no default export. ${WHAT_TO_WRITE}`);
  if (typeof main !== 'function') {
    throw new ProgramError(`the default export of ${file} is ${nameOf(main)}, not a coroutine. ${WHAT_TO_WRITE}`);
  }
  const made: unknown = Reflect.apply(main, undefined, args);
  if (made instanceof Future) return () => made;
  if (isGenerator(made)) return () => made;
  throw new ProgramError(
    `the default export of ${file} is a function that returned ${nameOf(made)}, not a future. ${WHAT_TO_WRITE}`,
  );
}

/** The program's exports. Its `process.argv` is as if Node itself had been given it. */
export async function importProgram(
  file: string,
  args: readonly string[],
): Promise<{ readonly [name: string]: unknown; readonly default?: unknown }> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ProgramError(`there is no file ${file} (looked for ${path})`);
  if (!statSync(path).isFile()) throw new ProgramError(`${file} is not a file: name the program itself`);
  process.argv = [process.execPath, path, ...args];
  await registerCompiler(path);
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

function isGenerator(value: unknown): value is Steps<unknown> {
  return Object.prototype.toString.call(value) === '[object Generator]';
}

function nameOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise (it is an async function)';
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? 'Object'}`;
}
