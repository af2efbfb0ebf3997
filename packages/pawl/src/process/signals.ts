/** Signals as a stream. */
import type { SignalHandle } from '../driver/process.ts';
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { ready } from '../future/ready.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { END, type End, type Source } from '../stream/source.ts';
import { Stream } from '../stream/stream.ts';
import { spend } from '../task/budget.ts';
import { Make } from './make.ts';
import { type SignalName, signalNumber } from './signal-name.ts';

/** Of the first two nobody is told; what the others tell of cannot be gone on from, and would come again at once. */
const REFUSED: ReadonlySet<string> = new Set(['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL']);

/**
 * Listens to signals from now on: a stream of their names, which has begun when it is there. Close it: the last listener's close gives a signal back
 * what it did before, which for most of them ends the process. Any number may listen to one signal, and each is told.
 *
 * A signal that comes several times before it is asked for is told once: it says that something is so, not how often. Waiting for one keeps the
 * process alive. SIGPIPE, which Node ignores, is ignored again afterwards; SIGUSR1 starts Node's inspector unless somebody listens.
 *
 * Cancelling it is *safe*, and so is cancelling a `next`. Errors: BAD_ARGUMENT at once for a name that does not exist and for SIGKILL, SIGSTOP,
 * SIGSEGV, SIGBUS, SIGFPE and SIGILL; UNSUPPORTED_PLATFORM in a worker, which no signal reaches; BLOCKING_NODE from `next` inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { signals } from 'pawl/process';
 * await run(function* () {
 *   const hangups = yield* signals('SIGHUP');
 *   try {
 *     process.kill(process.pid, 'SIGHUP');
 *     console.log(yield* hangups.next()); // SIGHUP
 *   } finally {
 *     yield* hangups.close();
 *   }
 * });
 * ```
 */
export function signals(...names: readonly [SignalName, ...SignalName[]]): Future<Stream<SignalName>> {
  const wanted = new Set<SignalName>(names);
  if (wanted.size === 0) throw new PawlError('BAD_ARGUMENT', 'signals takes the name of one signal at least');
  for (const name of wanted) {
    signalNumber(name);
    if (REFUSED.has(name)) throw new PawlError('BAD_ARGUMENT', `${name} cannot be listened to`);
  }
  return new Make('a listener for signals', (processes) => {
    const handles: SignalHandle[] = [];
    try {
      for (const name of wanted) handles.push(processes.listen(name));
    } catch (error) {
      for (const handle of handles) handle.close();
      throw error;
    }
    return new Stream(new SignalSource(handles));
  });
}

class SignalSource implements Source<SignalName> {
  private readonly handles: readonly SignalHandle[];
  readonly names: string;
  private closed = false;
  /** Whose turn it is to be asked first: none is told for ever at another's cost. */
  private first = 0;

  constructor(handles: readonly SignalHandle[]) {
    this.handles = handles;
    this.names = handles.map(({ name }) => name).join(' or ');
  }

  next(): Future<SignalName | End> {
    return new NextSignal(this);
  }

  close(): Future<void> {
    this.closed = true;
    for (const handle of this.handles) handle.close();
    return ready(undefined);
  }

  forget(): void {
    for (const handle of this.handles) handle.forget();
  }

  poll(cx: Context): Poll<SignalName | End> {
    if (this.closed) return END;
    if (!spend(cx)) return PENDING;
    const { handles, first } = this;
    for (let i = 0; i < handles.length; i++) {
      const index = (first + i) % handles.length;
      const handle = handles[index]!;
      if (handle.pollSignal(cx) === PENDING) continue;
      this.first = (index + 1) % handles.length;
      this.forget();
      return handle.name as SignalName;
    }
    return PENDING;
  }
}

class NextSignal extends Future<SignalName | End> {
  private readonly source: SignalSource;
  private done = false;

  constructor(source: SignalSource) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<SignalName | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    this.done = true;
    const name = this.source.poll(cx);
    if (name === PENDING) this.done = false;
    return name;
  }

  override cancel(_cx: Context): Poll<void> {
    if (!this.done) this.source.forget();
    this.done = true;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: this.source.names, resource: this.source };
  }
}
