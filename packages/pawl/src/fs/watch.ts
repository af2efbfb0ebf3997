/** Watching files and directories for changes, as a stream. */
import { driverOf } from '../driver/driver.ts';
import type { WatchEvent, WatchHandle } from '../driver/files.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { ready } from '../future/ready.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { END, type End, type Source } from '../stream/source.ts';
import { Stream } from '../stream/stream.ts';
import { spend } from '../task/budget.ts';
import { type Path, toPath } from './path.ts';

/**
 * Watches a file, or a directory and its entries (not what is below those), from now on: a stream of what happens, which has begun when it is
 * there. Close it, or run it to its end: `gone`, when what is watched has been removed.
 *
 * A repetition that nobody has taken yet is told once. When so much has happened that the system's queue was full, `overflow` comes and says
 * that something was lost: look at everything again.
 *
 * Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; ENOENT, EACCES; ENOSPC and EMFILE when the limits of inotify are reached.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { tempDir, watch, writeFile } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   const events = yield* watch(folder.path);
 *   try {
 *     yield* writeFile(`${folder.path}/note`, 'x');
 *     console.log(yield* events.next()); // { kind: 'created', name: 'note' }
 *   } finally {
 *     yield* events.close();
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export function watch(path: Path): Future<Stream<WatchEvent>> {
  return new Watch(toPath(path));
}

/** It needs the driver of the poll, hence a future, though it is ready at once. */
class Watch extends Future<Stream<WatchEvent>> {
  private readonly path: string;
  private done = false;

  constructor(path: string) {
    super();
    this.path = path;
  }

  override poll(cx: Context): Poll<Stream<WatchEvent>> {
    if (this.done) throw alreadyCompleted('a watch');
    this.done = true;
    return new Stream(new WatchSource(driverOf(cx).files.watch(this.path)));
  }
}

class WatchSource implements Source<WatchEvent> {
  private readonly handle: WatchHandle;
  private events: WatchEvent[] = [];
  private index = 0;

  constructor(handle: WatchHandle) {
    this.handle = handle;
  }

  next(): Future<WatchEvent | End> {
    return new NextEvent(this);
  }

  close(): Future<void> {
    this.handle.close();
    this.events = [];
    this.index = 0;
    return ready(undefined);
  }

  get path(): string {
    return this.handle.path;
  }

  forget(): void {
    this.handle.forget();
  }

  poll(cx: Context): Poll<WatchEvent | End> {
    if (!spend(cx)) return PENDING;
    if (this.index === this.events.length) {
      if (this.handle.closed) return END;
      const events = this.handle.pollEvents(cx);
      if (events === PENDING) return PENDING;
      this.events = withoutRepetitions(events);
      this.index = 0;
    }
    const event = this.events[this.index++]!;
    // Nothing follows it.
    if (event.kind === 'gone') this.handle.close();
    return event;
  }
}

/** A write in pieces is one change to whoever has seen none of it. */
function withoutRepetitions(events: readonly WatchEvent[]): WatchEvent[] {
  return events.filter((event, at) => {
    const before = events[at - 1];
    return (
      before === undefined || before.kind !== event.kind || before.name !== event.name || before.cookie !== event.cookie
    );
  });
}

class NextEvent extends Future<WatchEvent | End> {
  private readonly source: WatchSource;
  private done = false;

  constructor(source: WatchSource) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<WatchEvent | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    this.done = true;
    const event = this.source.poll(cx);
    if (event === PENDING) this.done = false;
    return event;
  }

  override cancel(_cx: Context): Poll<void> {
    if (!this.done) this.source.forget();
    this.done = true;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `a change of '${this.source.path}'`, resource: this.source };
  }
}
