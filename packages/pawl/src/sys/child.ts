/**
 * Child processes: started by posix_spawn, heard of by a pidfd, and reaped by waitid.
 *
 * What must hold:
 * - A child gets the descriptors 0, 1 and 2 that it is to have, and no other: what this process opens is CLOEXEC, and what it was itself started
 *   with is closed in the child (before glibc 2.34 only up to 15, by Node). Every signal has its default
 *   action in it, and none is blocked: Node ignores SIGPIPE, and what is ignored would stay so over exec.
 * - A child is reaped once. Until then its number is its own, so that a signal cannot reach a stranger.
 *
 * posix_spawn and not fork: between fork and exec no JavaScript can run, and a process with other threads may call almost nothing. The C library
 * starts the child in the parent's memory (CLONE_VFORK), which costs the same however large that is, and tells of a failed exec by its
 * result. This thread waits until the child has its program: about a millisecond. Node's own children are reaped by libuv, by number: it
 * never takes one of ours, nor we one of its.
 */
import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { PawlError } from '../error/index.ts';
import { arena, type Piece } from './arena.ts';
import { type DescriptorTable, listDescriptors, opened } from './descriptors.ts';
import { check, errnoName, errnoNumber, systemError } from './errno.ts';
import { type Callables, openLibrary, requireChildren, type Signature } from './ffi/index.ts';
import { CLD_EXITED, P_PID, SIGINFO, WEXITED, WNOHANG, WNOWAIT } from './linux.ts';
import * as sys from './syscalls/index.ts';

/** What is started, and with what. */
export interface Spawn {
  /** With a slash. */
  readonly path: string;
  /** The first is the name by which the program is called. */
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
  readonly cwd: string | null;
  /** The parent's descriptors that become 0, 1 and 2. */
  readonly descriptors: readonly [number, number, number];
  /** `group`: it leads a new process group; `session`: also a new session, without a terminal. */
  readonly leads: 'group' | 'session' | null;
}

/** How a child has ended: a code, or the number of the signal that has ended it. */
export interface RawExit {
  readonly code: number | null;
  readonly signal: number | null;
}

// spawn.h of glibc and musl: flags, and room for either's attributes (336 bytes) and file actions (80 bytes).
const SETPGROUP = 0x02;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const ATTRIBUTES_SIZE = 512;
const ACTIONS_SIZE = 128;
const SIGNAL_SET_SIZE = 128;

const EPERM = errnoNumber('EPERM')!;
const ENOSYS = errnoNumber('ENOSYS')!;

const POINTER = 'uint64';
const FUNCTIONS = {
  posix_spawn: { return: 'int32', arguments: [POINTER, 'string', POINTER, POINTER, POINTER, POINTER] },
  posix_spawnattr_init: { return: 'int32', arguments: [POINTER] },
  posix_spawnattr_destroy: { return: 'int32', arguments: [POINTER] },
  posix_spawnattr_setflags: { return: 'int32', arguments: [POINTER, 'int32'] },
  posix_spawnattr_setpgroup: { return: 'int32', arguments: [POINTER, 'int32'] },
  posix_spawnattr_setsigdefault: { return: 'int32', arguments: [POINTER, POINTER] },
  posix_spawnattr_setsigmask: { return: 'int32', arguments: [POINTER, POINTER] },
  posix_spawn_file_actions_init: { return: 'int32', arguments: [POINTER] },
  posix_spawn_file_actions_destroy: { return: 'int32', arguments: [POINTER] },
  posix_spawn_file_actions_adddup2: { return: 'int32', arguments: [POINTER, 'int32', 'int32'] },
  // glibc 2.29, musl 1.1.24
  posix_spawn_file_actions_addchdir_np: { return: 'int32', arguments: [POINTER, 'string'] },
} as const satisfies Readonly<Record<string, Signature>>;

// glibc 2.34
const CLOSE_OTHERS = {
  posix_spawn_file_actions_addclosefrom_np: { return: 'int32', arguments: [POINTER, 'int32'] },
} as const satisfies Readonly<Record<string, Signature>>;

interface Prepared {
  readonly c: Callables<typeof FUNCTIONS>;
  /** Null where the C library has none. */
  readonly closeOthers: Callables<typeof CLOSE_OTHERS> | null;
  readonly attributes: bigint;
  readonly actions: bigint;
  readonly every: bigint;
  readonly none: bigint;
  readonly pid: Piece;
}

let prepared: Prepared | null = null;

/** The first child of a thread pays for the binding. */
function prepare(): Prepared {
  if (prepared !== null) return prepared;
  const c = openLibrary(null, FUNCTIONS);
  const every = arena.take(SIGNAL_SET_SIZE);
  // All signals of the kernel, without the two that the C library keeps for itself (32 and 33).
  every.bytes.fill(0).fill(0xff, 0, 8);
  every.bytes[3] = 0x7f;
  every.bytes[4] = 0xfe;
  const none = arena.take(SIGNAL_SET_SIZE);
  none.bytes.fill(0);
  prepared = {
    c,
    closeOthers: optional(),
    attributes: BigInt(arena.take(ATTRIBUTES_SIZE).address),
    actions: BigInt(arena.take(ACTIONS_SIZE).address),
    every: BigInt(every.address),
    none: BigInt(none.address),
    pid: arena.take(4),
  };
  return prepared;
}

function optional(): Callables<typeof CLOSE_OTHERS> | null {
  try {
    return openLibrary(null, CLOSE_OTHERS);
  } catch {
    return null;
  }
}

