/**
 * What the os suite measures, and what one operation is:
 *
 * - a datagram of 64 bytes over the loopback interface, sent and received by one process, 32 of them before they are waited for, so that none
 *   is dropped; one by one (C's sendto and recvfrom take 0.57 of node:dgram's time: there is no more to be had), and in batches of 32 (which
 *   node:dgram does not have: it is the same on its side);
 * - an entry of a directory tree, with its type: 99 files in each directory;
 * - a read of 4 KiB at a random place of a file, one after the other, of bytes that are in memory;
 * - a write of 4 KiB there, which goes through the pool of threads on both sides;
 * - a child process, `true`, started and waited for, one after the other: without streams, and with its standard output read to the end
 *   (`echo hello`).
 */
import type { Entry } from '../harness/entry.ts';

/** The environment variable that says where the files are. */
export const FOLDER = 'PAWL_BENCH_FOLDER';
export const FILES_PER_DIRECTORY = 99;
export const FILE_BYTES: number = 16 * 1024 * 1024;
export const BLOCK = 4096;
export const WINDOW = 32;
export const DATAGRAM = 64;

/** The places of reads and writes: the same for everybody. */
export function* blocks(n: number): Generator<number> {
  let state = 1;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield (state >>> 8) % (FILE_BYTES / BLOCK);
  }
}

/** Of the first bytes of all blocks that are read: block `b` is full of `b & 0xff`. */
function sumOfBlocks(n: number): number {
  let sum = 0;
  for (const block of blocks(n)) sum += block & 0xff;
  return sum;
}

const NODE = 'node';

export function entriesOf(entries: number): Entry[] {
  const against = (
    title: string,
    measures: readonly [ours: string, theirs: string],
    [ours, theirs]: readonly [number, number],
    expected: (n: number) => number,
    bound?: number,
  ): Entry => ({
    title,
    kind: 'time',
    ours: { maker: 'pawl', measure: measures[0], n: ours },
    peers: [
      { name: NODE, run: { maker: NODE, measure: measures[1], n: theirs }, ...(bound === undefined ? {} : { bound }) },
    ],
    expected,
  });
  const same = (n: number): number => n;
  return [
    against('UDP datagram, one by one', ['datagrams', 'datagrams'], [6400, 3200], same, 0.5),
    against('UDP datagram, in batches', ['batches', 'datagrams'], [12_800, 3200], same, 0.5),
    against(`walk of ${entries} entries`, ['walk', 'walk'], [entries, entries], same),
    against('read of 4 KiB at random', ['reads', 'reads'], [10_000, 1000], sumOfBlocks),
    against('write of 4 KiB at random', ['writes', 'writes'], [1000, 1000], same),
    against('child process, started and waited for', ['children', 'children'], [40, 40], same),
    against('child process, and its output', ['outputs', 'outputs'], [40, 40], same),
  ];
}
