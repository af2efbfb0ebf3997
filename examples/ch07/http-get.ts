/** A leaf: a request to the delay server. Whoever polls it learns whether the answer has come; nobody is told when it does. */
import { bodyOf, requestFor } from '../ladder/http.ts';
import { type Host, RawSocket } from '../ladder/raw-socket.ts';
import { NOT_READY, type NotReady, type SmallFuture } from './future.ts';

export class HttpGet implements SmallFuture<string> {
  readonly #server: Host;
  readonly #path: string;
  #socket: RawSocket | undefined;

  constructor(server: Host, path: string) {
    this.#server = server;
    this.#path = path;
  }

  // #region poll
  poll(): string | NotReady {
    if (this.#socket === undefined) {
      console.log(`  (first poll: the request for ${this.#path.split('/').at(-1)} goes out)`);
      this.#socket = RawSocket.connect(this.#server);
      this.#socket.send(requestFor(this.#path));
    }
    const answer = this.#socket.tryRecv();
    if (answer === undefined) return NOT_READY;
    this.#socket[Symbol.dispose]();
    return bodyOf(answer);
  }
  // #endregion
}
