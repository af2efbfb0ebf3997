/**
 * libuv's loop of this thread, through its public C functions: what a loop needs to live beside it.
 *
 * What must hold: nothing here runs libuv or changes what it does, except `watch`, which adds a handle that is never closed. Its memory is
 * the arena's, because libuv keeps the pointer.
 */
import { arena } from './arena.ts';
import { check } from './errno.ts';
import { currentEventLoop, makeCallback, openLibrary } from './ffi/index.ts';

const loop = currentEventLoop();

const functions = openLibrary(null, {
  uv_backend_fd: { return: 'int32', arguments: ['uint64'] },
  uv_backend_timeout: { return: 'int32', arguments: ['uint64'] },
  uv_update_time: { return: 'void', arguments: ['uint64'] },
  uv_handle_size: { return: 'uint64', arguments: ['int32'] },
  uv_poll_init: { return: 'int32', arguments: ['uint64', 'uint64', 'int32'] },
  uv_poll_start: { return: 'int32', arguments: ['uint64', 'int32', 'uint64'] },
  uv_unref: { return: 'void', arguments: ['uint64'] },
});
const { uv_backend_timeout: timeoutOf, uv_update_time: update } = functions;

/** The descriptor of the queue that libuv sleeps in: readable while it has events to handle. */
export function backendFd(): number {
  return check(functions.uv_backend_fd(loop), 'uv_backend_fd');
}

/** How long libuv could sleep now, in ms by its own clock; 0 when it must not (something is due or must be set up), -1 for ever. */
export function backendTimeout(): number {
  return timeoutOf(loop);
}

/** Makes libuv read its clock, which otherwise stands still between its iterations. */
export function updateTime(): void {
  update(loop);
}

// From uv.h: uv_handle_type and uv_poll_event.
const UV_POLL = 8;
const UV_READABLE = 1;

/**
 * Has libuv's loop call `onReadable` in its poll phase as long as the descriptor is readable. The handle does not keep the process alive.
 * The callback must not throw (node:ffi aborts the process). Main thread only: terminating a worker with such a handle aborts, too.
 */
export function watch(fd: number, onReadable: () => void): void {
  const callback = makeCallback({ return: 'void', arguments: ['uint64', 'int32', 'int32'] }, onReadable);
  const handle = BigInt(arena.take(Number(functions.uv_handle_size(UV_POLL))).address);
  check(functions.uv_poll_init(loop, handle, fd), 'uv_poll_init');
  check(functions.uv_poll_start(handle, UV_READABLE, callback), 'uv_poll_start');
  functions.uv_unref(handle);
}
