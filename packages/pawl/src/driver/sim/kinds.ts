/**
 * Kinds: what a decision is about, as a small number, so that recording it costs a few bytes. A program under test may add its own.
 *
 * What must hold: the numbers of the built-in kinds are their places in `BUILT_IN`; a recorded run names kinds by them.
 */

/** Who decides: each stream has random numbers of its own. */
export type Stream = 'schedule' | 'network' | 'fault';

export interface Kind {
  readonly name: string;
  readonly stream: Stream;
}

export const TASK = 0;
export const CLIENT = 1;
export const SLICE = 2;
export const EVENT = 3;
export const EVENT_FIRST = 4;
export const SELECT = 5;
export const LATE_TIMER = 6;
export const LATE_WAKE = 7;
export const SPURIOUS_WAKE = 8;
export const AGAIN = 9;
export const SHORT_READ = 10;
export const SHORT_WRITE = 11;
export const LATENCY = 12;
export const LOSS = 13;
export const PORT = 14;
export const LISTENER = 15;
export const LOOKUP = 16;
export const DUPLICATE = 17;
export const SOCKET = 18;
export const DISK = 19;
export const SURVIVES = 20;

/** One row for each constant above, in its order. */
export const BUILT_IN: readonly Kind[] = [
  { name: 'which task is polled', stream: 'schedule' },
  { name: 'which runtime has its turn', stream: 'schedule' },
  { name: 'how long a turn is', stream: 'schedule' },
  { name: 'which of the events of one instant comes first', stream: 'schedule' },
  { name: 'whether a ready task runs before an event that is due', stream: 'schedule' },
  { name: 'where a select begins', stream: 'schedule' },
  { name: 'how late a timer is', stream: 'schedule' },
  { name: 'how late a wake-up is', stream: 'network' },
  { name: 'whether a wake-up comes for nothing', stream: 'network' },
  { name: 'whether what is ready says EAGAIN', stream: 'network' },
  { name: 'how short a read is', stream: 'network' },
  { name: 'how short a write is', stream: 'network' },
  { name: 'how long a packet travels', stream: 'network' },
  { name: 'whether a packet is lost', stream: 'network' },
  { name: 'the first port that is handed out', stream: 'network' },
  { name: 'which listener of a port takes a connection', stream: 'network' },
  { name: 'how long a lookup takes', stream: 'network' },
  { name: 'whether a datagram arrives twice', stream: 'network' },
  { name: 'which socket of a port takes a datagram', stream: 'network' },
  { name: 'how long the disk takes', stream: 'fault' },
  { name: 'how much of an unsynced change survives a crash', stream: 'fault' },
];
