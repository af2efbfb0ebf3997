/**
 * Link: shared memory between one sending and one receiving end, which may be on different threads, and a port of Node's beside it for what
 * does not fit into memory: large values, moved buffers, and where each end can be woken.
 *
 * What must hold:
 * - Only the sending end writes the sender's position, only the receiving end the receiver's. What lies between them belongs to the receiver.
 * - An end that is about to sleep raises its flag and then looks once more; the other moves its position and then looks at the flag. One of
 *   the two sees the other (Atomics are sequentially consistent), so no wake-up is lost, and none is made for an end that is awake.
 * - An end whose other end is closed reads at once all that the port holds, and needs the port no more when it moves.
 * - When a thread dies, however it does, Node closes its ports: the other end hears of it by that, after what was sent before.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads';
import type { Waker } from '../../future/context.ts';
import type { RemoteWaker } from '../../driver/driver.ts';
import { nativeDriver } from '../../driver/native/index.ts';
import { PawlError } from '../../error/index.ts';
import { Deque } from '../../sync/deque.ts';

export const SENDING = 0;
export const RECEIVING = 1;
export type Side = typeof SENDING | typeof RECEIVING;

/** Words of a side's part of the header; the two lie in cache lines of their own. */
const PART = 16;
const POSITION = 0;
const WAITS = 1;
const CLOSED = 2;
/** Counts the threads that the end has been on: each has another waker. */
const EPOCH = 3;
export const HEADER_BYTES: number = 2 * PART * 4;

/** An end on its way to another thread. */
export interface LinkHandle {
  readonly memory: SharedArrayBuffer;
  readonly port: MessagePort;
  /** What was read from the port and not taken. */
  readonly payloads?: readonly Payload[];
  /** Where the other end can be woken, if that was read from the port already: it is told once. */
  readonly peer?: WakerHandle | null;
  /** The other end is closed. */
  readonly gone?: boolean;
}

/** What was posted: ports and buffers of `value` that `transfer` lists are moved again when the end that holds them moves. */
type Payload =
  | { readonly value: unknown; readonly transfer: readonly Transferable[] }
  /** It came, and could not be read. */
  | { readonly unreadable: string };

type WakerHandle = Pick<RemoteWaker, 'fd' | 'flag'>;
type Note = { readonly waker: WakerHandle } | { readonly payload: Payload };

/** The handles of the two ends of a new link, with so many bytes of memory for its content. */
export function makeLink(bytes: number): readonly [sending: LinkHandle, receiving: LinkHandle] {
  const memory = new SharedArrayBuffer(HEADER_BYTES + bytes);
  const { port1, port2 } = new MessageChannel();
  return [
    { memory, port: port1 },
    { memory, port: port2 },
  ];
}

/** All that must be among what is moved with the handle. */
export function transferOf({ port, payloads = [] }: LinkHandle): Transferable[] {
  return [port, ...payloads.flatMap((payload) => ('transfer' in payload ? payload.transfer : []))];
}

export class LinkEnd {
  readonly memory: SharedArrayBuffer;
  /** The other end is closed or its thread has died: known here, though not by the header. */
  private gone = false;
  private open = true;
  private readonly header: Int32Array<SharedArrayBuffer>;
  private readonly port: MessagePort;
  private readonly mine: number;
  private readonly theirs: number;
  private readonly onGone: () => void;
  private readonly payloads = new Deque<Payload>();
  private peer: Waker | null = null;
  private peerHandle: WakerHandle | null = null;
  private peerEpoch = 0;

  /** `waker` is this thread's. */
  constructor(handle: LinkHandle, side: Side, waker: RemoteWaker, onGone: () => void) {
    const { memory, port, payloads = [], peer = null, gone = false } = handle;
    this.memory = memory;
    this.header = new Int32Array(memory, 0, 2 * PART);
    this.port = port;
    this.mine = side * PART;
    this.theirs = (1 - side) * PART;
    this.onGone = onGone;
    for (const payload of payloads) this.payloads.push(payload);
    if (gone) {
      this.gone = true;
      port.close();
      return;
    }
    if (peer !== null) this.meet(peer);
    port.on('close', this.closedByPeer);
    // A close is told after what lies before it in the port: that must not stay there until somebody wakes the peer.
    port.on('message', this.take);
    port.on('messageerror', this.garbled);
    port.unref();
    port.postMessage({ waker: { fd: waker.fd, flag: waker.flag } } satisfies Note);
    Atomics.add(this.header, this.mine + EPOCH, 1);
  }

