import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { coroutine, dumpAll, join, race, run, sleep, spawn, timeout } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { sh, stateOf } from '../../test/support/children.ts';
import { folder } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { runScript } from '../../test/support/script.ts';
import { fromPromise } from '../node/promise.ts';
import { BlockingPool } from '../threads/index.ts';
import { Command } from './index.ts';

describe('a child', () => {
  it('talks over its pipes', async () => {
    await run(function* () {
      const child = yield* new Command('cat', [], { stdin: 'pipe', stdout: 'pipe' }).spawn();
      const lines = new BufferedReader(child.stdout!);
      for (const word of ['one', 'two']) {
        yield* child.stdin!.writeAll(new TextEncoder().encode(`${word}\n`));
        assert.equal(yield* lines.readLine(), word);
      }
      assert.equal(child.running, true);
      child.stdin!.close();
      assert.equal(yield* lines.readLine(), null);
      child.closePipes();
      assert.equal((yield* child.wait()).code, 0);
      assert.equal(child.running, false);
      assert.equal(child.kill(), false);
    });
  });

  it('is waited for by several tasks, again and again', async () => {
    await run(function* () {
      const child = yield* sh('sleep 0.05; exit 4').spawn();
      const statuses = yield* join([child.wait(), child.wait(), child.wait()]);
      assert.deepEqual(
        statuses.map(({ code }) => code),
        [4, 4, 4],
      );
      assert.equal((yield* child.wait()).code, 4);
    });
  });

  it('goes on when a wait for it is cancelled, and is no zombie when it has ended', async () => {
    const child = await run(function* () {
      const started = yield* new Command('cat', [], { stdin: 'pipe' }).spawn();
      assert.equal(yield* race([started.wait(), sleep(5)]), undefined);
      assert.equal(started.running, true);
      return started;
    });
    child.closePipes();
    // Nothing of ours is live: Node's loop alone runs now.
    while (child.running) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(stateOf(child.pid), null);
    assert.equal(process.listenerCount('SIGCHLD'), 0);
  });

  it('that ignores SIGTERM is killed after its grace', async () => {
    await run(function* () {
      const child = yield* sh('trap "" TERM; echo ready; while :; do sleep 1; done', {
        stdout: 'pipe',
        group: true,
      }).spawn();
      assert.equal(yield* new BufferedReader(child.stdout!).readLine(), 'ready');
      const status = yield* child.stop({ grace: 30 });
      child.closePipes();
      assert.equal(status.signal, 'SIGKILL');
      assert.equal(stateOf(child.pid), null);
    });
  });

  it('has its grace to clean up', async () => {
    await run(function* () {
      const child = yield* sh('trap "echo cleaned; exit 7" TERM; echo ready; while :; do sleep 0.01; done', {
        stdout: 'pipe',
      }).spawn();
      const lines = new BufferedReader(child.stdout!);
      assert.equal(yield* lines.readLine(), 'ready');
      assert.equal((yield* child.stop({ grace: 60_000 })).code, 7);
      assert.equal(yield* lines.readLine(), 'cleaned');
      child.closePipes();
      assert.equal((yield* child.stop()).code, 7);
    });
  });

  it('that is stopped by a signal is woken to end', async () => {
    await run(function* () {
      const child = yield* new Command('sleep', ['60']).spawn();
      child.kill('SIGSTOP');
      assert.equal((yield* child.stop({ grace: 60_000 })).signal, 'SIGTERM');
    });
  });

  it('is stopped with its whole group, also the members that ignore it', async () => {
    await run(function* () {
      const script = '(trap "" TERM; echo $(exec sh -c "echo \\$PPID"); while :; do sleep 1; done) & wait';
      const child = yield* sh(script, { stdout: 'pipe', group: true }).spawn();
      const lines = new BufferedReader(child.stdout!);
      const member = Number(yield* lines.readLine());
      assert.notEqual(member, child.pid);
      assert.notEqual(stateOf(member), null);
      assert.equal((yield* child.stop({ grace: 60_000 })).signal, 'SIGTERM');
      // The pipe ends with the last that has it.
      assert.equal(yield* lines.readLine(), null);
      child.closePipes();
    });
  });

  it('that has ended leaves no group behind when the collecting of its output is cancelled', async () => {
    const path = `${folder()}/pids`;
    const command = sh('sleep 60 & echo $$ $! > "$0"', { argv0: path, group: true, stopOnCancel: true });
    const pids = (): number[] => (existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').map(Number) : []);
    await run(function* () {
      const collecting = spawn(command.output());
      while (pids().length < 2 || stateOf(pids()[0]!) !== 'Z') yield* sleep(1);
      collecting.abort();
    });
    const [leader = 0, member = 0] = pids();
    assert.equal(stateOf(leader), null);
    // It is somebody else's child, who reaps it.
    while (!['Z', null].includes(stateOf(member))) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('leads a session of its own when asked', async () => {
    const script = 'cut -d " " -f 1,5,6 /proc/$$/stat';
    const [pid, group, session] = (await sh(script, { group: 'session' }).output()).text.trim().split(' ');
    assert.deepEqual([group, session], [pid, pid]);
    const [own, led, other] = (await sh(script, { group: true }).output()).text.trim().split(' ');
    assert.equal(led, own);
    assert.notEqual(other, own);
  });

  it('is stopped when its waiter is cancelled, if so asked', async () => {
    await run(function* () {
      const child = yield* new Command('sleep', ['60'], { stopOnCancel: true }).spawn();
      yield* failure(timeout(5, child.wait()));
      assert.equal(child.running, false);
      assert.equal(stateOf(child.pid), null);
      assert.equal((yield* child.wait()).signal, 'SIGTERM');
    });
  });

  it('is killed when the stopping itself is cancelled', async () => {
    await run(function* () {
      const child = yield* sh('trap "" TERM; echo ready; while :; do sleep 1; done', {
        stdout: 'pipe',
        group: true,
      }).spawn();
      yield* new BufferedReader(child.stdout!).readLine();
      yield* failure(timeout(5, child.stop({ grace: 60_000 })));
      assert.equal((yield* child.wait()).signal, 'SIGKILL');
      child.closePipes();
    });
  });

  it('ends with the block that declares it', async () => {
    let pid: number;
    {
      await using child = await run(new Command('cat', [], { stdin: 'pipe', stdout: 'pipe' }).spawn());
      pid = child.pid;
      assert.notEqual(stateOf(pid), null);
    }
    assert.equal(stateOf(pid), null);
  });

  it('is one of many, and each is reaped', async () => {
    const pids = await run(function* () {
      const one = coroutine(function* (code: number) {
        const child = yield* sh(`exit ${code}`).spawn();
        assert.equal((yield* child.wait()).code, code);
        return child.pid;
      });
      return yield* join(Array.from({ length: 50 }, (_, code) => one(code)));
    });
    assert.deepEqual(
      pids.map(stateOf),
      pids.map(() => null),
    );
  });

  it('of a thread that was terminated is reaped by the one that had started that', { timeout: 60_000 }, async () => {
    const gate = new Int32Array(new SharedArrayBuffer(16));
    await run(function* () {
      const pool = new BlockingPool({ threads: 1 });
      const jobs = new URL('../../test/support/thread-jobs.ts', import.meta.url);
      const hanging = spawn(pool.callExport(jobs, 'startAndHang', [gate], { onCancel: 'terminate' }));
      yield* fromPromise(Promise.resolve(Atomics.waitAsync(gate, 0, 0).value));
      hanging.abort();
      yield* pool.close();
    });
    const [, , ended = 0, running = 0] = gate;
    while (stateOf(ended) !== null) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(stateOf(running) ?? 'none', /[SRD]/); // it goes on
    process.kill(running, 'SIGKILL');
    while (stateOf(running) !== null) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('has its own streams also where this process has closed its standard ones', async () => {
    const { stderr } = await runScript(`
      import { closeSync, readFileSync } from 'node:fs';
      import { run } from 'pawl';
      import { tempDir } from 'pawl/fs';
      import { Command } from 'pawl/process';
      await run(function* () {
        const folder = yield* tempDir();
        closeSync(0);
        closeSync(1);
        const path = folder.path + '/out';
        const { stderr } = yield* new Command('sh', ['-c', 'echo out; echo err >&2'], { stdout: { path } }).output();
        console.error(JSON.stringify([new TextDecoder().decode(stderr), readFileSync(path, 'utf8')]));
        try {
          yield* new Command('true', [], { stdin: 'inherit', stdout: 'pipe' }).status();
        } catch ({ code }) {
          console.error(code);
        }
        yield* folder.remove();
      });
    `);
    assert.equal(stderr, '["err\\n","out\\n"]\nEBADF\n');
  });

  it('lives on when this process ends, and does not keep it', async () => {
    const { code, stdout } = await runScript(`
      import { run } from 'pawl';
      import { Command } from 'pawl/process';
      const child = await run(new Command('sleep', ['60'], { stdout: 'null', stderr: 'null', group: 'session' }).spawn());
      console.log(child.pid);
    `);
    assert.equal(code, 0);
    const pid = Number(stdout);
    assert.notEqual(stateOf(pid), null);
    process.kill(pid, 'SIGKILL');
  });

  it('says in a dump what is waited for', async () => {
    await run(function* () {
      const child = yield* new Command('sleep', ['60']).spawn();
      const waiting = spawn(child.wait(), { name: 'waiter' });
      yield* sleep(1);
      assert.match(dumpAll(), new RegExp(`child processes: 1\n[^]*end of sleep \\(${child.pid}\\)`));
      child.kill();
      yield* waiting;
    });
  });
});
