/**
 * Ends of channels among what is sent to another thread: each is moved there, and made anew.
 *
 * What must hold: only the values of a list are looked at, not what is within them: an end deep in an object is not cloneable, and says so.
 */
import type { Transferable } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import { type ByteEndHandle, ByteReceiver, ByteSender } from './bytes.ts';
import { transferOf } from './link.ts';
import { type ThreadOneshotHandle, ThreadOneshotReceiver, ThreadOneshotSender } from './oneshot.ts';
import { ThreadReceiver, type ThreadReceiverHandle } from './receiver.ts';
import { ThreadSender, type ThreadSenderHandle } from './sender.ts';

type Handle = ThreadSenderHandle | ThreadReceiverHandle | ThreadOneshotHandle | ByteEndHandle;

/** A list on its way. */
export interface MovedArguments {
  readonly args: readonly unknown[];
  /** The ports, and what waits at the ends, that must be among what is moved. */
  readonly transfer: readonly Transferable[];
}

function isEnd(value: unknown): value is { move(): Handle; checkMove(): void; close(): void } {
  return [ThreadSender, ThreadReceiver, ThreadOneshotSender, ThreadOneshotReceiver, ByteSender, ByteReceiver].some(
    (end) => value instanceof end,
  );
}

/** Moves all or none. Throws CLOSED or BUSY as `move` does, and BAD_ARGUMENT for an end that is there twice. */
export function moveArguments(args: readonly unknown[]): MovedArguments {
  const ends = args.filter(isEnd);
  if (new Set(ends).size < ends.length)
    throw new PawlError('BAD_ARGUMENT', 'the same end of a channel is given twice among the arguments');
  for (const end of ends) end.checkMove();
  const transfer: Transferable[] = [];
  const moved = args.map((arg) => {
    if (!isEnd(arg)) return arg;
    const handle = arg.move();
    transfer.push(...allOf(handle));
    return handle;
  });
  return { args: moved, transfer };
}

function allOf(handle: Handle): readonly Transferable[] {
  if ('end' in handle) return allOf(handle.end);
  if ('links' in handle) return handle.links.flatMap(transferOf);
  return transferOf(handle.link);
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
  for (const end of receiveArguments(args)) if (isEnd(end)) end.close();
}
