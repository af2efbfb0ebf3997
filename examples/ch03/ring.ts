/**
 * io_uring(7) in small: enough to hand the kernel one operation and to be told when it is done.
 *
 * Two rings lie in memory that the program and the kernel share. The program writes what it wants into one (submissions), the kernel what has become of it into
 * the other (completions). The library has no such queue yet.
 *
 * What must hold: the memory of an operation's buffer is the kernel's from its submission to its completion.
 *
 * Source: io_uring(7), io_uring_setup(2), io_uring_enter(2), linux/io_uring.h.
 */
import { arena, type Piece } from '../../packages/pawl/src/sys/arena.ts';
import { closeDescriptor, opened } from '../../packages/pawl/src/sys/descriptors.ts';
import { check } from '../../packages/pawl/src/sys/errno.ts';
import { loadSyscallFunctions } from '../../packages/pawl/src/sys/emit/index.ts';
import { viewMemory } from '../../packages/pawl/src/sys/ffi/index.ts';
import { currentArch, PROT_READ, PROT_WRITE, SYSCALL_NUMBERS } from '../../packages/pawl/src/sys/linux.ts';
import { munmap } from '../../packages/pawl/src/sys/syscalls/index.ts';

// The same numbers on all architectures: they came when the tables had been made one.
const IO_URING_SETUP = 425;
const IO_URING_ENTER = 426;
const IORING_OFF_SQ_RING = 0;
const IORING_OFF_SQES = 0x10000000;
const IORING_FEAT_SINGLE_MMAP = 1;
const IORING_ENTER_GETEVENTS = 1;
const IORING_OP_READ = 22;
const MAP_SHARED = 1;
const ENTRIES = 4;
const SQE_SIZE = 64;
const CQE_SIZE = 16;
const PARAMS_SIZE = 120;
// Offsets in struct io_uring_params, of what setup tells: where the parts of the rings lie.
const CQ_ENTRIES = 4;
const FEATURES = 20;
const SQ_OFF = { tail: 44, mask: 48, array: 64 };
const CQ_OFF = { head: 80, mask: 88, cqes: 100 };

export interface Completion {
  readonly token: number;
  /** What the system call would have returned: a count, or -errno. */
  readonly result: number;
}

export class Ring implements Disposable {
  readonly #calls = loadSyscallFunctions(currentArch());
  readonly #fd: number;
  readonly #params: DataView;
  readonly #ring: DataView;
  readonly #sqes: DataView;
  readonly #mappings: readonly { readonly address: number; readonly length: number }[];

  /** Throws what the kernel says: ENOSYS or EPERM where it has no rings, or a container forbids them. */
  constructor() {
    const piece = arena.take(PARAMS_SIZE);
    piece.bytes.fill(0);
    this.#fd = opened(check(this.#calls.i2(IO_URING_SETUP, ENTRIES, piece.address), 'io_uring_setup'));
    this.#params = new DataView(piece.bytes.slice().buffer);
    arena.release(piece);
    if ((this.#number(FEATURES) & IORING_FEAT_SINGLE_MMAP) === 0) throw new Error('a kernel before 5.4');
    const submissions = this.#number(SQ_OFF.array) + ENTRIES * 4;
    const completions = this.#number(CQ_OFF.cqes) + this.#number(CQ_ENTRIES) * CQE_SIZE;
    const ring = this.#map(Math.max(submissions, completions), IORING_OFF_SQ_RING);
    const sqes = this.#map(ENTRIES * SQE_SIZE, IORING_OFF_SQES);
    this.#mappings = [ring, sqes];
    this.#ring = ring.view;
    this.#sqes = sqes.view;
  }

  #number(offset: number): number {
    return this.#params.getUint32(offset, true);
  }

  #map(length: number, offset: number): { address: number; length: number; view: DataView } {
    const { mmap } = SYSCALL_NUMBERS[currentArch()];
    const address = check(
      this.#calls.d6(mmap, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED, this.#fd, offset),
      'mmap',
    );
    return { address, length, view: new DataView(viewMemory(address, length)) };
  }

  // #region submit
  /** Describes a read in the submission ring. The kernel will write into `buffer`, some time from now. */
  submitRead(fd: number, buffer: Piece, token: number): void {
    const tailAt = this.#number(SQ_OFF.tail);
    const tail = this.#ring.getUint32(tailAt, true);
    const slot = tail & this.#ring.getUint32(this.#number(SQ_OFF.mask), true);
    const entry = slot * SQE_SIZE;
    for (let i = 0; i < SQE_SIZE; i++) this.#sqes.setUint8(entry + i, 0);
    this.#sqes.setUint8(entry, IORING_OP_READ);
    this.#sqes.setInt32(entry + 4, fd, true);
    this.#sqes.setBigUint64(entry + 16, BigInt(buffer.address), true);
    this.#sqes.setUint32(entry + 24, buffer.bytes.length, true);
    this.#sqes.setBigUint64(entry + 32, BigInt(token), true);
    this.#ring.setUint32(this.#number(SQ_OFF.array) + slot * 4, slot, true);
    this.#ring.setUint32(tailAt, tail + 1, true); // from here on the entry is the kernel's
  }
  // #endregion

  // #region wait
  /** Hands over what was submitted, and sleeps until one operation has completed. */
  wait(): Completion {
    check(this.#calls.i6(IO_URING_ENTER, this.#fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0), 'io_uring_enter');
    const headAt = this.#number(CQ_OFF.head);
    const head = this.#ring.getUint32(headAt, true);
    const at = this.#number(CQ_OFF.cqes) + (head & this.#ring.getUint32(this.#number(CQ_OFF.mask), true)) * CQE_SIZE;
    const token = Number(this.#ring.getBigUint64(at, true));
    const result = this.#ring.getInt32(at + 8, true);
    this.#ring.setUint32(headAt, head + 1, true); // the place is the kernel's again
    return { token, result };
  }
  // #endregion

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
    for (const { address, length } of this.#mappings) munmap(address, length);
  }
}
