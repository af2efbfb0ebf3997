/** A leaf that knows the reactor: a request to the delay server whose waker is called when the answer has come. */
import { NOT_READY, type NotReady, type SmallFuture } from '../ch07/future.ts';
import { bodyOf, requestFor } from '../ladder/http.ts';
import { type Host, RawSocket } from '../ladder/raw-socket.ts';
import type { Waker } from './waker.ts';

/** As much of a reactor as a leaf needs. */
export interface Registry {
  whenReadable(fd: number, waker: Waker): void;
  forget(fd: number): void;
}

export class WokenGet implements SmallFuture<string, Waker> {
  readonly #reactor: Registry;
  readonly #server: Host;
  readonly #path: string;
  #socket: RawSocket | undefined;

  constructor(reactor: Registry, server: Host, path: string) {
    this.#reactor = reactor;
    this.#server = server;
    this.#path = path;
  }

  // #region poll
  poll(waker: Waker): string | NotReady {
    if (this.#socket === undefined) {
      this.#socket = RawSocket.connect(this.#server);
      this.#socket.send(requestFor(this.#path));
    }
    const answer = this.#socket.tryRecv();
    if (answer === undefined) {
      this.#reactor.whenReadable(this.#socket.fd, waker); // of this poll: the one of the last may be out of date
      return NOT_READY;
    }
    this.close();
    return bodyOf(answer);
  }
  // #endregion

  /** Also when nobody wants the answer any more. Idempotent. */
  close(): void {
    if (this.#socket === undefined) return;
    this.#reactor.forget(this.#socket.fd);
    this.#socket[Symbol.dispose]();
    this.#socket = undefined;
  }
}
