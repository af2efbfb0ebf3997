/**
 * Child: a process that this one has started.
 *
 * What must hold: when it has ended it is reaped, whether anybody waits or not. It lives on when its object is forgotten, unless its command says
 * otherwise; but a stopped child has ended, whatever becomes of the task that stops it.
 */
import type { ChildHandle, SpawnedChild } from '../driver/process.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { timeout } from '../time/timeout.ts';
import { checkMilliseconds } from './check.ts';
import { Exit } from './exit.ts';
import type { ExitStatus } from './exit-status.ts';
import { PipeReader, PipeWriter } from './pipe.ts';
import { type SignalName, signalNumber } from './signal-name.ts';

/** How a child is stopped. */
export interface StopOptions {
  /** What asks it to end. Default SIGTERM. */
  readonly signal?: SignalName;
  /** Milliseconds that it has for it; then SIGKILL. Default 2000: within the 5 s that a cleanup has. */
  readonly grace?: number;
}

const GRACE = 2000;

/** Throws BAD_ARGUMENT. */
export function checkStop(options: StopOptions): Required<StopOptions> {
  knownOptions('the stop of a child', options, { signal: true, grace: true });
  const { signal = 'SIGTERM', grace = GRACE } = options;
  signalNumber(signal);
  checkMilliseconds('grace', grace);
  return { signal, grace };
}

/**
 * A process that {@link Command.spawn} has started. It lives as long as it likes; to end it with what uses it, `yield* stop()` in a `finally`, or, in
 * ordinary async code and compiled coroutines, declare it with `await using`.
 */
export class Child implements AsyncDisposable {
  readonly pid: number;
  /** Our end of its standard input, if that is a pipe. Close it when it has all: most programs wait for the end. */
  readonly stdin: PipeWriter | null;
  /** Our end of its standard output, if that is a pipe. While nobody reads it, the child waits when 64 KiB are in it. */
  readonly stdout: PipeReader | null;
  /** Our end of its standard error, if that is a pipe. */
  readonly stderr: PipeReader | null;
  private readonly handle: ChildHandle;
  private readonly program: string;
  private readonly onCancel: Required<StopOptions> | null;

  /** @internal */
  constructor({ child, stdin, stdout, stderr }: SpawnedChild, program: string, onCancel: Required<StopOptions> | null) {
    this.handle = child;
    this.program = program;
    this.onCancel = onCancel;
    this.pid = child.pid;
    const of = (name: string): string => `${name} of ${program} (${child.pid})`;
    this.stdin = stdin === null ? null : new PipeWriter(stdin, of('stdin'));
    this.stdout = stdout === null ? null : new PipeReader(stdout, of('stdout'));
    this.stderr = stderr === null ? null : new PipeReader(stderr, of('stderr'));
  }

  /** It has not been reaped. */
  get running(): boolean {
    return this.handle.running;
  }

  /**
   * Waits until it has ended. Any number of tasks may, as often as they like. It does not close the pipes: a child that waits for the end of its
   * input never ends, and one whose output nobody reads may not.
   *
   * Cancelling it is *safe*: the child goes on; if its command says `stopOnCancel`, it is stopped, and the cancellation is done when it has ended.
   * Errors: ECHILD when somebody else has reaped it.
   */
  wait(): Future<ExitStatus> {
    return this.onCancel === null ? new Exit(this.handle, this.program) : waitOrStop(this, this.onCancel);
  }

  /**
   * Sends it a signal, default SIGTERM; to its whole group, if it leads one. False when it has ended already: then nothing is sent, and its number may
   * be somebody else's.
   *
   * Throws BAD_ARGUMENT for a name that does not exist; EPERM when the child has become another user's.
   */
  kill(signal: SignalName = 'SIGTERM'): boolean {
    return this.handle.kill(signalNumber(signal));
  }

  /**
   * Asks it to end, waits, and kills it after `grace` ms if it has not: how it has ended. Done at once when it has already. What is left of a group
   * that it leads is killed when it has ended.
   *
   * Cancelling it kills the child at once: *safe*. Errors: BAD_ARGUMENT at once; EPERM.
   */
  stop(options: StopOptions = {}): Future<ExitStatus> {
    return stop(this, checkStop(options));
  }

  /** Closes our ends of its pipes. The child goes on, and meets the end of its input, and EPIPE. */
  closePipes(): void {
    this.stdin?.close();
    this.stdout?.close();
    this.stderr?.close();
  }

  /** Closes the pipes, and stops it if it runs, as its command says. */
  [Symbol.asyncDispose](): Future<void> {
    this.closePipes();
    return map(this.stop(this.onCancel ?? {}), () => undefined);
  }

  /** @internal */
  sweep(): void {
    this.handle.sweep();
  }

  /** @internal */
  hold(held: boolean): void {
    this.handle.hold(held);
  }

  /** @internal */
  exit(): Future<ExitStatus> {
    return new Exit(this.handle, this.program);
  }
}

const waitOrStop = coroutine(function* wait(child: Child, how: Required<StopOptions>): Steps<ExitStatus> {
  let status: ExitStatus | null = null;
  try {
    status = yield* child.exit();
    return status;
  } finally {
    if (status === null && child.running) yield* stop(child, how);
  }
});

const stop = coroutine(function* stop(child: Child, { signal, grace }: Required<StopOptions>): Steps<ExitStatus> {
  child.sweep();
  try {
    if (child.kill(signal)) {
      // What is stopped by SIGSTOP or a terminal sees no other signal before it goes on.
      child.kill('SIGCONT');
      return yield* timeout(grace, child.exit());
    }
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'TIMEOUT') throw error;
  } finally {
    child.kill('SIGKILL');
  }
  return yield* child.exit();
});
