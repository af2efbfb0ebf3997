/**
 * The system calls of this thread, bound to one of two levels when this module is loaded: `raw` (emitted machine code) if it works
 * here, otherwise `libc`. The environment variable PAWL_SYSCALLS forces one of them.
 *
 * What must hold: the choice is made once, and each export below is one constant function, so that a caller's call site has one target
 * and no dispatch. Loading costs about 3 ms, most of it in the dynamic linker: import this module only where a driver starts.
 */
import { PawlError } from '../../error/index.ts';
import { currentArch } from '../linux.ts';
import type { SystemCalls } from './calls.ts';
import { libcCalls } from './libc.ts';
import { rawCalls } from './raw.ts';

/** Which level the system calls of this thread go through. */
export type SyscallLevel = 'raw' | 'libc';

interface Choice {
  readonly level: SyscallLevel;
  readonly reason: string;
  readonly calls: SystemCalls;
}

function choose(forced: string | undefined): Choice {
  const arch = currentArch();
  if (forced === 'libc') return { level: 'libc', reason: 'PAWL_SYSCALLS=libc asks for it', calls: libcCalls() };
  if (forced !== undefined && forced !== '' && forced !== 'raw') {
    throw new PawlError('BAD_ARGUMENT', `PAWL_SYSCALLS must be raw or libc, got ${forced}`);
  }
  try {
    const reason = forced === 'raw' ? 'PAWL_SYSCALLS=raw asks for it' : `emitted ${arch} code passed its self-test`;
    return { level: 'raw', reason, calls: tested(rawCalls(arch)) };
  } catch (error) {
    if (error instanceof PawlError) throw error; // no FFI at all: libc is out of reach too
    const why = `emitted ${arch} code cannot be loaded here: ${String(error)}`;
    if (forced === 'raw') throw new PawlError('UNSUPPORTED_PLATFORM', why, { cause: error });
    return { level: 'libc', reason: why, calls: libcCalls() };
  }
}

/** The raw calls, after a look at whether they reach the kernel. */
function tested(calls: SystemCalls): SystemCalls {
  const pid = calls.getpid();
  if (pid !== process.pid) throw new Error(`getpid answered ${pid} in process ${process.pid}`);
  return calls;
}

const choice = choose(process.env['PAWL_SYSCALLS']);
const calls = choice.calls;

/** The level in use, and why: one sentence for `runtime.driver` and `pawl doctor`. */
export const level: SyscallLevel = choice.level;
export const reason: string = choice.reason;

export const epollWait: SystemCalls['epollWait'] = calls.epollWait;
export const epollCtl: SystemCalls['epollCtl'] = calls.epollCtl;
export const recv: SystemCalls['recv'] = calls.recv;
export const send: SystemCalls['send'] = calls.send;
export const accept4: SystemCalls['accept4'] = calls.accept4;
export const recvFrom: SystemCalls['recvFrom'] = calls.recvFrom;
export const sendTo: SystemCalls['sendTo'] = calls.sendTo;
export const recvmmsg: SystemCalls['recvmmsg'] = calls.recvmmsg;
export const sendmmsg: SystemCalls['sendmmsg'] = calls.sendmmsg;
export const recvmsg: SystemCalls['recvmsg'] = calls.recvmsg;
export const sendmsg: SystemCalls['sendmsg'] = calls.sendmsg;
export const read: SystemCalls['read'] = calls.read;
export const write: SystemCalls['write'] = calls.write;
export const close: SystemCalls['close'] = calls.close;
export const socket: SystemCalls['socket'] = calls.socket;
export const socketpair: SystemCalls['socketpair'] = calls.socketpair;
export const bind: SystemCalls['bind'] = calls.bind;
export const listen: SystemCalls['listen'] = calls.listen;
export const connect: SystemCalls['connect'] = calls.connect;
export const shutdown: SystemCalls['shutdown'] = calls.shutdown;
export const getsockname: SystemCalls['getsockname'] = calls.getsockname;
export const getpeername: SystemCalls['getpeername'] = calls.getpeername;
export const setsockopt: SystemCalls['setsockopt'] = calls.setsockopt;
export const getsockopt: SystemCalls['getsockopt'] = calls.getsockopt;
export const epollCreate1: SystemCalls['epollCreate1'] = calls.epollCreate1;
export const eventfd: SystemCalls['eventfd'] = calls.eventfd;
export const mmap: SystemCalls['mmap'] = calls.mmap;
export const mmapFile: SystemCalls['mmapFile'] = calls.mmapFile;
export const preadv2: SystemCalls['preadv2'] = calls.preadv2;
export const processVmReadv: SystemCalls['processVmReadv'] = calls.processVmReadv;
export const flock: SystemCalls['flock'] = calls.flock;
export const inotifyInit1: SystemCalls['inotifyInit1'] = calls.inotifyInit1;
export const inotifyAddWatch: SystemCalls['inotifyAddWatch'] = calls.inotifyAddWatch;
export const pipe2: SystemCalls['pipe2'] = calls.pipe2;
export const fcntl: SystemCalls['fcntl'] = calls.fcntl;
export const ioctl: SystemCalls['ioctl'] = calls.ioctl;
export const kill: SystemCalls['kill'] = calls.kill;
export const waitid: SystemCalls['waitid'] = calls.waitid;
export const pidfdOpen: SystemCalls['pidfdOpen'] = calls.pidfdOpen;
export const mknodat: SystemCalls['mknodat'] = calls.mknodat;
export const munmap: SystemCalls['munmap'] = calls.munmap;
export const getpid: SystemCalls['getpid'] = calls.getpid;
