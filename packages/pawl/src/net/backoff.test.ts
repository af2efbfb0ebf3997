import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { blockOn, type Context, PawlError, PENDING, type Poll, race, sleep, spawn, yieldNow } from 'pawl';
import type { TcpListenerHandle, TcpStreamHandle } from '../driver/driver.ts';
import { failure } from '../../test/support/loopback.ts';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import type { Backoff } from './accept.ts';
import { TcpListener } from './listener.ts';

/** A listener without a kernel: the test says what each attempt to accept gives. */
class Scripted implements TcpListenerHandle {
  readonly local = { host: '127.0.0.1', port: 1, family: 4 } as const;
  closed = false;
  readonly attempts: number[] = [];
  private readonly driver: ManualDriver;
  private readonly results: (string | null)[];

  /** Each result is an error's code, or null for a connection; afterwards nothing comes. */
  constructor(driver: ManualDriver, results: (string | null)[]) {
    this.driver = driver;
    this.results = results;
  }

  pollAccept(_cx: Context): Poll<TcpStreamHandle> {
    if (this.closed) throw new PawlError('CLOSED', 'closed');
    this.attempts.push(this.driver.time);
    const result = this.results.shift();
    if (result === undefined) return PENDING;
    if (result !== null) throw new PawlError(result, result);
    return {} as TcpStreamHandle;
  }

  forget(): void {}

  close(): void {
    this.closed = true;
  }
}

function scripted(results: (string | null)[]): {
  driver: ManualDriver;
  handle: Scripted;
  listener: TcpListener;
  told: Backoff[];
} {
  const driver = new ManualDriver();
  const handle = new Scripted(driver, results);
  const told: Backoff[] = [];
  return { driver, handle, told, listener: new TcpListener(handle, { onBackoff: (backoff) => told.push(backoff) }) };
}

describe('accepting without descriptors or memory', () => {
  it('pauses longer and longer, up to a second, and tells each time', () => {
    const failures = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EMFILE', 'EMFILE', 'EMFILE', 'EMFILE', 'EMFILE'];
    const { driver, handle, listener, told } = scripted([...failures, null]);
    blockOn(listener.accept(), { driver });
    assert.deepEqual(
      told.map(({ delay }) => delay),
      [10, 20, 40, 80, 160, 320, 640, 1000, 1000],
    );
    assert.deepEqual(
      told.map(({ error }) => error.code),
      failures,
    );
    assert.deepEqual(
      told.map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal(handle.attempts.length, failures.length + 1);
    handle.attempts.slice(1).forEach((at, i) => {
      assert.ok(at - (handle.attempts[i] as number) >= (told[i] as Backoff).delay, `attempt ${i + 1} came early`);
    });
  });

  it('starts from the shortest pause again after a connection', () => {
    const { driver, listener, told } = scripted(['EMFILE', 'EMFILE', null, 'EMFILE', null]);
    blockOn(
      function* () {
        yield* listener.accept();
        yield* listener.accept();
      },
      { driver },
    );
    assert.deepEqual(
      told.map(({ delay }) => delay),
      [10, 20, 10],
    );
  });

  it('does not try earlier because the accept was cancelled and called again', () => {
    const { driver, handle, listener } = scripted(['EMFILE', 'EMFILE', 'EMFILE', null]);
    blockOn(
      function* () {
        for (let i = 0; i < 70; i++) {
          yield* race<unknown>([listener.accept(), sleep(1)]);
          assert.equal(driver.timerCount, 0);
        }
      },
      { driver },
    );
    const [first, second, third, fourth] = handle.attempts as [number, number, number, number];
    assert.ok(second - first >= 10 && third - second >= 20 && fourth - third >= 40, handle.attempts.join());
  });

  it('ends with CLOSED at once when the listener is closed in a pause', () => {
    const { driver, listener } = scripted(['EMFILE']);
    const error = blockOn(
      function* () {
        const accepting = spawn(failure(listener.accept()));
        yield* yieldNow();
        listener.close();
        return yield* accepting;
      },
      { driver },
    );
    assert.equal(error.code, 'CLOSED');
    assert.equal(driver.time, 0);
    assert.equal(driver.timerCount, 0);
  });

  it('throws what the hook throws, and the listener goes on', () => {
    const driver = new ManualDriver();
    const handle = new Scripted(driver, ['EMFILE', null]);
    const listener = new TcpListener(handle, {
      onBackoff: ({ error }) => {
        throw error;
      },
    });
    blockOn(
      function* () {
        assert.equal((yield* failure(listener.accept())).code, 'EMFILE');
        yield* listener.accept();
      },
      { driver },
    );
  });

  it('throws any other error of the listener', () => {
    const { driver, listener, told } = scripted(['EINVAL', null]);
    blockOn(
      function* () {
        assert.equal((yield* failure(listener.accept())).code, 'EINVAL');
        yield* listener.accept();
      },
      { driver },
    );
    assert.equal(told.length, 0);
  });

  it('recovers in a process whose descriptors have really run out', async () => {
    const program = fileURLToPath(new URL('../../test/programs/exhausted.ts', import.meta.url));
    const script = 'ulimit -n 64 && exec "$@"';
    const args = [process.execPath, '--conditions=pawl-source', '--disable-warning=ExperimentalWarning', program];
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script, 'sh', ...args], { timeout: 30_000 });
    const { pauses, codes, turns, accepted, connectFails } = JSON.parse(stdout);
    assert.deepEqual(codes, ['EMFILE']);
    assert.equal(pauses, 4);
    assert.equal(accepted, 'hello');
    assert.equal(connectFails, 'EMFILE');
    // A spin would be thousands: each pause is a turn that sleeps and one that polls, and now and then one of the clock's grain.
    assert.ok(turns < 60, `${turns} turns of the loop`);
  });
});
