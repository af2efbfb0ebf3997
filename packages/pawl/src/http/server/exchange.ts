/**
 * Exchange: the part of a request's answer that takes time, as the body of a task of its own: what the handler's future still computes,
 * then what of the answer comes in pieces.
 *
 * What must hold: it never fails. What the handler throws, and what breaks an answer off, is told to the connection. Being a task's body,
 * whatever the handler spawns belongs to this request, and is cleaned up with it.
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
  /** The handler has failed, or the answer's content has. */
  failed(error: unknown): void;
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
    try {
      if (handling !== null) {
        const answer = handling.poll(cx);
        if (answer === PENDING) return PENDING;
        this.handling = null;
        this.writing = connection.give(answer);
      }
      const { writing } = this;
      return writing === null ? undefined : writing.poll(cx);
    } catch (error) {
      connection.failed(error);
      return undefined;
    }
  }

  override cancel(cx: Context): Poll<void> {
    return (this.handling ?? this.writing)?.cancel(cx);
  }
}
