/**
 * Ends of channels among what is sent to another thread: each is moved there, and made anew.
 *
 * What must hold: only the values of a list are looked at, not what is within them: an end deep in an object is not cloneable, and says so.
 */
import type { Transferable } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import { type ByteEndHandle, ByteReceiver, ByteSender } from './bytes.ts';
import { transferOfLink } from './link.ts';
import { type ThreadOneshotHandle, ThreadOneshotReceiver, ThreadOneshotSender } from './oneshot.ts';
import { ThreadReceiver, type ThreadReceiverHandle } from './receiver.ts';
import { ThreadSender, type ThreadSenderHandle } from './sender.ts';

type Handle = ThreadSenderHandle | ThreadReceiverHandle | ThreadOneshotHandle | ByteEndHandle;

/** A list on its way. */
export interface MovedArguments {
  readonly args: readonly unknown[];
  /** What must be among what is moved. */
  readonly transfer: readonly Transferable[];
}

interface Movable {
  move(): Handle;
  checkMove(): void;
}

function isEnd(value: unknown): value is Movable {
  return [ThreadSender, ThreadReceiver, ThreadOneshotSender, ThreadOneshotReceiver, ByteSender, ByteReceiver].some(
    (end) => value instanceof end,
  );
}

/** Moves all ends of the list, or throws CLOSED, BUSY or BAD_ARGUMENT and has moved none. */
export function moveArguments(args: readonly unknown[]): MovedArguments {
  const ends = args.filter(isEnd);
  for (const [i, end] of ends.entries()) {
    end.checkMove();
    if (ends.indexOf(end) < i)
      throw new PawlError('BAD_ARGUMENT', 'one end of a channel is given twice: it can be moved once');
  }
  const transfer: Transferable[] = [];
  const moved = args.map((arg) => {
    if (!isEnd(arg)) return arg;
    const handle = arg.move();
    transfer.push(...transferOf(handle));
    return handle;
  });
  return { args: moved, transfer };
}

/** Levels of objects in which an end is looked for, to say why it could not be sent. */
const DEPTH = 4;

/** Whether an end lies within a value, where it is not moved. */
export function hasEndWithin(value: unknown, depth: number = DEPTH): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth === 0) return false;
  return Object.values(value).some((one) => isEnd(one) || hasEndWithin(one, depth - 1));
}

/**
 * What must be in the list of what is moved, when a message carries the handle of an end: its ports, and those inside of messages that lie in
 * it. Post it in the same turn as it was moved.
 *
 * @example
 * ```ts
 * import { MessageChannel } from 'node:worker_threads';
 * import { threadChannel, transferOf } from 'pawl/threads';
 * const [sender, receiver] = threadChannel<string>(8);
 * const { port1, port2 } = new MessageChannel(); // usually a port to another thread
 * const handle = receiver.move();
 * port1.postMessage(handle, [...transferOf(handle)]);
 * console.log(receiver.closed, transferOf(handle).length); // true 1
 * sender.close();
 * port1.close();
 * port2.close();
 * ```
 */
export function transferOf(handle: Handle): readonly Transferable[] {
  if ('end' in handle) return transferOf(handle.end);
  if ('links' in handle) return handle.links.flatMap(transferOfLink);
  return transferOfLink(handle.link);
}

export function receiveArguments(args: readonly unknown[]): readonly unknown[] {
  return args.map((arg) => {
    switch ((arg as Partial<Handle> | null | undefined)?.kind) {
      case 'pawl.ThreadSender':
        return ThreadSender.from(arg as ThreadSenderHandle);
      case 'pawl.ThreadReceiver':
        return ThreadReceiver.from(arg as ThreadReceiverHandle);
      case 'pawl.ThreadOneshotSender':
        return ThreadOneshotSender.from(arg as ThreadOneshotHandle);
      case 'pawl.ThreadOneshotReceiver':
        return ThreadOneshotReceiver.from(arg as ThreadOneshotHandle);
      case 'pawl.ByteSender':
        return ByteSender.from(arg as ByteEndHandle);
      case 'pawl.ByteReceiver':
        return ByteReceiver.from(arg as ByteEndHandle);
      default:
        return arg;
    }
  });
}

/** Closes the ends that could not be sent: whoever has the others hears of it. */
export function closeMoved({ args }: MovedArguments): void {
  for (const end of receiveArguments(args)) if (isEnd(end)) (end as unknown as { close(): void }).close();
}
