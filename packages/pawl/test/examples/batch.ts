/**
 * Runs several examples one after another in this process, so that Node starts and the library loads once for all of them.
 * An example has ended when nothing keeps the process alive any more, which is when Node says `beforeExit`: one that leaves
 * a timer or a socket open never gets there, and the parent's clock ends it.
 *
 * Says on descriptor 3, one JSON line each, what starts and what ends; `error` is absent when all is well.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

export type Progress = { readonly start: number } | { readonly end: number; readonly error?: string };

const files = process.argv.slice(2);
let index = -1;
let imported = false;
let error: string | undefined;

function say(progress: Progress): void {
  writeSync(3, `${JSON.stringify(progress)}\n`);
}

function start(): void {
  const file = files[++index];
  if (file === undefined) return;
  imported = false;
  error = undefined;
  say({ start: index });
  import(file).then(
    () => (imported = true),
    (thrown: unknown) => (error ??= inspect(thrown)),
  );
}

function end(): void {
  if (!imported) error ??= 'its top-level await never settled';
  if (process.exitCode) error ??= `it set exit code ${process.exitCode}`;
  process.exitCode = 0;
  say(error === undefined ? { end: index } : { end: index, error });
  start();
}

process.on('uncaughtException', (thrown) => {
  error ??= inspect(thrown);
});
// The library's own listeners (a deadlock is reported there) run before what they left behind is looked at.
process.on('beforeExit', () => {
  if (index < files.length) setImmediate(end);
});
start();
