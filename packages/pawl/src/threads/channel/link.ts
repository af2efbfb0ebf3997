/**
 * Link: shared memory between one sending and one receiving end, which may be on different threads, and a port of Node's beside it for what
 * does not fit into memory: large values, moved buffers, and where each end can be woken.
 *
 * What must hold:
 * - Only the sending end writes the sender's position, only the receiving end the receiver's. What lies between them belongs to the receiver.
 * - An end that is about to sleep raises its flag and then looks once more; the other moves its position and then looks at the flag. One of
 *   the two sees the other (Atomics are sequentially consistent), so no wake-up is lost, and none is made for an end that is awake.
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
  /** Null when the other end has gone: a closed port cannot be moved. */
  readonly port: MessagePort | null;
  /** What was read from the port and not taken. */
  readonly payloads?: readonly Payload[];
  /** Where the other end can be woken, if that was read from the port already: it is told once. */
  readonly peer?: WakerHandle | null;
}

type WakerHandle = Pick<RemoteWaker, 'fd' | 'flag'>;
/** A message beside the memory, and what of it was moved and must be so again with each move: a clone of a port does not exist. */
interface Payload {
  readonly payload: unknown;
  readonly moved: readonly Transferable[];
  /** Why it could not be read, if it could not. */
  readonly unreadable?: string;
}

type Note = { readonly waker: WakerHandle } | Payload;

/** What must be among what a message moves that carries the handle. */
export function transferOfLink({ port, payloads = [] }: LinkHandle): readonly Transferable[] {
  const moved = payloads.flatMap((one) => one.moved);
  return port === null ? moved : [port, ...moved];
}

/** The handles of the two ends of a new link, with so many bytes of memory for its content. */
export function makeLink(bytes: number): readonly [sending: LinkHandle, receiving: LinkHandle] {
  const memory = new SharedArrayBuffer(HEADER_BYTES + bytes);
  const { port1, port2 } = new MessageChannel();
  return [
    { memory, port: port1 },
    { memory, port: port2 },
  ];
}

export class LinkEnd {
  readonly memory: SharedArrayBuffer;
  /** The other end is closed or its thread has died: known here, though not by the header. */
  private gone: boolean;
  private open = true;
  private readonly header: Int32Array<SharedArrayBuffer>;
  private readonly port: MessagePort | null;
  private readonly mine: number;
  private readonly theirs: number;
  private readonly onGone: () => void;
  private readonly payloads = new Deque<Payload>();
  private peer: Waker | null = null;
  private peerHandle: WakerHandle | null = null;
  private peerEpoch = 0;

  /** `waker` is this thread's. */
  constructor(handle: LinkHandle, side: Side, waker: RemoteWaker, onGone: () => void) {
    const { memory, port, payloads = [], peer = null } = handle;
    this.memory = memory;
    this.header = new Int32Array(memory, 0, 2 * PART);
    this.port = port;
    this.gone = port === null;
    this.mine = side * PART;
    this.theirs = (1 - side) * PART;
    this.onGone = onGone;
    for (const payload of payloads) this.payloads.push(payload);
    if (peer !== null) this.meet(peer);
    if (port === null) return;
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
  post(payload: unknown, transfer: readonly Transferable[]): void {
    const moved = transfer.filter((one) => !(one instanceof ArrayBuffer));
    this.port?.postMessage({ payload, moved } satisfies Note, [...transfer]);
  }

  /** The oldest payload that was posted; the memory has told that there is one. NOT_CLONEABLE for one that cannot be read. */
  takePayload(): unknown {
    if (this.payloads.length === 0) this.drain();
    const { payload, unreadable } = this.payloads.shift();
    if (unreadable === undefined) return payload;
    throw new PawlError('NOT_CLONEABLE', `a message cannot be read on this thread: ${unreadable}`);
  }

  /** Gives it to another thread: here nothing can be done with it any more. */
  detach(): LinkHandle {
    this.open = false;
    this.deafen();
    const { memory, gone, port, peerHandle: peer } = this;
    const payloads: Payload[] = [];
    for (let one = this.payloads.shift(); one !== undefined; one = this.payloads.shift()) payloads.push(one);
    return { memory, port: gone ? null : port, payloads, peer };
  }

  /** Idempotent. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    Atomics.store(this.header, this.mine + CLOSED, 1);
    this.wakePeer();
    this.deafen();
    this.port?.close();
  }

  private deafen(): void {
    this.port?.off('close', this.closedByPeer);
    this.port?.off('message', this.take);
    this.port?.off('messageerror', this.garbled);
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
    const { port } = this;
    if (port === null) return;
    for (;;) {
      let received: { message: unknown } | undefined;
      try {
        received = receiveMessageOnPort(port);
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
    else this.payloads.push(note);
  };

  /** A place of a message is its own, also when nobody can read it: notes of wakers can always be read. */
  private readonly garbled = ({ message }: Error): void => {
    this.payloads.push({ payload: undefined, moved: [], unreadable: message });
  };

  private meet(peer: WakerHandle): void {
    this.peerHandle = peer;
    this.peer = nativeDriver().threads.waker(peer);
  }

  private readonly closedByPeer = (): void => {
    this.gone = true;
    this.onGone();
  };
}