/** The new child's number. Throws FFI_DENIED, and what kept it from starting: ENOENT, EACCES, E2BIG, ENOEXEC, EAGAIN, with the path. */
export function spawnChild({ path, args, environment, cwd, descriptors, leads }: Spawn): number {
  requireChildren();
  const { c, closeOthers, attributes, actions, every, none, pid } = prepare();
  const argv = cStrings(args);
  const envp = cStrings(environment);
  succeed(c.posix_spawnattr_init(attributes), 'posix_spawnattr_init', path);
  succeed(c.posix_spawn_file_actions_init(actions), 'posix_spawn_file_actions_init', path);
  try {
    const lead = leads === 'session' ? SETSID : leads === 'group' ? SETPGROUP : 0;
    c.posix_spawnattr_setflags(attributes, SETSIGDEF | SETSIGMASK | lead);
    c.posix_spawnattr_setpgroup(attributes, 0);
    c.posix_spawnattr_setsigdefault(attributes, every);
    c.posix_spawnattr_setsigmask(attributes, none);
    // A descriptor onto itself keeps its number and is CLOEXEC no more.
    for (const [target, fd] of descriptors.entries())
      succeed(c.posix_spawn_file_actions_adddup2(actions, fd, target), 'posix_spawn', path);
    if (closeOthers !== null)
      succeed(closeOthers.posix_spawn_file_actions_addclosefrom_np(actions, 3), 'posix_spawn', path);
    if (cwd !== null) succeed(c.posix_spawn_file_actions_addchdir_np(actions, cwd), 'posix_spawn', path);
    const result = c.posix_spawn(BigInt(pid.address), path, actions, attributes, argv.address, envp.address);
    succeed(result, 'posix_spawn', path);
  } finally {
    c.posix_spawn_file_actions_destroy(actions);
    c.posix_spawnattr_destroy(attributes);
    argv.release();
    envp.release();
  }
  return new Int32Array(pid.bytes.buffer, pid.bytes.byteOffset, 1)[0]!;
}

/** These functions return the errno. */
function succeed(errno: number, syscall: string, path: string): void {
  if (errno !== 0) throw systemError(errno, syscall, { path });
}

/** The smallest piece for strings; larger ones are powers of two, so that they are found again. */
const SMALLEST = 4096;

/** An array of C strings, with its NULL. */
function cStrings(strings: readonly string[]): { readonly address: bigint; release(): void } {
  const table = (strings.length + 1) * 8;
  let size = table;
  for (const text of strings) size += Buffer.byteLength(text) + 1;
  let room = SMALLEST;
  while (room < size) room *= 2;
  const piece = arena.take(room);
  const bytes = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, room);
  let at = table;
  for (const [index, text] of strings.entries()) {
    bytes.writeBigUInt64LE(BigInt(piece.address + at), index * 8);
    at += bytes.write(text, at);
    bytes[at++] = 0;
  }
  bytes.writeBigUInt64LE(0n, strings.length * 8);
  return { address: BigInt(piece.address), release: () => arena.release(piece) };
}

/**
 * A descriptor whose number the pidfd of the next child can have: closed right before that is opened. Without it a child could run of whose end
 * nothing tells. Throws UNSUPPORTED_PLATFORM, EMFILE, ENFILE.
 */
export function keepPidfd(): number {
  const own = sys.pidfdOpen(process.pid);
  if (own === -ENOSYS || own === -EPERM)
    throw new PawlError('UNSUPPORTED_PLATFORM', `children need pidfd_open, Linux 5.3: here it is ${errnoName(-own)}`);
  return opened(check(own, 'pidfd_open'));
}

/** A descriptor that becomes readable when the child has ended. Linux 5.3. */
export function openPidfd(pid: number): number {
  return opened(check(sys.pidfdOpen(pid), 'pidfd_open'));
}

/** The processes whose pidfds a table lists: of those that nobody has reaped. Empty where /proc does not say. */
export function pidfds(table: DescriptorTable): number[] {
  const pids: number[] = [];
  for (const fd of listDescriptors(table)) {
    try {
      // `anon_inode:[pidfd]`; since Linux 6.9 `pidfd:[inode]`.
      if (!fs.readlinkSync(`/proc/self/fd/${fd}`).includes('pidfd')) continue;
      const pid = Number(/^Pid:\s+(-?\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? -1);
      if (pid > 0 && pid !== process.pid) pids.push(pid);
    } catch {
      // It is closed, or cannot be looked at.
    }
  }
  return pids;
}

const info = arena.take(SIGINFO.size);
const infoValues = new Int32Array(info.bytes.buffer, info.bytes.byteOffset, SIGINFO.size / 4);

function look(pid: number, flags: number): boolean {
  infoValues[SIGINFO.pid / 4] = 0;
  check(sys.waitid(P_PID, pid, info.address, WEXITED | WNOHANG | flags), 'waitid');
  return infoValues[SIGINFO.pid / 4] !== 0;
}

/** Whether it has ended and can be reaped; its number is still its own. */
export function hasEnded(pid: number): boolean {
  return look(pid, WNOWAIT);
}

/** How the child has ended, after which its number is free; null while it runs. Throws ECHILD when somebody else has reaped it. */
export function reap(pid: number): RawExit | null {
  if (!look(pid, 0)) return null;
  const status = infoValues[SIGINFO.status / 4]!;
  return infoValues[SIGINFO.code / 4] === CLD_EXITED ? { code: status, signal: null } : { code: null, signal: status };
}

/** Sends a signal to a process, or to a group if negative. 0 or -errno. */
export function sendSignal(pid: number, signal: number): number {
  return sys.kill(pid, signal);
}

const SIGKILL = 9;

/** Ends a child of which nothing will tell, and reaps it. */
export function endChild(pid: number): void {
  sys.kill(pid, SIGKILL);
  sys.waitid(P_PID, pid, info.address, WEXITED);
}
