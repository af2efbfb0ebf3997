/**
 * What a child writes, all of it.
 *
 * What must hold: its two outputs are read, and its input is written, at the same time: whichever waited for another could stop all three.
 */
import { PawlError } from '../error/index.ts';
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { ready } from '../future/ready.ts';
import type { Child } from './child.ts';
import type { Command } from './command.ts';
import type { ExitStatus } from './exit-status.ts';
import type { PipeReader, PipeWriter } from './pipe.ts';

/** How a command has ended, and what it has written. */
export class Output {
  readonly status: ExitStatus;
  /** Empty if its standard output was no pipe. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;

  /** @internal */
  constructor(status: ExitStatus, stdout: Uint8Array, stderr: Uint8Array) {
    this.status = status;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Its standard output as text (UTF-8). */
  get text(): string {
    return new TextDecoder().decode(this.stdout);
  }
}

export const collect: (command: Command, input: Uint8Array | null, limit: number) => Future<Output> = coroutine(
  function* output(command: Command, input: Uint8Array | null, limit: number): Steps<Output> {
    const child = yield* command.spawn();
    let over = false;
    let done = false;
    // Members of its group may write on when it has ended, and are stopped with it.
    child.hold(true);
    try {
      const [, stdout, stderr] = yield* join([
        child.stdin === null ? ready(undefined) : feed(child.stdin, input),
        child.stdout === null ? ready(NOTHING) : readAll(child.stdout, limit, 'standard output', command),
        child.stderr === null ? ready(NOTHING) : readAll(child.stderr, limit, 'standard error', command),
      ]);
      child.hold(false);
      const status = yield* child.wait();
      done = true;
      return new Output(status, stdout, stderr);
    } catch (error) {
      over = error instanceof PawlError && error.code === 'LIMIT_EXCEEDED';
      throw error;
    } finally {
      child.closePipes();
      const stops = !done && (over || Boolean(command.options.stopOnCancel));
      if (stops) child.sweep();
      child.hold(false);
      if (stops && child.running) yield* stopped(child, command);
    }
  },
);

function stopped(child: Child, { options: { stopOnCancel } }: Command): ReturnType<Child['stop']> {
  return child.stop(typeof stopOnCancel === 'object' ? stopOnCancel : {});
}

const NOTHING = new Uint8Array();
/** Most programs write little; zeroing 64 KiB for each would cost 35 µs. */
const SMALLEST = 4 * 1024;
const LARGEST = 64 * 1024;

const readAll = coroutine(function* readAll(
  reader: PipeReader,
  limit: number,
  what: string,
  command: Command,
): Steps<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let buffer = new Uint8Array(SMALLEST);
  let used = 0;
  for (;;) {
    const count = yield* reader.read(used === 0 ? buffer : buffer.subarray(used));
    if (count === 0) break;
    length += count;
    if (length > limit)
      throw new PawlError('LIMIT_EXCEEDED', `the ${what} of '${String(command)}' has more than ${limit} bytes`);
    used += count;
    if (used < buffer.length) continue;
    pieces.push(buffer);
    buffer = new Uint8Array(Math.min(buffer.length * 2, LARGEST));
    used = 0;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  whole.set(buffer.subarray(0, used), at);
  return whole;
});

const feed = coroutine(function* feed(writer: PipeWriter, input: Uint8Array | null): Steps<void> {
  try {
    if (input !== null) yield* writer.writeAll(input);
  } catch (error) {
    // It has not read all of it, which is its affair.
    if (!(error instanceof PawlError) || error.code !== 'EPIPE') throw error;
  } finally {
    writer.close();
  }
});