  /** How far this end has come. */
  get position(): number {
    return this.header[this.mine + POSITION]!;
  }

  /** How far the other end has come. */
  get peerPosition(): number {
    return Atomics.load(this.header, this.theirs + POSITION);
  }

  /** True when the other end is closed; what it has sent before may still be there. */
  get peerClosed(): boolean {
    return this.gone || Atomics.load(this.header, this.theirs + CLOSED) !== 0;
  }

  /** This end has come so far: the other is woken if it sleeps. */
  advance(position: number): void {
    Atomics.store(this.header, this.mine + POSITION, position);
    this.wakePeer();
  }

  /** The other end is to wake this one when it moves. Look once more after it. */
  raise(): void {
    Atomics.store(this.header, this.mine + WAITS, 1);
  }

  /** Beside the memory; it arrives before any position that is moved after it. Throws as `postMessage` does. */
  post(value: unknown, transfer: readonly Transferable[]): void {
    this.port.postMessage({ payload: { value, transfer } } satisfies Note, [...transfer]);
  }

  /** The oldest payload that was posted; the memory has told that there is one. NOT_CLONEABLE for one that cannot be read. */
  takePayload(): unknown {
    if (this.payloads.length === 0) this.drain();
    const payload = this.payloads.shift();
    if (payload !== undefined && 'value' in payload) return payload.value;
    throw new PawlError(
      'NOT_CLONEABLE',
      `a message cannot be read on this thread: ${payload?.unreadable ?? 'it was lost'}`,
    );
  }

  /** Gives it to another thread: here nothing can be done with it any more. */
  detach(): LinkHandle {
    this.open = false;
    const gone = this.peerClosed;
    if (gone) this.drain();
    this.silence();
    const { memory, peerHandle: peer } = this;
    const payloads: Payload[] = [];
    while (this.payloads.length > 0) payloads.push(this.payloads.shift()!);
    if (!gone) return { memory, port: this.port, payloads, peer };
    // Node closes a port some time after its other one, and moves no closed one: a fresh one stands for it, and the end there closes it.
    this.port.close();
    return { memory, port: new MessageChannel().port1, payloads, gone };
  }

  /** Idempotent. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    Atomics.store(this.header, this.mine + CLOSED, 1);
    this.wakePeer();
    this.silence();
    this.port.close();
  }

  private silence(): void {
    this.port.off('close', this.closedByPeer);
    this.port.off('message', this.take);
    this.port.off('messageerror', this.garbled);
  }

  private wakePeer(): void {
    const { header, theirs } = this;
    const flag = theirs + WAITS;
    if (Atomics.load(header, flag) === 0 || Atomics.exchange(header, flag, 0) === 0) return;
    const epoch = Atomics.load(header, theirs + EPOCH);
    if (epoch !== this.peerEpoch) {
      this.drain();
      this.peerEpoch = epoch;
    }
    this.peer?.wake();
  }

  /** Reads what is at the port. */
  private drain(): void {
    for (;;) {
      let received: { message: unknown } | undefined;
      try {
        received = receiveMessageOnPort(this.port);
      } catch (error) {
        this.garbled(error as Error);
        continue;
      }
      if (received === undefined) return;
      this.take(received.message as Note);
    }
  }

  private readonly take = (note: Note): void => {
    if ('waker' in note) this.meet(note.waker);
    else this.payloads.push(note.payload);
  };

  /** Notes of wakers can always be read: it was a payload. */
  private readonly garbled = (error: Error): void => this.payloads.push({ unreadable: error.message });

  private meet(peer: WakerHandle): void {
    this.peerHandle = peer;
    this.peer = nativeDriver().threads.waker(peer);
  }

  private readonly closedByPeer = (): void => {
    this.gone = true;
    this.onGone();
  };
}
