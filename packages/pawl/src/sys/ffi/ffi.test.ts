import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { openLibrary, viewMemory } from './index.ts';

/** Runs a module under Node's permission model and returns what it printed. */
function underPermission(flags: readonly string[], code: string): string {
  const args = ['--permission', '--allow-fs-read=*', ...flags, '--no-warnings', '--input-type=module', '-e', code];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}
const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

describe('the permission model', () => {
  it('without --allow-ffi nothing is loaded, and the error says what to do', () => {
    const printed = underPermission(
      [],
      `await import(${url('../queue/index.ts')}).catch((error) => console.log(error.name, error.code, error.message));`,
    );
    assert.match(printed, /^PawlError FFI_DENIED .*--allow-ffi/);
  });

  it('with it but without --allow-net there are queues, and no sockets', () => {
    const printed = underPermission(
      ['--allow-ffi'],
      `const { EventQueue } = await import(${url('../queue/index.ts')});
       const { socket, connect } = await import(${url('../socket.ts')});
       new EventQueue().close();
       const address = { host: '127.0.0.1', port: 1, family: 4 };
       for (const attempt of [() => socket(4), () => connect(0, address)]) {
         try { attempt(); console.log('allowed'); } catch (error) { console.log(error.code, error.message); }
       }`,
    );
    assert.match(printed, /^FFI_DENIED .*--allow-net\nFFI_DENIED .*--allow-net$/);
  });

  it('a path that is not granted is neither watched nor given to a socket', () => {
    const printed = underPermission(
      ['--allow-ffi', '--allow-net', '--allow-fs-write=/tmp/allowed'],
      `const { openWatch } = await import(${url('../inotify.ts')});
       const { bindUnix, unixSocket } = await import(${url('../unix.ts')});
       const name = '/etc/socket';
       try { bindUnix(unixSocket('stream'), { kind: 'path', name }); } catch (error) { console.log(error.code, error.path); }
       process.permission.has = () => false;
       try { openWatch('/etc'); } catch (error) { console.log(error.code, error.path); }`,
    );
    assert.equal(printed, 'FFI_DENIED /etc/socket\nFFI_DENIED /etc');
  });

  it('with both there are sockets', () => {
    const printed = underPermission(
      ['--allow-ffi', '--allow-net'],
      `const { socket } = await import(${url('../socket.ts')}); console.log(socket(4) >= 0);`,
    );
    assert.equal(printed, 'true');
  });
});

describe('the adapter', () => {
  it('calls C functions', () => {
    const { getpid, strlen } = openLibrary(null, {
      getpid: { return: 'int32', arguments: [] },
      strlen: { return: 'uint64', arguments: ['string'] },
    });
    assert.equal(getpid(), process.pid);
    assert.equal(strlen('hello'), 5n);
  });

  it('views memory without a copy', () => {
    const { malloc, memset, free } = openLibrary(null, {
      malloc: { return: 'uint64', arguments: ['uint64'] },
      memset: { return: 'uint64', arguments: ['uint64', 'int32', 'uint64'] },
      free: { return: 'void', arguments: ['uint64'] },
    });
    const address = malloc(16n);
    const view = new Uint8Array(viewMemory(Number(address), 16));
    memset(address, 0xab, 16n);
    assert.ok(view.every((byte) => byte === 0xab));
    free(address);
  });
});
