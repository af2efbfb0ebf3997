/**
 * Exchange: the part of a request's answer that takes time, as the body of a task of its own: what the handler's future still computes,
 * then what of the answer comes in pieces.
 *
 * What must hold: being a task's body, whatever the handler spawns belongs to this request: it is cancelled with it, and the request is not
 * over before it has ended. What the handler throws, or what breaks the answer off, is the task's failure, and the connection's to tell.
 */
import type { Context } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Answer } from './answer.ts';
import type { ServerRequest } from './request.ts';

/** The connection, as an exchange sees it. */
export interface Answering {
  /** Writes the answer, or its beginning; what is left of it is the future. */
  give(answer: Answer): Future<void> | null;
  /** What was left has been written. */
  written(): void;
}

export class Exchange extends Future<void> {
  private readonly connection: Answering;
  private readonly request: ServerRequest;
  private handling: Future<Answer> | null;
  private writing: Future<void> | null;

  constructor(
    connection: Answering,
    request: ServerRequest,
    handling: Future<Answer> | null,
    writing: Future<void> | null,
  ) {
    super();
    this.connection = connection;
    this.request = request;
    this.handling = handling;
    this.writing = writing;
  }

  /** What it has to do, if that was not known when it was made. */
  set(handling: Future<Answer> | null, writing: Future<void> | null): void {
    this.handling = handling;
    this.writing = writing;
  }

  /** @internal For dumps. */
  get label(): string {
    return `${this.request.method} ${this.request.target}`;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.handling ?? this.writing;
  }

  override poll(cx: Context): Poll<void> {
    const { connection, handling } = this;
    if (handling !== null) {
      const answer = handling.poll(cx);
      if (answer === PENDING) return PENDING;
      this.handling = null;
      this.writing = connection.give(answer);
    }
    const { writing } = this;
    if (writing === null) return undefined;
    if (writing.poll(cx) === PENDING) return PENDING;
    this.writing = null;
    connection.written();
    return undefined;
  }

  override cancel(cx: Context): Poll<void> {
    return (this.handling ?? this.writing)?.cancel(cx);
  }
}
