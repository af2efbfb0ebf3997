/**
 * The contract of Unix sockets: streams and datagrams between programs of one machine. A world without them has none of it.
 *
 * What must hold, besides what holds for every handle: a stream is polled as TCP's is. A socket that was bound to a path has made that
 * name, and takes it away when it is closed. Descriptors that are received are CLOEXEC, and whoever polled owns them.
 */
import type { Context } from '../future/context.ts';
import type { Poll } from '../future/poll.ts';
import type { Direction, TcpStreamHandle } from './driver.ts';

/** `path`: a name in the file system. `abstract`: one that is nowhere else, and gone with its socket. `unnamed`: never bound. */
export interface UnixAddress {
  readonly kind: 'path' | 'abstract' | 'unnamed';
  /** Empty for an unnamed one. */
  readonly name: string;
}

/** Who is at the other end, as of when it connected or listened. */
export interface Credentials {
  /** 0 when the process is not in this process's namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface UnixStreamHandle extends Omit<
  TcpStreamHandle,
  'local' | 'peer' | 'pollConnect' | 'setNoDelay' | 'setKeepAlive' | 'setLinger'
> {
  readonly local: UnixAddress;
  readonly peer: UnixAddress;
  readonly credentials: Credentials;
  /** As `pollWrite`, with descriptors that arrive with the first byte; `source` is not empty. They stay the caller's. */
  pollWriteDescriptors(cx: Context, source: Uint8Array, descriptors: readonly number[]): Poll<number>;
  /** As `pollRead`, with the descriptors that have come, at most `most` of them: the system closes the others. */
  pollReadDescriptors(cx: Context, target: Uint8Array, most: number): Poll<ReadDescriptors>;
}

/** Bytes, and descriptors that came with them. */
export interface ReadDescriptors {
  readonly length: number;
  readonly descriptors: readonly number[];
  /** More had come: there was no room for them, here or in this program's table of descriptors. The system has closed them. */
  readonly truncated: boolean;
}

export interface UnixListenerHandle {
  readonly local: UnixAddress;
  pollAccept(cx: Context): Poll<UnixStreamHandle>;
  forget(): void;
  close(): void;
  readonly closed: boolean;
}

/** What one poll has received. */
export interface UnixReceived {
  /** Bytes copied into the target. */
  readonly length: number;
  /** Bytes that the datagram had. */
  readonly size: number;
  readonly from: UnixAddress;
}

export interface UnixDatagramHandle {
  readonly local: UnixAddress;
  readonly peer: UnixAddress | null;
  /** Throws ENOENT, ECONNREFUSED (nobody has the name any more), EPROTOTYPE (it is no datagram socket), EACCES. */
  connect(peer: UnixAddress): void;
  pollRecv(cx: Context, target: Uint8Array): Poll<UnixReceived>;
  /**
   * Nothing is dropped: while the receiver's queue is full, it is PENDING for a connected socket's peer (`to` null), and throws EAGAIN for another, of
   * whom nothing tells when there is room.
   */
  pollSend(cx: Context, data: Uint8Array, to: UnixAddress | null): Poll<void>;
  forget(direction: Direction): void;
  close(): void;
  readonly closed: boolean;
}

/** Unix sockets as a driver's world offers them. */
export interface UnixDriver {
  /** Throws EADDRINUSE (the name is there already, also of a dead socket), ENOENT, EACCES and the system's others. */
  listen(address: UnixAddress, backlog: number): UnixListenerHandle;
  /** Connected at once, or never: ENOENT, ECONNREFUSED, EACCES, EPROTOTYPE; EAGAIN while the listener's queue is full. */
  connect(address: UnixAddress): UnixStreamHandle;
  pair(): [UnixStreamHandle, UnixStreamHandle];
  /** A datagram socket; an unnamed one cannot be answered. */
  bind(address: UnixAddress): UnixDatagramHandle;
}
