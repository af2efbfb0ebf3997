/** A coroutine written by hand as a state machine, polled in a loop: Start, Wait1, Wait2, Resolved. */
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { alreadyResolved, NOT_READY, type NotReady, type SmallFuture } from './future.ts';
import { HttpGet } from './http-get.ts';
import { pollUntilReady } from './poll-loop.ts';

// #region machine
type State =
  | { readonly at: 'Start' }
  | { readonly at: 'Wait1' | 'Wait2'; readonly request: HttpGet }
  | { readonly at: 'Resolved' };

/** Two requests, one after the other. */
class Program implements SmallFuture<string> {
  readonly #server: Host;
  #state: State = { at: 'Start' };
  #first = '';

  constructor(server: Host) {
    this.#server = server;
  }

  poll(): string | NotReady {
    for (;;) {
      const state = this.#state;
      switch (state.at) {
        case 'Start': {
          console.log('Program starting');
          this.#state = { at: 'Wait1', request: new HttpGet(this.#server, `/${paced(600)}/one`) };
          break;
        }
        case 'Wait1': {
          const answer = state.request.poll();
          if (answer === NOT_READY) return NOT_READY;
          console.log(`the first answer: ${answer}`);
          this.#first = answer;
          this.#state = { at: 'Wait2', request: new HttpGet(this.#server, `/${paced(400)}/two`) };
          break;
        }
        case 'Wait2': {
          const answer = state.request.poll();
          if (answer === NOT_READY) return NOT_READY;
          console.log(`the second answer: ${answer}`);
          this.#state = { at: 'Resolved' };
          return `${this.#first} and ${answer}`;
        }
        case 'Resolved': {
          throw alreadyResolved();
        }
      }
    }
  }
}
// #endregion

await served((server) => {
  // #region main
  const program = new Program(server);
  console.log('The future is made, and nothing has been sent: it is lazy');
  console.log(`resolved: ${pollUntilReady(program, paced(200))}`);
  try {
    program.poll();
  } catch (error) {
    console.log(`one more poll: ${String(error)}`);
  }
  // #endregion
});

// #region eager
const eager = (async () => console.log('An async function of the language is eager: called is begun'))();
console.log('and only afterwards awaited');
await eager;
// #endregion
