/** threadChannel: messages from senders on any threads to one receiver on any thread. */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { type Named, title } from '../../sync/named.ts';
import { SLOT_BYTES } from './codec.ts';
import { makeLink } from './link.ts';
import { ThreadReceiver } from './receiver.ts';
import { slotsFor, ThreadSender } from './sender.ts';
import { checkSpin } from './spin.ts';

/** How a channel between threads waits. */
export interface ThreadChannelOptions extends Named {
  /**
   * For how many ms a receiver that finds nothing looks on, awake, before it sleeps: from 0 (the default) to 10. It saves the way into sleep
   * and out of it, some 10 µs, where answers come at once; nothing else on the receiver's thread runs meanwhile.
   */
  readonly spin?: number;
}

/**
 * A channel between threads: each end may be given to another thread, as an argument of `spawnOn` and `threads`, or by `move`. A sender
 * waits while `capacity` of its messages have not been received, so that a slow thread slows down those that feed it. `receiver.sender()`
 * makes more senders, each with as many places of its own.
 *
 * Messages are copied as by `structuredClone`; small ones of plain data (up to 248 letters as JSON) go through shared memory, all others through
 * a port of Node's. A thread that dies closes its ends. 256 bytes of memory for each place.
 *
 * Errors: BAD_ARGUMENT unless `capacity` is a whole number from 1 to 65,536, or for a `spin` outside its range.
 *
 * @example
 * ```ts
 * import { run, spawn } from 'pawl';
 * import { threadChannel } from 'pawl/threads';
 * await run(function* () {
 *   const [sender, receiver] = threadChannel<{ n: number }>(16);
 *   using _closes = receiver;
 *   spawn(function* () {
 *     using _ends = sender;
 *     for (let n = 1; n <= 3; n++) yield* sender.send({ n });
 *   });
 *   let sum = 0;
 *   yield* receiver.forEach(({ n }) => void (sum += n));
 *   console.log(sum); // 6
 * });
 * ```
 */
export function threadChannel<T>(
  capacity: number,
  options: ThreadChannelOptions = {},
): [sender: ThreadSender<T>, receiver: ThreadReceiver<T>] {
  checkCapacity(capacity);
  knownOptions('threadChannel', options, { name: true, spin: true });
  const { name, spin = 0 } = options;
  checkSpin(spin);
  const [sending, receiving] = makeLink(slotsFor(capacity) * SLOT_BYTES);
  const common = { title: title('channel between threads', name), capacity };
  return [new ThreadSender({ ...common, link: sending }), new ThreadReceiver({ ...common, spin, links: [receiving] })];
}

const MOST = 65_536;

export function checkCapacity(capacity: number): void {
  if (Number.isInteger(capacity) && capacity >= 1 && capacity <= MOST) return;
  throw new PawlError(
    'BAD_ARGUMENT',
    `the capacity of a channel between threads must be a whole number from 1 to ${MOST}, got ${capacity}`,
  );
}
