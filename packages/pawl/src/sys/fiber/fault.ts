/**
 * The handler of SIGSEGV: when a fiber touches the guard below its stack, a message that names it goes to standard error before the process
 * ends as it would have without us.
 *
 * What must hold: the handler is machine code, runs on a stack of its own (the fiber's has no room left), and knows this thread's cell only.
 * Any other fault goes on to whoever handled the signal before: another thread's handler, V8's for WebAssembly, or the default.
 *
 * Source: sigaction(2), sigaltstack(2); the C library's `struct sigaction`, the same in glibc and musl on both architectures.
 */
import { arena } from '../arena.ts';
import { openLibrary } from '../ffi/index.ts';
import { mmap } from '../syscalls/index.ts';
import { check } from '../errno.ts';
import { CELL } from './layout.ts';
import type { Machine } from './machine.ts';

const SIGSEGV = 11;
const SA_SIGINFO = 4;
const SA_ONSTACK = 0x08000000;
const SS_DISABLE = 2;

/** `struct sigaction`: the handler, a mask of 1024 signals, flags, and what the C library fills in. */
const SIGACTION = { size: 152, handler: 0, flags: 136 };
/** `stack_t`: address, flags, size. */
const STACK_T = { address: 0, flags: 8, length: 16 };

/** Room for the kernel's frame with every register of the largest processors, and for a handler of V8's or another's. */
const ALTERNATE = 64 * 1024;

const guarded = new WeakSet<Machine>();

/** Installs the handler for this thread; once. */
export function guardFaults(machine: Machine): void {
  if (guarded.has(machine)) return;
  guarded.add(machine);
  const c = openLibrary(null, {
    sigaction: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] },
    sigaltstack: { return: 'int32', arguments: ['uint64', 'uint64'] },
  });
  const piece = arena.take(2 * SIGACTION.size);
  const view = new DataView(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
  const at = BigInt(piece.address);

  // One that is there already will do: whoever made it has made it for this.
  piece.bytes.fill(0);
  c.sigaltstack(0n, at);
  if ((view.getInt32(STACK_T.flags, true) & SS_DISABLE) !== 0) {
    view.setBigUint64(STACK_T.address, BigInt(check(mmap(ALTERNATE), 'mmap')), true);
    view.setInt32(STACK_T.flags, 0, true);
    view.setBigUint64(STACK_T.length, BigInt(ALTERNATE), true);
    c.sigaltstack(at, 0n);
  }

  piece.bytes.fill(0);
  view.setBigUint64(SIGACTION.handler, BigInt(machine.addresses.onFault), true);
  view.setInt32(SIGACTION.flags, SA_SIGINFO | SA_ONSTACK, true);
  const previous = at + BigInt(SIGACTION.size);
  c.sigaction(SIGSEGV, at, previous);
  machine.view.setBigUint64(CELL.previousHandler, view.getBigUint64(SIGACTION.size + SIGACTION.handler, true), true);
  arena.release(piece);
}
